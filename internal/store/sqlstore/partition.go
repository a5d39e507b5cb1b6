package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// partitionRow is a row of add_partitions, own_partitions and free_partitions.
type partitionRow struct {
	ID int `json:"id"`
}

// SharePartitions implements store.Sharer. The lock of the partitions' rows is
// also that of the resolvers': everybody else who shares waits for it.
func (s *Store) SharePartitions(ctx context.Context, resolver string, of int, ttl time.Duration) ([]int, error) {
	var own []int
	err := s.db.Write(ctx, func(tx Tx) error {
		p, err := lockPartitions(tx, resolver, of)
		if err != nil {
			return err
		}
		until := p.now + ttl.Microseconds()
		tx.QueueExec("see_resolver", resolver, until)
		tx.QueueExec("forget_resolvers", p.now)
		var alive int
		tx.QueueQuery("count_resolvers", func(r Row) error { return r.Scan(&alive) })
		if err := tx.Flush(); err != nil {
			return err
		}
		var over []int
		own, over = p.share((of + alive - 1) / alive)
		queueGuarded(tx, "free_partitions", partitionRows(over), resolver)
		queueGuarded(tx, "own_partitions", partitionRows(own), resolver, p.now, until)
		slices.Sort(own)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("share partitions: %w", err)
	}
	return own, nil
}

// LeavePartitions implements store.Sharer.
func (s *Store) LeavePartitions(ctx context.Context, resolver string) error {
	err := s.db.Write(ctx, func(tx Tx) error {
		p, err := lockPartitions(tx, resolver, 0)
		if err != nil {
			return err
		}
		queueGuarded(tx, "free_partitions", partitionRows(p.own), resolver)
		tx.QueueExec("forget_resolver", resolver)
		return nil
	})
	if err != nil {
		return fmt.Errorf("leave partitions: %w", err)
	}
	return nil
}

// partitions are those of a resolver and those that it may take, sorted.
type partitions struct {
	now       int64 // after the rows were locked
	own, free []int
}

// lockPartitions locks the rows of all partitions, which it adds where they are
// missing.
func lockPartitions(tx Tx, resolver string, of int) (partitions, error) {
	p, known, err := readPartitions(tx, resolver)
	if err != nil || len(known) >= of {
		return p, err
	}
	var missing []int
	for id := range of {
		if !known[id] {
			missing = append(missing, id)
		}
	}
	tx.QueueExec("add_partitions", partitionRows(missing))
	p, _, err = readPartitions(tx, resolver)
	return p, err
}

func readPartitions(tx Tx, resolver string) (p partitions, known map[int]bool, err error) {
	type row struct {
		id      int
		owner   string
		expires int64
	}
	var rows []row
	tx.QueueQuery("lock_partitions", func(r Row) error {
		var x row
		err := r.Scan(&x.id, &x.owner, &x.expires)
		rows = append(rows, x)
		return err
	})
	tx.QueueNow(&p.now)
	if err := tx.Flush(); err != nil {
		return p, nil, err
	}
	known = make(map[int]bool, len(rows))
	for _, x := range rows {
		known[x.id] = true
		switch {
		case x.owner == resolver:
			p.own = append(p.own, x.id)
		case x.expires <= p.now:
			p.free = append(p.free, x.id)
		}
	}
	return p, known, nil
}

// share decides which partitions a resolver owns when its share is n, and which
// of its own are over that.
func (p partitions) share(n int) (own, over []int) {
	if len(p.own) > n {
		return p.own[:n], p.own[n:]
	}
	return append(p.own, p.free[:min(n-len(p.own), len(p.free))]...), nil
}

func partitionRows(list []int) []partitionRow {
	rows := make([]partitionRow, len(list))
	for i, id := range list {
		rows[i] = partitionRow{id}
	}
	return rows
}

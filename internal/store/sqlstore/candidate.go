package sqlstore

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// candidate is a ready row.
type candidate struct {
	Queue       string `json:"queue"`
	Rank        int    `json:"rank"`
	ScheduledAt int64  `json:"scheduled_at"`
	ID          hexID  `json:"id"`
}

func (c candidate) compare(d candidate) int {
	return cmp.Or(cmp.Compare(c.Rank, d.Rank), cmp.Compare(c.ScheduledAt, d.ScheduledAt), bytes.Compare(c.ID[:], d.ID[:]))
}

// line is a queue as its ready rows are read, piece by piece.
type line struct {
	queue string
	room  int         // how many jobs the grants that serve it may still get
	found []candidate // not tried yet, in claim order
	last  candidate   // the last that was read
	ended bool        // nothing comes after it

	asked int // how many rows the last piece might have had
	got   int // how many it had

	weights job.Weights // known once a row was read
	levels  []*line     // with weights: by priority, each its jobs alone
	only    bool        // one of those:
	rank    int         // nothing of another rank is in it
}

// heads are the rows that may be given now.
func (l *line) heads() []candidate { return l.found[:min(len(l.found), l.room)] }

// minPiece is how many rows of a queue are read at least, if they may be given.
const minPiece = 32

// candidates returns the first ready rows of the queues that the grants serve,
// in claim order, without those that were tried: as many as may be given, and
// some to spare. Those of queues with weights are in the order of their turns. However many queues there are, it reads little more than it
// returns: pieces of each queue, and the next piece only of those whose rows
// were all among the first. It locks none of them.
func (c *claim) candidates(spare int) ([]candidate, error) {
	lines, want := c.roomy(spare)
	piece := minPiece
	if len(lines) > 0 {
		piece = max(want/len(lines), minPiece)
	}
	for {
		all := merge(lines)
		var last candidate // of those that are first, as far as is known
		if len(all) >= want && want > 0 {
			last = all[want-1]
		}
		hungry := slices.DeleteFunc(slices.Clone(lines), func(l *line) bool {
			ended := l.ended || len(l.found) >= l.room
			return ended || len(all) >= want && last.compare(l.last) <= 0
		})
		if len(hungry) == 0 {
			return c.weigh(all[:min(len(all), want)])
		}
		if err := c.readAll(hungry, piece); err != nil {
			return nil, err
		}
		piece *= 2
	}
}

// readAll reads the next piece of each queue.
func (c *claim) readAll(lines []*line, piece int) error {
	for _, l := range lines {
		c.read(l, piece)
	}
	if err := c.tx.Flush(); err != nil {
		return err
	}
	for _, l := range lines {
		l.ended = l.ended || l.got < l.asked
	}
	return nil
}

// findLines finds the queues that the grants serve, sorted.
func (c *claim) findLines() error {
	served := make(map[string]bool)
	everyQueue := false
	for i, g := range c.grants {
		if c.done[i] {
			continue
		}
		everyQueue = everyQueue || g.Queues == nil
		for _, q := range g.Queues {
			served[q] = true
		}
	}
	var err error
	if everyQueue {
		err = c.tx.Query("ready_queues", func(r Row) error {
			var q string
			err := r.Scan(&q)
			served[q] = true
			return err
		})
	}
	for _, q := range slices.Sorted(maps.Keys(served)) {
		c.lines = append(c.lines, &line{queue: q, last: candidate{Rank: -1}})
	}
	return err
}

// left returns how many jobs a grant may still get.
func (c *claim) left(i int) int {
	if c.done[i] {
		return 0
	}
	return c.grants[i].Limit - len(c.taken[i])
}

// want returns how many jobs may still be given in all.
func (c *claim) want() int {
	want, given := 0, 0
	for i := range c.grants {
		want += c.left(i)
		given += len(c.taken[i])
	}
	return min(want, store.MaxClaim-given)
}

// roomy returns the queues that grants serve which may get more, with room for
// as much as that, and how many jobs may be given in all; both with some to
// spare.
func (c *claim) roomy(spare int) (list []*line, want int) {
	if want = c.want(); want == 0 {
		return nil, 0
	}
	room := make(map[string]int) // by queue, without what serves every queue
	everyQueue := 0
	for i, g := range c.grants {
		left := c.left(i)
		if g.Queues == nil {
			everyQueue += left
		}
		for _, q := range g.Queues {
			room[q] += left
		}
	}
	for _, l := range c.lines {
		if l.room = min(room[l.queue]+everyQueue, want); l.room > 0 {
			l.room += spare
			list = append(list, l)
		}
	}
	return list, want + spare
}

// read queues the statement that reads the next piece of a queue.
func (c *claim) read(l *line, piece int) {
	l.asked, l.got = min(piece, l.room-len(l.found)), 0
	c.tx.QueueQuery("ready_heads", func(r Row) error {
		var x candidate
		var id job.ID
		err := r.Scan(&x.Queue, &x.Rank, &x.ScheduledAt, &id, weightsScan{&l.weights})
		x.ID = hexID(id)
		if l.only && x.Rank != l.rank {
			l.ended = true
			return err
		}
		l.found, l.last = append(l.found, x), x
		l.got++
		return err
	}, l.queue, l.last.Rank, l.last.ScheduledAt, slices.Clone(l.last.ID[:]), l.asked)
}

// forget leaves out the rows that were tried: they are the caller's or
// another's.
func (c *claim) forget(tried []candidate) {
	gone := make(map[hexID]bool, len(tried))
	for _, x := range tried {
		gone[x.ID] = true
	}
	for _, l := range c.lines {
		for _, l := range append(l.levels, l) {
			l.found = slices.DeleteFunc(l.found, func(x candidate) bool { return gone[x.ID] })
		}
	}
}

// merge returns the rows of all queues that may be given now in claim order.
func merge(lines []*line) []candidate {
	var all []candidate
	for _, l := range lines {
		all = append(all, l.heads()...)
	}
	slices.SortFunc(all, candidate.compare)
	return all
}

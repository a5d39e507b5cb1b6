package sqlstore

import (
	"bytes"
	"cmp"
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
	room  int // how many jobs the grants that serve it may get
	found []candidate
	asked int // how many rows the last piece might have had
	got   int // how many it had
}

// minPiece is how many rows of a queue are read at least, if they may be given.
const minPiece = 32

// candidates returns the first ready rows of the queues that the grants serve,
// in claim order. However many queues there are, it reads little more than it
// returns: pieces of each queue, and the next piece only of those whose rows
// were all among the first.
func (c *claim) candidates() ([]candidate, error) {
	lines, want, err := c.lines()
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	piece := max(want/len(lines), minPiece)
	hungry := lines
	for len(hungry) > 0 {
		for _, l := range hungry {
			c.read(l, piece)
		}
		c.tx.QueueNow(&c.now)
		if err := c.tx.Flush(); err != nil {
			return nil, err
		}
		var last candidate // of those that are first, as far as is known
		all := merge(lines)
		if len(all) >= want {
			last = all[want-1]
		}
		hungry = slices.DeleteFunc(slices.Clone(lines), func(l *line) bool {
			ended := l.got < l.asked || len(l.found) >= l.room
			return ended || len(all) >= want && last.compare(l.found[len(l.found)-1]) <= 0
		})
		piece *= 2
	}
	all := merge(lines)
	return all[:min(len(all), want)], nil
}

// lines returns the queues that the grants serve, sorted, and how many jobs
// may be given in all.
func (c *claim) lines() (list []*line, want int, err error) {
	room := make(map[string]int) // by queue, without what serves every queue
	everyQueue := 0
	for i, g := range c.grants {
		if c.done[i] {
			continue
		}
		want += g.Limit
		if g.Queues == nil {
			everyQueue += g.Limit
		}
		for _, q := range g.Queues {
			room[q] += g.Limit
		}
	}
	if everyQueue > 0 {
		err = c.tx.Query("ready_queues", func(r Row) error {
			var q string
			err := r.Scan(&q)
			room[q] = max(room[q], 0)
			return err
		})
	}
	for q, n := range room {
		list = append(list, &line{queue: q, room: min(n+everyQueue, store.MaxClaim)})
	}
	slices.SortFunc(list, func(a, b *line) int { return cmp.Compare(a.queue, b.queue) })
	return list, min(want, store.MaxClaim), err
}

// read queues the statement that reads the next piece of a queue.
func (c *claim) read(l *line, piece int) {
	var after candidate
	after.Rank = -1
	if len(l.found) > 0 {
		after = l.found[len(l.found)-1]
	}
	l.asked, l.got = min(piece, l.room-len(l.found)), 0
	c.tx.QueueQuery("ready_heads", func(r Row) error {
		var x candidate
		var id job.ID
		err := r.Scan(&x.Queue, &x.Rank, &x.ScheduledAt, &id)
		x.ID = hexID(id)
		l.found = append(l.found, x)
		l.got++
		return err
	}, l.queue, after.Rank, after.ScheduledAt, after.ID[:], l.asked)
}

// merge returns the rows of all queues in claim order.
func merge(lines []*line) []candidate {
	var all []candidate
	for _, l := range lines {
		all = append(all, l.found...)
	}
	slices.SortFunc(all, candidate.compare)
	return all
}

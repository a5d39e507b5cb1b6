package sqlstore

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// SetQueueWeights implements store.Operator. A claim reads them in the statement
// that reads the queue's head.
func (s *Store) SetQueueWeights(ctx context.Context, name string, w job.Weights) error {
	if err := w.Validate(); err != nil {
		return err
	}
	err := s.db.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec("weigh_queue", name, w.String())
		return err
	})
	if err != nil {
		return fmt.Errorf("set weights of queue %s: %w", name, err)
	}
	return nil
}

// weightsScan scans the weights of a queue. What cannot be read is strict: one
// queue's setting must not stop the claims from all.
type weightsScan struct{ w *job.Weights }

func (s weightsScan) Scan(v any) error {
	switch text := v.(type) {
	case string:
		*s.w, _ = job.ParseWeights(text)
	case []byte:
		*s.w, _ = job.ParseWeights(string(text))
	}
	return nil
}

// weigh replaces what was found of queues with weights. Such a queue keeps as
// many places as in strict order; each place is a priority's turn, and goes to
// the first of that priority, or, when it has no more, to the first of the
// others in strict order. It reads no more rows than there are places.
func (c *claim) weigh(found []candidate) ([]candidate, error) {
	weighed := make(map[string]*line)
	for _, l := range c.lines {
		if !l.weights.Strict() {
			weighed[l.queue] = l
		}
	}
	if len(weighed) == 0 {
		return found, nil
	}
	places := make(map[*line][]int)
	for i, x := range found {
		if l := weighed[x.Queue]; l != nil {
			places[l] = append(places[l], i)
		}
	}
	turns := make(map[*line][]job.Priority, len(places))
	var hungry []*line
	for _, l := range c.lines {
		if len(places[l]) == 0 {
			continue
		}
		turns[l] = c.turns.ahead(l.queue, l.weights, len(places[l]))
		for _, level := range l.byPriority(turns[l]) {
			if !level.ended && len(level.found) < level.room {
				hungry = append(hungry, level)
			}
		}
	}
	if err := c.readAll(hungry, math.MaxInt); err != nil {
		return nil, err
	}
	found = slices.Clone(found)
	for l, at := range places {
		strict := make([]candidate, len(at))
		for k, i := range at {
			strict[k] = found[i]
		}
		for k, x := range l.inTurns(strict, turns[l]) {
			found[at[k]] = x
			c.owners[x.ID] = turns[l][k]
		}
	}
	return found, nil
}

// byPriority returns the queue's lines for one priority each, by priority, with
// room for its turns.
func (l *line) byPriority(turns []job.Priority) []*line {
	for p := len(l.levels); p < len(l.weights); p++ {
		rank := rankOf(job.Priority(p))
		before := candidate{Rank: rank - 1, ScheduledAt: math.MaxInt64}
		for i := range before.ID {
			before.ID[i] = math.MaxUint8
		}
		l.levels = append(l.levels, &line{queue: l.queue, last: before, only: true, rank: rank})
	}
	for _, level := range l.levels {
		level.room = 0
	}
	for _, p := range turns {
		l.levels[p].room++
	}
	return l.levels
}

// inTurns returns a row for each turn. strict are the first rows in strict
// order, as many. A job may be among them twice, and in two levels, when it
// moved while they were read.
func (l *line) inTurns(strict []candidate, turns []job.Priority) []candidate {
	list := slices.Clone(strict)
	given := make(map[hexID]bool, len(turns))
	var at [len(job.Weights{})]int
	var left []int // turns of priorities that have no more
	for i, p := range turns {
		level := l.levels[p]
		for at[p] < len(level.found) && given[level.found[at[p]].ID] {
			at[p]++
		}
		if at[p] == len(level.found) {
			left = append(left, i)
			continue
		}
		list[i] = level.found[at[p]]
		at[p]++
		given[list[i].ID] = true
	}
	for _, x := range strict {
		if len(left) > 0 && !given[x.ID] {
			list[left[0]], left, given[x.ID] = x, left[1:], true
		}
	}
	return list
}

// tookTurns counts the turns of what a committed claim took.
func (c *claim) tookTurns() {
	if len(c.owners) == 0 {
		return
	}
	used := make(map[string][]job.Priority)
	for _, list := range c.taken {
		for _, x := range list {
			if p, weighed := c.owners[x.ID]; weighed {
				used[x.Queue] = append(used[x.Queue], p)
			}
		}
	}
	for _, l := range c.lines {
		if len(used[l.queue]) > 0 {
			c.turns.took(l.queue, l.weights, used[l.queue])
		}
	}
}

// rankOf is the place of a priority in the order of claims.
func rankOf(p job.Priority) int { return int(job.Critical - p) }

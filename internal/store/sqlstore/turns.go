package sqlstore

import (
	"sync"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// maxTurns bounds the queues that turns remembers.
const maxTurns = 10_000

// turns remembers which priority's turn it is in queues with weights. It is
// memory of this process alone: nothing is wrong without it, as each queue
// begins at a random place of its round; with it, shares are exact to a few
// jobs instead of on average.
type turns struct {
	random func() float64
	mu     sync.Mutex
	queues map[string]*round
}

// round is where a queue stands in its round: how much more than it got each
// priority should have got, times the sum of the weights. It sums up to zero.
type round struct {
	weights job.Weights
	owed    [len(job.Weights{})]int
}

// next returns whose turn the next one is: that of the priority that is owed
// most, the highest of several.
func (r *round) next() job.Priority {
	most := job.Critical
	for p := job.Critical; p >= job.Background; p-- {
		if r.owed[p]+r.weights[p] > r.owed[most]+r.weights[most] {
			most = p
		}
	}
	r.took(most)
	return most
}

// took counts a turn.
func (r *round) took(p job.Priority) {
	for q, weight := range r.weights {
		r.owed[q] += weight
	}
	r.owed[p] -= r.weights.Total()
}

// of returns where a queue stands. The caller has locked.
func (t *turns) of(queue string, w job.Weights) *round {
	r := t.queues[queue]
	if r != nil && r.weights == w {
		return r
	}
	if t.queues == nil || len(t.queues) >= maxTurns {
		t.queues = make(map[string]*round)
	}
	r = &round{weights: w}
	t.queues[queue] = r
	for range int(t.random() * float64(w.Total())) {
		r.next()
	}
	return r
}

// ahead returns whose the next n turns of a queue are, and takes none.
func (t *turns) ahead(queue string, w job.Weights, n int) []job.Priority {
	t.mu.Lock()
	r := *t.of(queue, w)
	t.mu.Unlock()
	list := make([]job.Priority, n)
	for i := range list {
		list[i] = r.next()
	}
	return list
}

// took counts turns of a queue that were used.
func (t *turns) took(queue string, w job.Weights, used []job.Priority) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.of(queue, w)
	for _, p := range used {
		r.took(p)
	}
}

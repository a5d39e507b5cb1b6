package simulation

import (
	"container/heap"
	"time"
)

// kind is what an event is about.
type kind int

const (
	attemptEnds kind = iota
	attemptStops
	becomesDue
	jobDeadline
	isDecided
	decisionTimeout
	workflowDeadline
	gateEnds
	partsBegin
	partsStop
	partsPause // or go on: as the workflow around them stands
	partsEnd
)

// event is something that will happen.
type event struct {
	at   time.Duration // since the enqueue
	seq  int           // of what happens at the same moment, the first made is first
	kind kind
	of   *machine
	node int
	turn int // of the job: an event of an earlier one is void
}

// agenda is a heap of events.
type agenda struct {
	list []event
	seq  int
}

func (a *agenda) add(e event) {
	a.seq++
	e.seq = a.seq
	heap.Push(a, e)
}

func (a *agenda) next() event { return heap.Pop(a).(event) }

// Len, Less, Swap, Push and Pop are what container/heap asks for.
func (a *agenda) Len() int { return len(a.list) }

func (a *agenda) Less(i, j int) bool {
	if a.list[i].at != a.list[j].at {
		return a.list[i].at < a.list[j].at
	}
	return a.list[i].seq < a.list[j].seq
}
func (a *agenda) Swap(i, j int) { a.list[i], a.list[j] = a.list[j], a.list[i] }
func (a *agenda) Push(x any)    { a.list = append(a.list, x.(event)) }
func (a *agenda) Pop() any {
	last := a.list[len(a.list)-1]
	a.list = a.list[:len(a.list)-1]
	return last
}

// place is a job that can be claimed.
type place struct {
	rank int // 4 − priority
	due  time.Duration
	of   *machine
	node int
}

// line is a heap of jobs in the order of claims.
type line []place

// Len, Less, Swap, Push and Pop are what container/heap asks for.
func (l line) Len() int { return len(l) }

func (l line) Less(i, j int) bool {
	a, b := l[i], l[j]
	switch {
	case a.rank != b.rank:
		return a.rank < b.rank
	case a.due != b.due:
		return a.due < b.due
	case a.of != b.of:
		return a.of.order < b.of.order
	}
	return a.node < b.node
}
func (l line) Swap(i, j int) { l[i], l[j] = l[j], l[i] }
func (l *line) Push(x any)   { *l = append(*l, x.(place)) }
func (l *line) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}

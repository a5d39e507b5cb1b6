package timing

import (
	"slices"
	"time"
)

// Never is the time of what has not happened.
const Never time.Duration = -1

// Job is a job as it ran, or is thought to run. Times count from the beginning
// of its workflow.
type Job struct {
	Parents []int         // places of the jobs it waits for
	Last    bool          // it waits for all that are not: a finally job
	Due     time.Duration // it cannot start before
	Start   time.Duration // of its last attempt; Never: it has not started, or ended without
	End     time.Duration // Never: not yet
	Own     time.Duration // how long it is thought to take, unless it has ended
}

// Timing is what became, or will become, of a job.
type Timing struct {
	Ready     time.Duration // when the last parent that it waited for had ended, and its time had come
	Start     time.Duration
	End       time.Duration
	Slack     time.Duration // by how much it could end later and the workflow would not
	Estimated bool          // it has not ended
	Critical  bool          // it is on the path
}

// Own is how long the job itself takes.
func (t Timing) Own() time.Duration { return t.End - t.Start }

// Waited is how long it could run and did not: for a worker, or between
// attempts.
func (t Timing) Waited() time.Duration { return t.Start - t.Ready }

// Plan is the course of a workflow.
type Plan struct {
	Jobs []Timing      // parallel to the jobs
	Path []int         // the jobs that decide when it ends, each waiting for the one before
	End  time.Duration // of the last job
}

// Analyse works out the course of a workflow at a time. A parent that ended
// after its child had started, as joins allow, did not decide when that starts;
// a job that has not started waits for all of its parents. Jobs of a cycle are
// left out.
func Analyse(jobs []Job, now time.Duration) Plan {
	a := newAnalysis(jobs, now)
	for _, i := range a.order {
		a.forward(i)
	}
	p := Plan{Jobs: a.timings[:len(jobs)]}
	last := -1
	for _, i := range a.order {
		if t := a.timings[i]; i < len(jobs) && (last < 0 || t.End >= p.End) {
			last, p.End = i, t.End
		}
	}
	a.backward(p.End)
	for i := last; i >= 0; {
		if i < len(jobs) {
			p.Jobs[i].Critical = true
			p.Path = append(p.Path, i)
		}
		before := a.decided[i]
		if before >= 0 && a.timings[before].End < a.timings[i].Ready {
			break // its time came later
		}
		i = before
	}
	slices.Reverse(p.Path)
	return p
}

// analysis is the work of Analyse. After the jobs comes a node that stands for
// the end of all jobs that are not Last.
type analysis struct {
	jobs    []Job
	now     time.Duration
	rest    int     // that node
	order   []int   // parents before children
	out     [][]int // children of each
	timings []Timing
	decided []int // the parent that each waited for longest; -1: none
}

func newAnalysis(jobs []Job, now time.Duration) *analysis {
	n := len(jobs)
	a := &analysis{jobs: jobs, now: now, rest: n, out: make([][]int, n+1), timings: make([]Timing, n+1), decided: make([]int, n+1)}
	waits := make([]int, n+1)
	edge := func(parent, child int) { a.out[parent] = append(a.out[parent], child); waits[child]++ }
	for i, j := range jobs {
		a.decided[i] = -1
		for _, p := range j.Parents {
			edge(p, i)
		}
		if j.Last {
			edge(a.rest, i)
		} else {
			edge(i, a.rest)
		}
	}
	a.decided[a.rest] = -1
	for i, w := range waits {
		if w == 0 {
			a.order = append(a.order, i)
		}
	}
	for k := 0; k < len(a.order); k++ {
		for _, child := range a.out[a.order[k]] {
			if waits[child]--; waits[child] == 0 {
				a.order = append(a.order, child)
			}
		}
	}
	return a
}

// forward finishes node i, whose parents have told it when they end, and tells
// its children.
func (a *analysis) forward(i int) {
	t := &a.timings[i]
	if i == a.rest {
		t.Start, t.End = t.Ready, t.Ready
	} else {
		a.course(a.jobs[i], t)
	}
	for _, child := range a.out[i] {
		if c := &a.timings[child]; a.binds(i, child) && (a.decided[child] < 0 || t.End > c.Ready) {
			c.Ready, a.decided[child] = t.End, i
		}
	}
}

// course sets when a job starts and ends, from when on it is ready.
func (a *analysis) course(j Job, t *Timing) {
	t.Ready = max(t.Ready, j.Due)
	t.Estimated = j.End < 0
	switch {
	case j.End >= 0 && j.Start < 0: // it never ran
		t.Start, t.End = j.End, j.End
	case j.End >= 0:
		t.Start, t.End = j.Start, j.End
	case j.Start >= 0:
		t.Start, t.End = j.Start, max(a.now, j.Start+j.Own)
	default:
		t.Start = max(t.Ready, a.now)
		t.End = t.Start + j.Own
	}
	t.Ready = min(t.Ready, t.Start)
}

// binds reports whether a child waited for the end of a parent, or will.
func (a *analysis) binds(parent, child int) bool {
	if child == a.rest {
		return true
	}
	begun := a.jobs[child].Start
	if begun < 0 {
		begun = a.jobs[child].End
	}
	return begun < 0 || a.timings[parent].End <= begun
}

// backward works out the slack of each job, children before parents.
func (a *analysis) backward(end time.Duration) {
	latest := make([]time.Duration, len(a.timings)) // when each may end
	for _, i := range slices.Backward(a.order) {
		latest[i] = end
		for _, child := range a.out[i] {
			if c := a.timings[child]; a.binds(i, child) {
				latest[i] = min(latest[i], latest[child]-(c.End-c.Ready))
			}
		}
		a.timings[i].Slack = max(0, latest[i]-a.timings[i].End)
	}
}

package check

import (
	"slices"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// index sorts records by what they are about.
type index struct {
	final     history.Final
	jobs      map[job.ID]*subject
	ordered   []*subject // by id
	workflow  map[job.ID]*flow
	flows     []*flow // by id
	enqueued  []history.Record
	beats     map[job.ID][]history.Record // lease → heartbeats for it that were answered
	delivered map[job.ID][]history.Record // by lease
	draining  []history.Record
	instances map[instanceKey]*instance
	outages   []period
	processes int
	kills     int
}

// subject is a job and all that is recorded of it, by time.
type subject struct {
	id        job.ID
	name      string
	final     *history.Job // nil: not stored
	lives     []*life      // that are stored, the last one is final
	gaps      int          // resets of which nothing else is stored
	copies    int          // of it in the final state
	received  []history.Record
	started   []history.Record
	finished  []history.Record
	sent      []history.Record
	answered  []history.Record
	stopped   []history.Record
	claimed   []history.Record
	resolved  []history.Record
	changed   []history.Record
	cancelled []history.Record
}

// flow is a workflow and all that is recorded of it.
type flow struct {
	id        job.ID
	final     *history.Workflow // nil: not stored
	copies    int
	jobs      []*subject // that are stored
	changed   []history.Record
	cancelled []history.Record
	paused    []history.Record
}

type instanceKey struct{ process, instance string }

// instance is one life of a process.
type instance struct {
	gone      *history.Record // that it was killed, ended, or another began in its place
	suspended []period
}

// period is from a time to another; 0: to the end.
type period struct {
	from, to int64
	what     string
}

// meets reports whether a period has a part in common with another.
func (p period) meets(from, to int64) bool { return p.from < to && (p.to == 0 || p.to > from) }

func newIndex(h history.History, f history.Final) *index {
	x := &index{
		final: f, jobs: map[job.ID]*subject{}, workflow: map[job.ID]*flow{}, beats: map[job.ID][]history.Record{},
		delivered: map[job.ID][]history.Record{}, instances: map[instanceKey]*instance{},
	}
	for i := range f.Workflows {
		w := x.flow(f.Workflows[i].ID)
		w.final = &f.Workflows[i]
		w.copies++
	}
	for i := range f.Jobs {
		s := x.job(f.Jobs[i].ID)
		s.final, s.name = &f.Jobs[i], f.Jobs[i].Name
		if s.copies++; s.copies == 1 && s.final.Workflow != (job.ID{}) {
			w := x.flow(s.final.Workflow)
			w.jobs = append(w.jobs, s)
		}
	}
	for _, s := range x.ordered {
		x.live(s)
	}
	x.processLives(h)
	for _, r := range h.Records {
		x.add(r)
	}
	slices.SortFunc(x.ordered, func(a, b *subject) int { return compareIDs(a.id, b.id) })
	slices.SortFunc(x.flows, func(a, b *flow) int { return compareIDs(a.id, b.id) })
	return x
}

func (x *index) job(id job.ID) *subject {
	s := x.jobs[id]
	if s == nil {
		s = &subject{id: id, name: id.String()}
		x.jobs[id] = s
		x.ordered = append(x.ordered, s)
	}
	return s
}

func (x *index) flow(id job.ID) *flow {
	w := x.workflow[id]
	if w == nil {
		w = &flow{id: id}
		x.workflow[id] = w
		x.flows = append(x.flows, w)
	}
	return w
}

// add puts a record where it belongs.
func (x *index) add(r history.Record) {
	put := func(list func(*subject) *[]history.Record) {
		l := list(x.job(r.Job))
		*l = append(*l, r)
	}
	switch r.Kind {
	case history.Received:
		put(func(s *subject) *[]history.Record { return &s.received })
	case history.Started:
		put(func(s *subject) *[]history.Record { return &s.started })
	case history.Finished:
		put(func(s *subject) *[]history.Record { return &s.finished })
	case history.Sent:
		put(func(s *subject) *[]history.Record { return &s.sent })
	case history.Answered:
		put(func(s *subject) *[]history.Record { return &s.answered })
	case history.Stopped:
		put(func(s *subject) *[]history.Record { return &s.stopped })
	case history.Claimed:
		put(func(s *subject) *[]history.Record { return &s.claimed })
	case history.Resolved:
		put(func(s *subject) *[]history.Record { return &s.resolved })
	case history.Changed:
		put(func(s *subject) *[]history.Record { return &s.changed })
	case history.Cancelled:
		if r.Job != (job.ID{}) {
			put(func(s *subject) *[]history.Record { return &s.cancelled })
		} else {
			w := x.flow(r.Workflow)
			w.cancelled = append(w.cancelled, r)
		}
	case history.Steered:
		if r.What == "pause" {
			w := x.flow(r.Workflow)
			w.paused = append(w.paused, r)
		}
	case history.WorkflowChanged:
		w := x.flow(r.Workflow)
		w.changed = append(w.changed, r)
	case history.Enqueued:
		x.enqueued = append(x.enqueued, r)
	case history.Delivered:
		x.delivered[r.Lease] = append(x.delivered[r.Lease], r)
	case history.Beat:
		for _, lease := range r.Leases {
			x.beats[lease] = append(x.beats[lease], r)
		}
	case history.Draining:
		x.draining = append(x.draining, r)
	}
}

// processLives finds out when processes began and were gone, halted or cut off.
func (x *index) processLives(h history.History) {
	names := map[string]*instance{} // process → its latest instance
	byPID := map[int]*instance{}
	open := map[string]int{} // what is away → index into outages
	for _, r := range h.Records {
		k := instanceKey{r.Process, r.Instance}
		l := x.instances[k]
		if l == nil {
			l = &instance{}
			x.instances[k] = l
			switch before := names[r.Process]; {
			case before == nil:
				x.processes++
			case before.gone == nil:
				before.gone = &r
			}
			names[r.Process] = l
		}
		other := byPID[r.PID]
		switch r.Kind {
		case history.Began:
			byPID[r.PID] = l
		case history.Ended:
			l.gone = &r
		case history.Killed:
			x.kills++
			if other != nil && other.gone == nil {
				other.gone = &r
			}
		case history.Suspended:
			if other != nil {
				other.suspended = append(other.suspended, period{from: r.Time})
			}
		case history.Resumed:
			if other != nil && len(other.suspended) > 0 {
				other.suspended[len(other.suspended)-1].to = r.Time
			}
		case history.Away:
			open[r.What] = len(x.outages)
			x.outages = append(x.outages, period{from: r.Time, what: r.What})
		case history.Back:
			if i, away := open[r.What]; away {
				x.outages[i].to = r.Time
			}
		}
	}
}

// instanceOf is the life of a process that made a record.
func (x *index) instanceOf(r history.Record) *instance {
	return x.instances[instanceKey{r.Process, r.Instance}]
}

// byLease returns those records of a list that are about a lease.
func byLease(list []history.Record, lease job.ID) []history.Record {
	var out []history.Record
	for _, r := range list {
		if r.Lease == lease {
			out = append(out, r)
		}
	}
	return out
}

// try returns the recorded end of a lease's claim of the job; nil: none.
func (s *subject) try(lease job.ID) *history.Try {
	for i := range s.final.Tries {
		if s.final.Tries[i].Lease == lease {
			return &s.final.Tries[i]
		}
	}
	return nil
}

package service

import (
	"encoding/hex"
	"math/rand/v2"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// eventsPerMessage bounds the job events in one message, so that the longest
// names and errors, escaped, still fit into a message of NATS.
const eventsPerMessage = 200

// Source gives a machine its randomness: message ids, jitter. It is not for
// secrets.
type Source struct{ *rand.Rand }

// NewSource returns a source that is seeded by the system.
func NewSource() Source { return Source{rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))} }

// MessageID returns the id of a message, 16 hex digits.
func (s Source) MessageID() string {
	var b [8]byte
	for i, v := 0, s.Uint64(); i < len(b); i++ {
		b[i] = byte(v >> (8 * i))
	}
	return hex.EncodeToString(b[:])
}

// Jitter returns d, up to share of it shorter or longer.
func (s Source) Jitter(d, share float64) float64 { return d * (1 + share*(2*s.Float64()-1)) }

// Message encodes body as a Publish. What cannot be encoded is a programming
// error.
func Message[T any](s Source, subject string, body T) Publish {
	data, err := bus.Encode(s.MessageID(), body)
	if err != nil {
		panic(err)
	}
	return Publish{Subject: subject, Data: data}
}

// Announce tells the world what a committed transaction changed: hints to
// dispatchers, resolvers and schedulers, stop signals to workers, events to watchers. All
// of it may get lost.
func Announce(s Source, r store.Resolution) []Action {
	var actions []Action
	for _, q := range r.Queues {
		actions = append(actions, Message(s, bus.ReadySubject(q), bus.Ready{}))
	}
	if r.Checks {
		actions = append(actions, Message(s, bus.CheckEdges, bus.Ready{}))
	}
	if r.Timer {
		actions = append(actions, Message(s, bus.Timers, bus.Ready{}))
	}
	byWorker := make(map[string][]bus.LeaseJob)
	var workers []string
	for _, h := range r.Control {
		if byWorker[h.Worker] == nil {
			workers = append(workers, h.Worker)
		}
		byWorker[h.Worker] = append(byWorker[h.Worker], bus.LeaseJob{Lease: h.Fence.Lease, Job: h.Fence.Job})
	}
	for _, w := range workers {
		actions = append(actions, Message(s, bus.ControlSubject(w), bus.Control{Cancelled: byWorker[w]}))
	}
	return append(actions, events(s, r)...)
}

func events(s Source, r store.Resolution) []Action {
	var actions []Action
	jobs := make([]bus.JobEvent, len(r.Jobs))
	for i, e := range r.Jobs {
		jobs[i] = bus.JobEvent{
			Job: e.Job, Workflow: e.Workflow, Name: e.Name, Status: e.Status, Reason: e.Reason, Attempt: e.Attempt,
			Error: shortened(e.Error),
		}
	}
	for len(jobs) > 0 {
		n := min(len(jobs), eventsPerMessage)
		actions = append(actions, Message(s, bus.EventSubject("job"), bus.Event{Jobs: jobs[:n]}))
		jobs = jobs[n:]
	}
	if len(r.Workflows) > 0 {
		list := make([]bus.WorkflowEvent, len(r.Workflows))
		for i, e := range r.Workflows {
			list[i] = bus.WorkflowEvent{Workflow: e.Workflow, Name: e.Name, Status: string(e.Status)}
		}
		actions = append(actions, Message(s, bus.EventSubject("workflow"), bus.Event{Workflows: list}))
	}
	if len(r.Stalled) > 0 {
		list := make([]bus.StallEvent, len(r.Stalled))
		for i, e := range r.Stalled {
			list[i] = bus.StallEvent{Workflow: e.Workflow, Name: e.Name, Still: job.Duration(e.Still)}
		}
		actions = append(actions, Message(s, bus.EventSubject("stalled"), bus.Event{Stalled: list}))
	}
	return actions
}

// shortened keeps events small; the whole text is in the database.
func shortened(text string) string {
	if r := []rune(text); len(r) > 500 {
		return string(r[:500]) + "…"
	}
	return text
}

package dispatcher

import (
	"context"
	"errors"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// maxFetches bounds the fetches that read at once; further ones are asked to
// come again.
const maxFetches = 16

// fetched is the event that a page of parents' results was read.
type fetched struct {
	reply string
	page  []store.ParentResult
	next  job.ID
	err   error
}

// fetch reads a page of the results of a held job's parents.
func (m *Machine) fetch(msg bus.Message) ([]service.Action, error) {
	e, err := bus.Decode[bus.Fetch](msg.Data)
	if err != nil {
		return nil, err
	}
	if m.fetches >= maxFetches {
		return []service.Action{service.Message(m.source, msg.Reply, bus.FetchReply{Error: "busy"})}, nil
	}
	m.fetches++
	f := e.Body
	return []service.Action{service.Call{Name: "fetch", Do: func(ctx context.Context) service.Event {
		page, next, err := m.store.ParentResults(ctx, f.Fence, f.Name, f.After)
		return fetched{msg.Reply, page, next, err}
	}}}, nil
}

func (m *Machine) answerFetch(now time.Time, e fetched) []service.Action {
	reply := bus.FetchReply{Next: e.next}
	switch {
	case errors.Is(e.err, job.ErrLeaseLost):
		reply.Lost = true
	case e.err != nil:
		m.calls.Note(now, "fetch", e.err)
		reply.Error = "unavailable"
	}
	for _, p := range e.page {
		reply.Parents = append(reply.Parents, parentMessage(p))
	}
	return []service.Action{m.fitPage(e.reply, reply)}
}

// fitPage shortens a page that escaping made larger than the bus takes; the
// rest comes with the next one. A single result always fits.
func (m *Machine) fitPage(subject string, reply bus.FetchReply) service.Action {
	msg := service.Message(m.source, subject, reply)
	for len(msg.Data) > m.maxPayload && len(reply.Parents) > 1 {
		reply.Parents = reply.Parents[:len(reply.Parents)/2]
		reply.Next = reply.Parents[len(reply.Parents)-1].Job
		msg = service.Message(m.source, subject, reply)
	}
	return msg
}

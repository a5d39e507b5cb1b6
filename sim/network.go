package sim

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
)

// request is a request that waits for its answer.
type request struct {
	from *process
	life int
	then func([]byte, error) service.Event
}

// send takes a message to everybody who subscribes to its subject now.
func (w *World) send(subject string, data []byte, reply string) (receivers int) {
	if r := w.requests[subject]; r != nil {
		w.carry(subject, data, func() { w.answer(subject, data) })
		return 1
	}
	groups := make(map[string][]*process)
	var order []string
	for _, p := range w.processes {
		if p.machine == nil {
			continue
		}
		for _, s := range p.subscriptions {
			if !bus.Match(s.Subject, subject) {
				continue
			}
			group := s.Group
			if group == "" {
				group = "only " + p.name
			}
			if groups[group] == nil {
				order = append(order, group)
			}
			groups[group] = append(groups[group], p)
		}
	}
	for _, group := range order {
		members := groups[group]
		p := members[w.rng.IntN(len(members))]
		life := p.life
		w.carry(subject+" to "+p.name, data, func() {
			if p.alive(life) {
				p.step(service.Received{Message: bus.Message{Subject: subject, Reply: reply, Data: data}})
			}
		})
	}
	return len(order)
}

// carry delivers a message now, later, twice or never.
func (w *World) carry(what string, data []byte, deliver func()) {
	h := fnv.New64a()
	h.Write(data)
	what = fmt.Sprintf("deliver %s (%d bytes, %x)", what, len(data), h.Sum64())
	w.faults.sent++
	if w.chance(w.faults.Drop) {
		w.faults.lost++
		w.record("lose " + what)
		return
	}
	w.after(w.latency(), what, deliver)
	for w.chance(w.faults.Repeat) {
		w.after(w.latency(), "again "+what, deliver)
	}
}

// latency is mostly short, sometimes so long that everything has moved on.
func (w *World) latency() time.Duration {
	if w.chance(w.faults.Delay) {
		return w.between(time.Millisecond, 25*time.Second)
	}
	return w.between(100*time.Microsecond, 5*time.Millisecond)
}

// ask sends a request and waits for its answer, or for the end of its time.
func (w *World) ask(p *process, a service.Request) {
	w.inboxes++
	inbox := fmt.Sprintf("_INBOX.%d", w.inboxes)
	w.requests[inbox] = &request{p, p.life, a.Then}
	if w.send(a.Subject, a.Data, inbox) == 0 {
		w.after(w.latency(), "no responders for "+a.Subject, func() { w.giveUp(inbox, bus.ErrNoResponders) })
		return
	}
	w.after(a.Timeout, "time out "+a.Subject, func() { w.giveUp(inbox, context.DeadlineExceeded) })
}

func (w *World) answer(inbox string, data []byte) {
	if r := w.requests[inbox]; r != nil {
		delete(w.requests, inbox)
		if r.from.alive(r.life) {
			r.from.step(r.then(data, nil))
		}
	}
}

func (w *World) giveUp(inbox string, err error) {
	if r := w.requests[inbox]; r != nil {
		delete(w.requests, inbox)
		if r.from.alive(r.life) {
			r.from.step(r.then(nil, err))
		}
	}
}

package sim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/agent"
	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/internal/history/watch"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/services/dispatcher"
	"github.com/hammerwork/hammerwork/services/resolver"
	"github.com/hammerwork/hammerwork/services/scheduler"
)

// maxPayload is the network's limit, as NATS has it.
const maxPayload = 1 << 20

// process runs a machine until it dies; then it starts anew without memory.
type process struct {
	w             *World
	name          string
	build         func(p *process) (service.Machine, []service.Subscription)
	machine       service.Machine // nil: dead
	subscriptions []service.Subscription
	life          int
	history       *history.Recorder // of this life
	wakeAt        time.Time         // of the earliest Tick that is scheduled
	frozenUntil   time.Time         // as a process that gets no processor: what happens waits
	stopping      bool
	crashes       int
	handlers      map[agent.Key]*handler // of a worker
}

// start starts every process. There are two of some services in some runs, for
// two of anything may run at once.
func (w *World) start() {
	replicas := func() int { return 1 + w.rng.IntN(2) }
	for i := range replicas() {
		w.add(fmt.Sprintf("scheduler-%d", i), func(p *process) (service.Machine, []service.Subscription) {
			m, err := scheduler.NewMachine(scheduler.DefaultConfig(), p.store(), w.source(), w.log, scheduler.NewMetrics(nil))
			return must(m, err), scheduler.Subscriptions()
		})
	}
	for i := range replicas() {
		w.add(fmt.Sprintf("resolver-%d", i), func(p *process) (service.Machine, []service.Subscription) {
			m, err := resolver.NewMachine(resolver.DefaultConfig(), p.store(), w.source(), w.log, resolver.NewMetrics(nil))
			return must(m, err), resolver.Subscriptions(resolver.DefaultConfig())
		})
	}
	for i := range replicas() {
		w.add(fmt.Sprintf("dispatcher-%d", i), func(p *process) (service.Machine, []service.Subscription) {
			m, err := dispatcher.NewMachine(dispatcher.DefaultConfig(), p.store(), maxPayload, w.source(), w.id, w.log, dispatcher.NewMetrics(nil))
			return must(m, err), dispatcher.Subscriptions()
		})
	}
	for i := range 2 {
		w.add(fmt.Sprintf("worker-%d", i), func(p *process) (service.Machine, []service.Subscription) {
			name := p.name // an embedded worker keeps its name, others get a new one
			if w.rng.Float64() < 0.5 {
				name = fmt.Sprintf("%s-%d", p.name, p.life)
			}
			p.handlers = map[agent.Key]*handler{}
			pools := []agent.Pool{{Slots: 1 + w.rng.IntN(8)}}
			if w.rng.Float64() < 0.3 {
				pools = []agent.Pool{{Queue: "a", Slots: 2}, {Queue: "b", Slots: 3}, {Queue: "c", Slots: 2}}
			}
			m := agent.NewMachine(name, 10*time.Second, pools, maxPayload, w.source(), w.log)
			return watch.Worker(m, name, p.history), agent.Subscriptions(name)
		})
	}
	if w.faults.Restart > 0 {
		w.after(time.Second, "think of restarts", w.politeRestarts)
	}
	if w.faults.Freeze > 0 {
		w.after(time.Second, "think of freezing", w.freeze)
	}
}

func must(m service.Machine, err error) service.Machine {
	if err != nil {
		panic(err)
	}
	return m
}

func (w *World) source() service.Source {
	return service.Source{Rand: rand.New(rand.NewPCG(w.rng.Uint64(), w.rng.Uint64()))}
}

func (w *World) add(name string, build func(*process) (service.Machine, []service.Subscription)) {
	p := &process{w: w, name: name, build: build}
	w.processes = append(w.processes, p)
	p.begin()
}

// store is the database as this process sees it.
func (p *process) store() store.Store { return watch.Store(p.w.store, p.history) }

func (p *process) begin() {
	p.life++
	p.history = p.w.history.Recorder(p.name)
	p.stopping = false
	p.machine, p.subscriptions = p.build(p)
	life := p.life
	p.w.after(p.w.between(0, 50*time.Millisecond), p.name+" starts", func() {
		if p.alive(life) {
			p.step(service.Tick{})
		}
	})
}

func (p *process) alive(life int) bool { return p.machine != nil && p.life == life }

// crash ends the process at once and starts it again some time later.
func (p *process) crash(where string) {
	p.w.record(p.name + " dies " + where)
	p.crashes++
	p.w.harness.Killed(p.history.PID())
	p.end(p.w.between(100*time.Millisecond, 20*time.Second))
}

func (p *process) end(pause time.Duration) {
	p.machine, p.subscriptions, p.handlers = nil, nil, nil
	p.life++
	p.wakeAt, p.frozenUntil = time.Time{}, time.Time{}
	p.w.after(pause, p.name+" is started again", p.begin)
}

// step gives the machine an event and does what it answers, unless the process
// dies in between.
func (p *process) step(event service.Event) {
	life := p.life
	if p.w.now.Before(p.frozenUntil) {
		p.w.after(p.frozenUntil.Sub(p.w.now), p.name+" thaws", func() {
			if p.alive(life) {
				p.step(event)
			}
		})
		return
	}
	if event == (service.Stop{}) {
		p.leaveGroups()
	}
	for _, a := range p.machine.Step(p.w.now, event) {
		if p.w.chance(p.w.faults.CrashStep) {
			p.crash(fmt.Sprintf("before %T", a))
			return
		}
		p.do(a)
		if !p.alive(life) {
			return
		}
	}
	if p.stopping && p.machine.Idle() {
		p.w.record(p.name + " has stopped")
		// Nothing is written that could fail.
		_ = p.history.Close()
		p.end(p.w.between(100*time.Millisecond, 5*time.Second))
		return
	}
	p.plan()
}

// plan schedules the Tick that the machine wants.
func (p *process) plan() {
	at := p.machine.Wake()
	if at.IsZero() || !p.wakeAt.IsZero() && !at.Before(p.wakeAt) {
		return
	}
	p.wakeAt = at
	life := p.life
	p.w.after(max(at.Sub(p.w.now), time.Millisecond), p.name+" wakes", func() {
		if p.alive(life) {
			if !p.w.now.Before(p.wakeAt) {
				p.wakeAt = time.Time{}
			}
			p.step(service.Tick{})
		}
	})
}

func (p *process) do(a service.Action) {
	switch a := a.(type) {
	case service.Publish:
		watch.Published(p.history, a.Subject, a.Data)
		p.w.send(a.Subject, a.Data, "")
	case service.Request:
		p.w.ask(p, a)
	case service.Call:
		life := p.life
		p.w.after(p.w.between(200*time.Microsecond, 10*time.Millisecond), p.name+" calls "+a.Name, func() {
			if p.alive(life) {
				p.call(a)
			}
		})
	case service.Subscribe:
		if !slices.Contains(p.subscriptions, a.Subscription) {
			p.subscriptions = append(slices.Clone(p.subscriptions), a.Subscription)
		}
	case service.Unsubscribe:
		p.subscriptions = slices.DeleteFunc(slices.Clone(p.subscriptions), func(s service.Subscription) bool { return s == a.Subscription })
	case agent.Start:
		p.startHandler(a)
	case agent.Stop:
		p.stopHandler(a)
	default:
		p.w.fail("%s: unknown action %T", p.name, a)
	}
}

// leaveGroups is what a loop does that is asked to stop.
func (p *process) leaveGroups() {
	p.subscriptions = slices.DeleteFunc(slices.Clone(p.subscriptions), func(s service.Subscription) bool { return s.Group != "" })
}

// call runs a transaction; the process may die before it, or after it without
// having heard of it.
func (p *process) call(a service.Call) {
	if p.w.chance(p.w.faults.CrashCall) {
		p.crash("before " + a.Name)
		return
	}
	event := a.Do(context.Background())
	if p.w.chance(p.w.faults.CrashCall) {
		p.crash("after " + a.Name)
		return
	}
	life := p.life
	p.w.after(p.w.between(100*time.Microsecond, 2*time.Millisecond), p.name+" hears of "+a.Name, func() {
		if p.alive(life) {
			p.step(event)
		}
	})
}

// politeRestarts stops a process now and then as a deployment does.
func (w *World) politeRestarts() {
	if !w.faulty() {
		return
	}
	for _, p := range w.processes {
		if p.machine != nil && !p.stopping && w.chance(w.faults.Restart) {
			w.record(p.name + " is asked to stop")
			p.stopping = true
			p.step(service.Stop{})
		}
	}
	w.after(time.Second, "think of restarts", w.politeRestarts)
}

// freeze lets a process stand still now and then, as a machine does that sleeps
// or swaps: what it believed may be over when it goes on.
func (w *World) freeze() {
	if !w.faulty() {
		return
	}
	for _, p := range w.processes {
		if p.machine != nil && !w.now.Before(p.frozenUntil) && w.chance(w.faults.Freeze) {
			p.frozenUntil = w.now.Add(w.between(500*time.Millisecond, 20*time.Second))
			w.record(p.name + " freezes until " + p.frozenUntil.Sub(epoch).String())
			pid := p.history.PID()
			w.harness.Suspended(pid)
			w.after(p.frozenUntil.Sub(w.now), p.name+" can go on", func() { w.harness.Resumed(pid) })
		}
	}
	w.after(time.Second, "think of freezing", w.freeze)
}

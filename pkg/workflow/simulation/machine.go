package simulation

import (
	"container/heap"
	"encoding/json"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// middle is what chance comes to.
const middle = 0.5

// world is what all workflows of a simulation have in common.
type world struct {
	s        Script
	now      time.Duration // since the enqueue
	agenda   agenda
	line     line
	free     int // workers; below 0: any number
	steps    []Step
	machines []*machine
}

// machine is a workflow in motion.
type machine struct {
	*world
	w      *workflow.Workflow
	p      *workflow.Part
	r      *workflow.Resolution
	h      *workflow.Header
	jobs   []state
	index  map[job.ID]int // of nodes
	urgent []workflow.Urgency
	order  int      // among all workflows
	parent *machine // the workflow with the job that this one is run as; nil: the outermost
	node   int      // that job
	prefix string   // of the paths of its jobs
	items  bool     // its jobs are those of a batch or a map
	began  time.Duration
	last   time.Duration // when something happened in it last

	readers map[int][]*workflow.ParentInput // node → where conditions read of it

	status  workflow.Status // as the last step told it
	failing bool
}

// state is what a machine knows of a job besides its node.
type state struct {
	attempts, earlier int // counted by the budget; in turns before a decision to retry
	turn              int // goes up when what is on the agenda about it is void
	due               time.Duration
	inLine, running   bool
	asked, retried    bool
	outcome           job.Outcome // of the attempt that runs
	began             time.Duration
	waitedFor         int // the parent that decided last; -1: none
	released          bool
	ready, start, end time.Duration // first ready and started, ended; below 0: not
	err               string
	result            json.RawMessage
	parts             *machine // what it is made of
	list              string   // that a map was over
	fresh             bool     // its parts have not begun since it was suspended
	spawner           int      // the node that spawned it, counted from 1; 0: none
}

// Run plays a workflow that has passed Validate, to its end or until nothing
// more happens: a failure under the manual policy waits for a decision that
// nobody makes.
func Run(w *workflow.Workflow, s Script) *Report {
	all := &world{s: s, free: s.Workers}
	if s.Workers <= 0 {
		all.free = -1
	}
	m := all.newMachine(w, workflow.NewPart(w))
	m.begin()
	for all.turn() {
	}
	return m.report()
}

func (all *world) newMachine(w *workflow.Workflow, p *workflow.Part) *machine {
	p.Now = all.s.Start.Add(all.now)
	m := &machine{
		world: all, w: w, p: p, r: workflow.Begin(p), h: &p.Workflows[0], status: workflow.Running, order: len(all.machines), began: all.now,
		jobs: make([]state, len(p.Nodes)), index: make(map[job.ID]int, len(p.Nodes)),
		urgent: workflow.Urgencies(w.Jobs, w.Priority),
	}
	all.machines = append(all.machines, m)
	for i := range m.jobs {
		m.index[p.Nodes[i].ID] = i
		m.jobs[i] = m.waiting(i)
	}
	m.read()
	return m
}

// waiting is the state of a node at its enqueue.
func (m *machine) waiting(i int) state {
	s := state{waitedFor: -1, ready: -1, start: -1, end: -1}
	if i < len(m.w.Jobs) {
		s.due = m.now + m.w.Jobs[i].Delay
		if at := m.w.Jobs[i].ScheduledAt; !at.IsZero() {
			s.due = max(m.now, at.Sub(m.s.Start))
		}
	}
	return s
}

// read notes what conditions read of which node.
func (m *machine) read() {
	m.readers = map[int][]*workflow.ParentInput{}
	for _, in := range m.p.Inputs {
		for k := range in.Parents {
			parent := &in.Parents[k]
			m.readers[parent.Node] = append(m.readers[parent.Node], parent)
		}
	}
}

// begin enqueues the workflow.
func (m *machine) begin() {
	if m.w.Timeout > 0 {
		m.agenda.add(event{at: m.now + m.w.Timeout, kind: workflowDeadline, of: m})
	}
	for i := range m.p.Nodes {
		switch n := &m.p.Nodes[i]; {
		case i >= len(m.w.Jobs):
			m.r.End(workflow.Ending{Node: i, Status: job.Completed})
			m.follow()
			continue
		case n.Deps == job.NoDependencies:
			m.offer(i)
		case n.Counts.Unresolved == 0 && !n.Finally:
			m.r.Start(i)
			m.follow()
		}
		if d := m.w.Jobs[i].Deadline; d > 0 {
			m.agenda.add(event{at: m.now + d, kind: jobDeadline, of: m, node: i})
		}
	}
	if len(m.p.Nodes) > len(m.w.Jobs) { // edges between workflows settle when they are looked at
		m.r.Revisit()
		m.follow()
	}
}

// turn gives out what can be claimed and lets everything happen that the next
// moment brings. It reports whether there was anything.
func (all *world) turn() bool {
	all.claim()
	outermost := all.machines[0]
	if outermost.h.Status.Terminal() || all.waits() || all.agenda.Len() == 0 {
		return false
	}
	all.now = all.agenda.list[0].at
	for all.agenda.Len() > 0 && all.agenda.list[0].at == all.now && !outermost.h.Status.Terminal() {
		e := all.agenda.next()
		e.of.happen(e)
	}
	return true
}

// waits reports whether only a decision goes on, which nobody makes.
func (all *world) waits() bool {
	if !slices.ContainsFunc(all.machines, func(m *machine) bool { return m.h.Undecided > 0 }) {
		return false
	}
	for _, e := range all.agenda.list {
		switch e.kind {
		case jobDeadline, workflowDeadline:
			continue
		case becomesDue:
			if e.of.h.Status == workflow.Paused {
				continue
			}
		}
		if e.turn == e.of.jobs[e.node].turn {
			return false
		}
	}
	return true
}

// claim gives jobs to free workers, in the order of claims. What may not start
// loses its place, and gets another when it may.
func (all *world) claim() {
	for all.free != 0 && len(all.line) > 0 {
		next := heap.Pop(&all.line).(place)
		next.of.claim(next.node)
	}
}

// claim gives a job to a worker if it may start.
func (m *machine) claim(i int) {
	n, s := &m.p.Nodes[i], &m.jobs[i]
	s.inLine = false
	if n.Status.Terminal() || n.Held || m.h.Stops(n) {
		return
	}
	m.free--
	n.Held, s.running, s.began = true, true, m.now
	if s.start < 0 {
		s.start = m.now
	}
	m.tell(i)
	j := m.w.Jobs[i]
	took, o := m.s.Handle(Attempt{Job: j, Path: m.path(i), Number: s.earlier + s.attempts + 1, Payload: m.payload(i)})
	if j.Timeout > 0 && took > j.Timeout {
		took, o = j.Timeout, job.Outcome{Kind: job.KindTimedOut, Error: "it takes " + took.String() + "; its timeout is " + j.Timeout.String()}
	}
	s.outcome = o
	m.agenda.add(event{at: m.now + max(0, took), kind: attemptEnds, of: m, node: i, turn: s.turn})
}

// path names a job of whatever workflow.
func (m *machine) path(i int) string { return m.prefix + m.w.Jobs[i].Name }

// payload is what the handler of a job finds: its inputs are fields of it.
func (m *machine) payload(i int) json.RawMessage {
	payload := m.w.Jobs[i].Payload
	in := m.p.Inputs[i]
	if in == nil || len(in.Evidence.With) == 0 {
		return payload
	}
	fields := map[string]json.RawMessage{}
	if json.Unmarshal(payload, &fields) != nil || json.Unmarshal(in.Evidence.With, &fields) != nil {
		return payload
	}
	merged, err := plainjson.Marshal(fields)
	if err != nil {
		return payload
	}
	return merged
}

// happen lets an event happen.
func (m *machine) happen(e event) {
	n, s := &m.p.Nodes[e.node], &m.jobs[e.node]
	m.p.Now = m.s.Start.Add(m.now)
	if e.kind != workflowDeadline && e.kind != jobDeadline && e.turn != s.turn {
		return
	}
	switch e.kind {
	case gateEnds:
		m.endGate(e.node)
	case partsBegin, partsStop, partsPause, partsEnd:
		m.partsHappen(e)
	case attemptEnds:
		m.end(e.node, s.outcome)
	case attemptStops:
		m.end(e.node, job.Outcome{Kind: job.KindCancelled, Error: "told to stop"})
	case becomesDue:
		m.offer(e.node)
	case jobDeadline:
		m.r.End(workflow.Ending{Node: e.node, Status: job.TimedOut, Reason: job.ReasonDeadline, Attempts: s.attempts})
	case workflowDeadline:
		m.r.Cancel(0, job.ReasonDeadline)
	case isDecided, decisionTimeout:
		if n.Decision == workflow.Undecided {
			m.decide(e)
		}
	}
	m.follow()
}

// end ends an attempt.
func (m *machine) end(i int, o job.Outcome) {
	o = m.spawned(i, o)
	n, s := &m.p.Nodes[i], &m.jobs[i]
	standing := m.h.Standing(n)
	standing.Attempts, standing.Retry = s.attempts, m.retry(i)
	next := job.EndAttempt(o, standing, middle)
	s.attempts, s.err = next.Attempts, o.Error
	if next.Status.Terminal() {
		if next.Status == job.Completed {
			s.result = o.Result
		}
		m.r.End(workflow.Ending{Node: i, Status: next.Status, Reason: next.Reason, Attempts: next.Attempts, Result: s.result})
		return
	}
	delay := job.Duration(next.Delay)
	m.step(Step{Job: m.path(i), Attempt: m.number(i), Outcome: string(next.Status), Took: m.stop(i), Error: o.Error, Again: &delay})
	s.due = m.now + next.Delay
	m.r.Requeue(i, next.Status, next.Attempts)
	m.tell(i)
}

func (m *machine) retry(i int) job.RetryPolicy {
	switch j := m.w.Jobs[i]; {
	case j.Retry != nil:
		return *j.Retry
	case m.w.Retry != nil:
		return *m.w.Retry
	}
	return job.RetryPolicy{}
}

// number is the number of the attempt that was counted last.
func (m *machine) number(i int) int { return m.jobs[i].earlier + m.jobs[i].attempts }

// stop frees the worker of a job and returns how long the attempt took.
func (m *machine) stop(i int) job.Duration {
	s := &m.jobs[i]
	s.running = false
	s.turn++
	if m.free >= 0 {
		m.free++
	}
	return job.Duration(m.now - s.began)
}

// decide applies what the script, or the timeout, says about a failure.
func (m *machine) decide(e event) {
	name := m.path(e.node)
	action, result := m.w.DecisionDefault, json.RawMessage(nil)
	if e.kind == isDecided {
		action, result = m.s.Decide(name)
	}
	if action == "" {
		action = workflow.ActionCancel
	}
	m.step(Step{Job: name, Outcome: Decided, Reason: job.Reason(action)})
	if action == workflow.ActionRetry {
		m.jobs[e.node].retried = true
	}
	if action == workflow.ActionComplete {
		m.jobs[e.node].result = result
	}
	m.r.Decide(e.node, action, result)
}

// follow takes note of what followed.
func (m *machine) follow() {
	c := m.r.Take()
	for _, ei := range c.Edges {
		if e := &m.p.Edges[ei]; m.decides(e) {
			m.jobs[e.Child].waitedFor = e.Parent
		}
	}
	for _, i := range c.Reset {
		s := &m.jobs[i]
		s.earlier += s.attempts
		s.attempts, s.asked, s.released, s.end, s.result = 0, false, false, -1, nil
		s.turn++
		m.tell(i)
	}
	for _, i := range c.Ended {
		m.ended(i)
		m.announceFailing()
	}
	for _, i := range c.Decided {
		m.tell(i)
		m.ask(i)
	}
	for _, i := range c.Runnable {
		m.jobs[i].released = true
		m.offer(i)
	}
	for _, i := range c.Suspended {
		m.suspend(i)
	}
	for _, i := range c.Stop {
		if m.p.Nodes[i].Parts != "" {
			m.later(partsStop, i)
			continue
		}
		m.agenda.add(event{at: m.now, kind: attemptStops, of: m, node: i, turn: m.jobs[i].turn})
	}
	m.announce()
	m.tellParts()
}

// decides reports whether an edge, so far, is the last that its child waited
// for. A join that chooses among its parents waits for those that it counts.
func (m *machine) decides(e *workflow.Edge) bool {
	n, s := &m.p.Nodes[e.Child], &m.jobs[e.Child]
	if s.released || e.State == workflow.EdgeUnresolved || n.Status == job.Cancelled {
		return false
	}
	chooses := n.Join.Rule == job.JoinAny || n.Join.Rule == job.JoinQuorum
	return !chooses || e.State == workflow.EdgeActive || s.waitedFor < 0
}

// ended takes note of the end of a node.
func (m *machine) ended(i int) {
	m.tell(i)
	if i >= len(m.w.Jobs) {
		return
	}
	n, s := &m.p.Nodes[i], &m.jobs[i]
	s.released, s.end = true, m.now
	step := Step{Job: m.path(i), Outcome: string(n.Status), Reason: n.Reason}
	if cause := m.name(n.Cause); cause != "" {
		step.Cause = m.prefix + cause
	}
	if s.running {
		step.Took, step.Attempt, step.Error = m.stop(i), m.number(i), s.err
		if n.Reason == job.ReasonDeadline && n.Status == job.TimedOut {
			step.Attempt++ // it ends without an outcome that would count it
		}
	} else {
		if s.turn++; s.parts != nil && !s.parts.h.Status.Terminal() {
			m.agenda.add(event{at: m.now, kind: partsStop, of: m, node: i, turn: s.turn})
		}
		if len(n.Result) > 0 {
			s.result = n.Result
		}
		step.Error = s.err
		if in := m.p.Inputs[i]; in != nil && in.Evidence.Error != "" {
			s.err, step.Error = in.Evidence.Error, in.Evidence.Error
		}
	}
	m.step(step)
	m.ask(i)
}

// ask takes note of a failure that waits for a decision, once.
func (m *machine) ask(i int) {
	n, s := &m.p.Nodes[i], &m.jobs[i]
	if n.Decision != workflow.Undecided || s.asked {
		return
	}
	s.asked = true
	m.step(Step{Job: m.path(i), Outcome: Undecided})
	if m.s.Decide != nil {
		if a, _ := m.s.Decide(m.path(i)); a != "" && (a != workflow.ActionRetry || !s.retried) {
			m.agenda.add(event{at: m.now, kind: isDecided, of: m, node: i, turn: s.turn})
			return
		}
	}
	if m.w.DecisionTimeout > 0 && (m.w.DecisionDefault != workflow.ActionRetry || !s.retried) {
		m.agenda.add(event{at: m.now + m.w.DecisionTimeout, kind: decisionTimeout, of: m, node: i, turn: s.turn})
	}
}

// offer puts a job in line, when its time has come.
func (m *machine) offer(i int) {
	n, s := &m.p.Nodes[i], &m.jobs[i]
	if i >= len(m.w.Jobs) || s.inLine || n.Held || n.Status.Terminal() || n.Deps == job.Waiting {
		return
	}
	s.released = true
	if s.due > m.now {
		m.agenda.add(event{at: s.due, kind: becomesDue, of: m, node: i, turn: s.turn})
		return
	}
	if s.ready < 0 {
		s.ready = m.now
	}
	s.inLine = true
	heap.Push(&m.line, place{rank: int(job.Critical - m.urgent[i].Priority), due: s.due, of: m, node: i})
}

// tell lets conditions know how a parent stands.
func (m *machine) tell(i int) {
	n := &m.p.Nodes[i]
	for _, in := range m.readers[i] {
		in.Status, in.Attempts, in.Result = n.Status, n.Attempts, n.Result
		if n.Held && n.Status != job.Suspended {
			in.Status = job.Running
		}
	}
}

// announce tells how the workflow stands when that changed.
func (m *machine) announce() {
	if m.h.Status != m.status {
		m.status = m.h.Status
		if m.parent != nil {
			return
		}
		step := Step{Outcome: string(m.status)}
		if m.status == workflow.Cancelling && m.h.Deadline {
			step.Reason = job.ReasonDeadline
		}
		m.step(step)
	}
}

// announceFailing tells that the workflow stops, after the failure that did it.
func (m *machine) announceFailing() {
	if m.h.Failing && !m.failing && !m.h.Status.Terminal() && m.parent == nil {
		m.step(Step{Outcome: Failing})
	}
	m.failing = m.h.Failing
}

func (m *machine) step(s Step) {
	m.last = m.now
	s.At = job.Duration(m.now)
	m.steps = append(m.steps, s)
}

// name names a job by id.
func (m *machine) name(id job.ID) string {
	i, known := m.index[id]
	switch {
	case id == (job.ID{}) || !known:
		return ""
	case i >= len(m.w.Jobs):
		return id.String()
	}
	return m.w.Jobs[i].Name
}

package check_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Leases in stories.
const (
	leaseTTL  = 15 * time.Second
	acceptTTL = 5 * time.Second
)

// story is a history that is made up, step by step, with the final state that
// belongs to it. A step takes a millisecond.
type story struct {
	t       *testing.T
	now     time.Time
	memory  *history.Memory
	api     *history.Recorder
	disp    *history.Recorder
	res     *history.Recorder
	sched   *history.Recorder
	harness *history.Recorder
	workers map[string]*history.Recorder
	flows   []*history.Workflow
	jobs    []*history.Job
	ids     int
	silent  bool // services do not get to recording
}

func newStory(t *testing.T) *story {
	s := &story{t: t, now: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), workers: map[string]*history.Recorder{}}
	s.memory = history.NewMemory(func() time.Time { return s.now })
	s.api, s.disp, s.res = s.memory.Recorder("api-1"), s.memory.Recorder("dispatcher-1"), s.memory.Recorder("resolver-1")
	s.sched, s.harness = s.memory.Recorder("scheduler-1"), s.memory.Recorder("harness")
	for _, name := range []string{"w1", "w2"} {
		s.begins(name)
	}
	return s
}

// begins starts a worker, or starts it again.
func (s *story) begins(name string) { s.workers[name] = s.memory.Recorder("worker-" + name) }

func (s *story) wait(d time.Duration) { s.now = s.now.Add(d) }

func (s *story) step() { s.wait(time.Millisecond) }

// id makes ids that are the same in each run.
func (s *story) id(what string) job.ID {
	s.ids++
	return uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "%s %d", what, s.ids))
}

// records of a service are lost while it is silent.
func (s *story) records(r *history.Recorder, list ...history.Record) {
	if !s.silent {
		r.Record(list...)
	}
}

// workflow enqueues jobs, each of which depends on the one before.
func (s *story) workflow(name string, jobs ...string) *history.Workflow {
	s.step()
	w := &history.Workflow{ID: s.id(name), Name: name, Status: workflow.Running, FailurePolicy: workflow.FailFast, Total: len(jobs), Counters: map[job.Status]int{}}
	s.flows = append(s.flows, w)
	for i, n := range jobs {
		x := s.add(n, w.ID)
		if i > 0 {
			x.DependsOn, x.DependencyStatus = []job.ID{s.jobs[len(s.jobs)-2].ID}, job.Waiting
		}
	}
	s.api.Record(history.Record{Kind: history.Enqueued, Workflow: w.ID, Count: len(jobs), Key: "key of " + name})
	return w
}

func (s *story) add(name string, w job.ID) *history.Job {
	x := &history.Job{
		ID: s.id(name), Workflow: w, Name: name, Queue: "q", Status: job.Pending, DependencyStatus: job.NoDependencies,
		MaxAttempts: 5, Payload: history.Hash([]byte(`"` + name + `"`)),
	}
	s.jobs = append(s.jobs, x)
	return x
}

func (s *story) job(name string) *history.Job {
	i := slices.IndexFunc(s.jobs, func(x *history.Job) bool { return x.Name == name })
	if i < 0 {
		s.t.Fatalf("no job %s", name)
	}
	return s.jobs[i]
}

// hold is a job in a worker's hands.
type hold struct {
	job     *history.Job
	worker  string
	fence   job.Fence
	attempt int
	claimed int64
}

func (s *story) claim(worker, name string) *hold {
	s.step()
	x := s.job(name)
	h := &hold{x, worker, job.Fence{Job: x.ID, Epoch: x.Epoch, Lease: s.id("lease")}, x.Earlier + x.Attempts + 1, s.now.UnixNano()}
	r := history.Of(history.Claimed, h.fence)
	r.Workflow, r.Worker, r.Attempt = x.Workflow, worker, h.attempt
	s.step()
	s.records(s.disp, r)
	s.records(s.disp, history.Record{Kind: history.Delivered, Lease: h.fence.Lease, Count: 1, TTL: int64(acceptTTL)})
	return h
}

func (s *story) says(h *hold, kind history.Kind) history.Record {
	r := history.Of(kind, h.fence)
	r.Worker = h.worker
	return r
}

// starts has the worker start the handler.
func (s *story) starts(h *hold) {
	s.step()
	r := s.says(h, history.Received)
	r.Attempt = h.attempt
	s.workers[h.worker].Record(r)
	s.step()
	r.Kind, r.Payload = history.Started, h.job.Payload
	s.workers[h.worker].Record(r)
}

// beats has the worker heard for the lease.
func (s *story) beats(h *hold) {
	s.step()
	since := s.now.UnixNano()
	s.step()
	s.workers[h.worker].Record(history.Record{
		Kind: history.Beat, Worker: h.worker, Leases: []job.ID{h.fence.Lease}, Since: since, TTL: int64(leaseTTL),
	})
}

// run claims a job, starts it and has it accepted.
func (s *story) run(worker, name string) *hold {
	h := s.claim(worker, name)
	s.starts(h)
	s.beats(h)
	return h
}

func (s *story) outcome(h *hold, kind history.Kind, o job.Kind) history.Record {
	r := s.says(h, kind)
	r.Outcome = o
	if o == job.KindCompleted {
		r.Result = history.Hash([]byte(h.fence.Lease.String()))
	}
	return r
}

// finishes has the handler end and the worker report it.
func (s *story) finishes(h *hold, o job.Kind) {
	s.step()
	s.workers[h.worker].Record(s.outcome(h, history.Finished, o))
	s.sends(h, o)
}

func (s *story) sends(h *hold, o job.Kind) {
	s.workers[h.worker].Record(s.outcome(h, history.Sent, o))
}

// answers tells the worker a verdict.
func (s *story) answers(h *hold, o job.Kind, v job.Verdict) {
	s.step()
	r := s.outcome(h, history.Answered, o)
	r.Verdict = v
	s.workers[h.worker].Record(r)
}

// judges has a resolver tell a verdict.
func (s *story) judges(h *hold, o job.Kind, v job.Verdict) {
	r := s.outcome(h, history.Resolved, o)
	r.Worker, r.Verdict = "", v
	s.records(s.res, r)
}

// completes ends an attempt and its job well.
func (s *story) completes(h *hold) {
	s.finishes(h, job.KindCompleted)
	s.step()
	h.job.Attempts++
	h.job.Result, h.job.Worker, h.job.StartedAt = history.Hash([]byte(h.fence.Lease.String())), h.worker, h.claimed
	s.ends(h.job, job.Completed, "")
	s.step()
	s.judges(h, job.KindCompleted, job.Committed)
	s.tells(s.res, h.job)
	s.answers(h, job.KindCompleted, job.Committed)
}

// ends gives a job its terminal status.
func (s *story) ends(x *history.Job, status job.Status, reason job.Reason) {
	x.Status, x.Reason, x.FinishedAt = status, reason, s.now.UnixNano()
	switch {
	case x.DependencyStatus != job.Waiting:
	case status == job.Completed, status == job.Skipped, len(x.Tries) > 0:
		x.DependencyStatus = job.Satisfied
	default:
		x.DependencyStatus = job.Unsatisfiable
	}
}

func (s *story) tells(r *history.Recorder, x *history.Job) {
	s.records(r, history.Record{Kind: history.Changed, Job: x.ID, Workflow: x.Workflow, Status: string(x.Status), Reason: x.Reason, Attempt: x.Attempts})
}

// tries stores an attempt that did not complete.
func (s *story) tries(h *hold, o job.Kind) {
	number := h.job.Earlier + h.job.Attempts + 1
	if o != job.KindGivenBack {
		h.job.Attempts++
	}
	h.job.Tries = append(h.job.Tries, history.Try{
		Epoch: h.fence.Epoch, Attempt: number, Lease: h.fence.Lease, Worker: h.worker, Outcome: o, ClaimedAt: h.claimed, FinishedAt: s.now.UnixNano(),
	})
}

// again has the job wait for its next claim.
func (s *story) again(h *hold, by *history.Recorder) {
	h.job.Epoch++
	h.job.Status = job.Pending
	if h.job.Attempts > 0 {
		h.job.Status = job.Retrying
	}
	s.step()
	s.tells(by, h.job)
}

// fails ends an attempt as its worker reports; the job is tried again.
func (s *story) fails(h *hold, o job.Kind) {
	s.finishes(h, o)
	s.step()
	s.tries(h, o)
	s.judges(h, o, job.Committed)
	s.again(h, s.res)
	s.answers(h, o, job.Committed)
}

// expires has the reaper end a claim.
func (s *story) expires(h *hold, o job.Kind) {
	s.tries(h, o)
	s.again(h, s.sched)
}

// cascades ends a job that needed another.
func (s *story) cascades(name, cause string) {
	x := s.job(name)
	x.Cause = s.job(cause).ID
	s.ends(x, job.UpstreamFailed, job.ReasonUpstream)
	s.tells(s.res, x)
}

// cancels has the API accept the cancel of a workflow.
func (s *story) cancels(w *history.Workflow) {
	s.step()
	s.api.Record(history.Record{Kind: history.Cancelled, Workflow: w.ID})
}

// told is the history and its final state, all said.
func (s *story) told() (history.History, history.Final) {
	f := history.Final{Queues: []history.Queue{{Name: "q"}}}
	byID := map[job.ID]*history.Job{}
	for _, x := range s.jobs {
		byID[x.ID] = x
	}
	for _, x := range s.jobs {
		if len(x.Edges) > 0 {
			f.Jobs = append(f.Jobs, *x)
			continue
		}
		for _, p := range x.DependsOn {
			state := workflow.EdgeActive
			if parent := byID[p]; parent.Status != job.Completed {
				state = workflow.EdgeBroken
			}
			x.Edges = append(x.Edges, history.Edge{Parent: p, On: job.OnSuccess, State: state})
		}
		f.Jobs = append(f.Jobs, *x)
	}
	for _, w := range s.flows {
		s.step()
		bad := false
		for _, x := range s.jobs {
			if x.Workflow == w.ID {
				w.Counters[x.Status]++
				bad = bad || x.Status != job.Completed && x.Status != job.Skipped
			}
		}
		w.FinishedAt = s.now.UnixNano()
		if w.Status == workflow.Running {
			s.concludes(w, bad)
		}
		f.Workflows = append(f.Workflows, *w)
	}
	f.TakenAt = s.now.UnixNano()
	return history.History{Records: slices.Clone(s.memory.History().Records)}, f
}

// concludes ends a workflow as its jobs have ended.
func (s *story) concludes(w *history.Workflow, bad bool) {
	cancelled := slices.ContainsFunc(s.memory.History().Records, func(r history.Record) bool {
		return r.Kind == history.Cancelled && r.Workflow == w.ID
	})
	switch {
	case cancelled:
		s.closes(w, workflow.Cancelled)
	case bad:
		s.closes(w, workflow.Failed)
	default:
		s.closes(w, workflow.Completed)
	}
}

// closes ends a workflow, and tells it.
func (s *story) closes(w *history.Workflow, status workflow.Status) {
	w.Status = status
	s.res.Record(history.Record{Kind: history.WorkflowChanged, Workflow: w.ID, Status: string(status)})
}

// edge makes a job depend on another one, as on says; the edge ends in a state.
func (s *story) edge(child, parent string, on job.On, state workflow.EdgeState) *history.Edge {
	x, p := s.job(child), s.job(parent)
	if !slices.Contains(x.DependsOn, p.ID) {
		x.DependsOn, x.DependencyStatus = append(x.DependsOn, p.ID), job.Waiting
	}
	x.Edges = append(x.Edges, history.Edge{Parent: p.ID, On: on, State: state})
	return &x.Edges[len(x.Edges)-1]
}

// loose enqueues a workflow of jobs that don't depend on each other.
func (s *story) loose(name string, jobs ...string) *history.Workflow {
	w := s.workflow(name, jobs...)
	for _, n := range jobs {
		x := s.job(n)
		x.DependsOn, x.DependencyStatus = nil, job.NoDependencies
	}
	return w
}

// dies ends a job with its last attempt.
func (s *story) dies(h *hold) {
	s.finishes(h, job.KindFailed)
	s.step()
	s.tries(h, job.KindFailed)
	h.job.MaxAttempts = h.job.Attempts
	h.job.Worker, h.job.StartedAt = h.worker, h.claimed
	s.ends(h.job, job.Dead, job.ReasonExhausted)
	s.judges(h, job.KindFailed, job.Committed)
	s.tells(s.res, h.job)
	s.answers(h, job.KindFailed, job.Committed)
}

// acts has somebody steer a workflow, or a job of it.
func (s *story) acts(w *history.Workflow, action string, on job.ID) {
	s.step()
	w.Acts = append(w.Acts, history.Act{At: s.now.UnixNano(), Action: action, Job: on})
	s.step()
	s.records(s.api, history.Record{Kind: history.Steered, What: action, Workflow: w.ID, Job: on})
}

// retries has somebody retry a workflow: its next run begins, and jobs anew.
func (s *story) retries(w *history.Workflow, jobs ...string) {
	s.acts(w, "retry", job.ID{})
	w.Run, w.Status = max(w.Run, 1)+1, workflow.Running
	for _, n := range jobs {
		s.resets(s.job(n), w.Run)
	}
}

// resets has a job begin anew in a run of its workflow.
func (s *story) resets(x *history.Job, run int) {
	x.Lives = append(x.Lives, history.Life{
		Epoch: x.Epoch, Run: max(x.Run, 1), Status: x.Status, Reason: x.Reason, Attempts: x.Attempts, Worker: x.Worker,
		Result: x.Result, StartedAt: x.StartedAt, FinishedAt: x.FinishedAt,
	})
	x.Epoch, x.Earlier, x.Attempts, x.Run = x.Epoch+1, x.Earlier+x.Attempts, 0, run
	x.Status, x.Reason, x.Cause, x.Decision, x.Worker, x.Result, x.StartedAt, x.FinishedAt = job.Pending, "", job.ID{}, "", "", "", 0, 0
	if len(x.DependsOn) > 0 {
		x.DependencyStatus = job.Waiting
	}
}

package check_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/internal/history/check"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// eventful is a story with something of everything.
func eventful(t *testing.T) *story {
	s := newStory(t)
	s.workflow("chain", "a", "b", "c")
	s.completes(s.run("w1", "a"))
	s.fails(s.run("w1", "b"), job.KindFailed)
	s.completes(s.run("w2", "b"))
	h := s.run("w1", "c")
	s.harness.Killed(s.workers["w1"].PID())
	s.wait(leaseTTL)
	s.expires(h, job.KindLeaseLost)
	s.completes(s.run("w2", "c"))
	s.begins("w1")

	s.workflow("halted", "d")
	h = s.run("w1", "d")
	s.harness.Suspended(s.workers["w1"].PID())
	s.wait(leaseTTL)
	s.expires(h, job.KindLeaseLost)
	s.completes(s.run("w2", "d"))
	s.harness.Resumed(s.workers["w1"].PID())
	s.finishes(h, job.KindCompleted)
	s.judges(h, job.KindCompleted, job.Stale)
	s.answers(h, job.KindCompleted, job.Stale)

	s.workflow("unheard", "e")
	h = s.claim("w1", "e")
	s.starts(h)
	s.wait(acceptTTL)
	s.expires(h, job.KindGivenBack)
	s.completes(s.run("w2", "e"))

	w := s.workflow("stopped", "f", "g")
	h = s.run("w1", "f")
	s.cancels(w)
	g := s.job("g")
	s.ends(g, job.Cancelled, job.ReasonUser)
	s.tells(s.api, g)
	s.completes(h)

	s.workflow("broken", "k", "l")
	h = s.run("w2", "k")
	h.job.MaxAttempts = 1
	s.finishes(h, job.KindFailed)
	s.tries(h, job.KindFailed)
	s.ends(h.job, job.Dead, job.ReasonExhausted)
	s.judges(h, job.KindFailed, job.Committed)
	s.tells(s.res, h.job)
	s.cascades("l", "k")

	s.add("alone", job.ID{})
	s.api.Record(history.Record{Kind: history.Enqueued, Job: s.job("alone").ID})
	s.completes(s.run("w2", "alone"))
	return s
}

// doctor changes a history and its final state.
type doctor struct {
	t *testing.T
	h history.History
	f history.Final
}

func (d *doctor) job(name string) *history.Job {
	i := slices.IndexFunc(d.f.Jobs, func(x history.Job) bool { return x.Name == name })
	if i < 0 {
		d.t.Fatalf("no job %s", name)
	}
	return &d.f.Jobs[i]
}

func (d *doctor) workflow(name string) *history.Workflow {
	i := slices.IndexFunc(d.f.Workflows, func(x history.Workflow) bool { return x.Name == name })
	if i < 0 {
		d.t.Fatalf("no workflow %s", name)
	}
	return &d.f.Workflows[i]
}

// find returns where the nth record of a kind about a job is.
func (d *doctor) find(kind history.Kind, name string, n int) int {
	id := d.job(name).ID
	for i, r := range d.h.Records {
		if r.Kind == kind && r.Job == id {
			if n--; n < 0 {
				return i
			}
		}
	}
	d.t.Fatalf("no such record: %s of %s", kind, name)
	return -1
}

func (d *doctor) record(kind history.Kind, name string, n int) *history.Record {
	return &d.h.Records[d.find(kind, name, n)]
}

// end returns the nth record of a workflow's end.
func (d *doctor) end(n int) *history.Record {
	for i := range d.h.Records {
		if d.h.Records[i].Kind == history.WorkflowChanged {
			if n--; n < 0 {
				return &d.h.Records[i]
			}
		}
	}
	d.t.Fatal("no such end of a workflow")
	return nil
}

func (d *doctor) drop(kind history.Kind, name string, n int) {
	i := d.find(kind, name, n)
	d.h.Records = slices.Delete(d.h.Records, i, i+1)
}

// again repeats a record a while later, changed.
func (d *doctor) again(kind history.Kind, name string, n int, after time.Duration, change func(r *history.Record)) {
	r := *d.record(kind, name, n)
	r.Time += int64(after)
	change(&r)
	d.put(r)
}

// put puts a record where its time says.
func (d *doctor) put(r history.Record) {
	i := slices.IndexFunc(d.h.Records, func(o history.Record) bool { return o.Time > r.Time })
	if i < 0 {
		i = len(d.h.Records)
	}
	d.h.Records = slices.Insert(d.h.Records, i, r)
}

func same(*history.Record) {}

var other = uuid.NewSHA1(uuid.Nil, []byte("other"))

func TestAPromiseThatIsBrokenIsFound(t *testing.T) {
	t.Parallel()
	clean := check.History(eventful(t).told())
	if err := clean.Err(); err != nil {
		t.Fatalf("before anything is broken: %v", err)
	}
	cases := []struct {
		name   string
		code   check.Code
		happen func(d *doctor)
	}{
		{"a workflow that was accepted is gone", check.LostEnqueue, func(d *doctor) {
			d.f.Workflows = slices.DeleteFunc(d.f.Workflows, func(w history.Workflow) bool { return w.Name == "unheard" })
			d.f.Jobs = slices.DeleteFunc(d.f.Jobs, func(x history.Job) bool { return x.Name == "e" })
		}},
		{"one job of a workflow is gone", check.LostEnqueue, func(d *doctor) {
			d.f.Jobs = slices.DeleteFunc(d.f.Jobs, func(x history.Job) bool { return x.Name == "l" })
			d.workflow("broken").Total, d.workflow("broken").Counters = 1, map[job.Status]int{job.Dead: 1}
		}},
		{"a job that was accepted alone is gone", check.LostEnqueue, func(d *doctor) {
			d.f.Jobs = slices.DeleteFunc(d.f.Jobs, func(x history.Job) bool { return x.Name == "alone" })
		}},
		{"a key made two workflows", check.StoredTwice, func(d *doctor) {
			d.put(history.Record{Kind: history.Enqueued, Workflow: d.workflow("halted").ID, Count: 1, Key: "key of unheard", Time: d.f.TakenAt})
		}},
		{"a job is stored twice", check.StoredTwice, func(d *doctor) { d.f.Jobs = append(d.f.Jobs, *d.job("a")) }},
		{"a workflow is stored twice", check.StoredTwice, func(d *doctor) { d.f.Workflows = append(d.f.Workflows, *d.workflow("chain")) }},
		{"a job still waits", check.NotEnded, func(d *doctor) {
			x := d.job("g")
			x.Status, x.Reason, x.FinishedAt = job.Pending, "", 0
		}},
		{"a workflow still runs", check.NotEnded, func(d *doctor) { d.workflow("chain").Status, d.workflow("chain").FinishedAt = workflow.Running, 0 }},
		{"a ready row is left", check.NotEnded, func(d *doctor) { d.f.Queues[0].Ready = 1 }},
		{"a lease is left", check.NotEnded, func(d *doctor) { d.f.Queues[0].Running = 1 }},
		{"a job ends twice, otherwise", check.TwoOutcomes, func(d *doctor) {
			d.again(history.Changed, "a", 0, time.Second, func(r *history.Record) { r.Status, r.Reason = "dead", job.ReasonExhausted })
		}},
		{"a job's end is applied twice", check.TwoOutcomes, func(d *doctor) { d.again(history.Changed, "a", 0, time.Second, same) }},
		{"a workflow ends twice", check.TwoOutcomes, func(d *doctor) {
			i := slices.IndexFunc(d.h.Records, func(r history.Record) bool { return r.Kind == history.WorkflowChanged })
			d.h.Records = append(d.h.Records, d.h.Records[i])
		}},
		{"an end is changed later", check.OutcomeChanged, func(d *doctor) {
			x := d.job("g")
			x.Status, x.Reason = job.Dead, job.ReasonExhausted
		}},
		{"a workflow's end is changed later", check.OutcomeChanged, func(d *doctor) { d.workflow("stopped").Status = workflow.Failed }},
		{"a child starts before its parent has ended", check.EarlyStart, func(d *doctor) {
			d.record(history.Started, "b", 0).Time = d.job("a").FinishedAt - 1
		}},
		{"a child starts before its parent is reported", check.EarlyStart, func(d *doctor) {
			d.job("a").FinishedAt -= int64(time.Second)
			d.record(history.Started, "b", 0).Time = d.record(history.Sent, "a", 0).Time - 1
		}},
		{"a child of a failed parent starts", check.EarlyStart, func(d *doctor) {
			d.again(history.Started, "k", 0, time.Second, func(r *history.Record) { r.Job, r.Lease = d.job("l").ID, other })
		}},
		{"a copy of a delivery starts a completed job again", check.LateStart, func(d *doctor) { d.again(history.Started, "a", 0, time.Minute, same) }},
		{"a counter is one too high", check.WrongCounters, func(d *doctor) { d.workflow("chain").Counters[job.Completed]++ }},
		{"a counter counts another status", check.WrongCounters, func(d *doctor) {
			d.workflow("broken").Counters = map[job.Status]int{job.Failed: 1, job.UpstreamFailed: 1}
		}},
		{"a workflow completed though a job did not", check.WrongStatus, func(d *doctor) { d.workflow("broken").Status = workflow.Completed }},
		{"a workflow failed though all completed", check.WrongStatus, func(d *doctor) { d.workflow("chain").Status = workflow.Failed }},
		{"a workflow ended before its jobs", check.WrongStatus, func(d *doctor) { d.workflow("chain").FinishedAt = d.job("b").FinishedAt }},
		{"an edge is lost", check.WrongEdge, func(d *doctor) { d.job("b").Edges = nil }},
		{"an edge is not resolved", check.WrongEdge, func(d *doctor) { d.job("b").Edges[0].State = workflow.EdgeUnresolved }},
		{"a broken edge is active", check.WrongEdge, func(d *doctor) { d.job("l").Edges[0].State = workflow.EdgeActive }},
		{"a job completed though its parent did not", check.WrongDependency, func(d *doctor) { d.job("a").Status = job.Dead }},
		{"a job failed from upstream though its parent completed", check.WrongDependency, func(d *doctor) {
			x := d.job("c")
			x.Status, x.Reason, x.Cause = job.UpstreamFailed, job.ReasonUpstream, d.job("a").ID
		}},
		{"a job failed from upstream has no cause", check.WrongDependency, func(d *doctor) { d.job("l").Cause = job.ID{} }},
		{"a job is attempted once too often", check.TooManyAttempts, func(d *doctor) { d.job("b").MaxAttempts = 1 }},
		{"an attempt is not counted", check.WrongAttempts, func(d *doctor) { d.job("b").Attempts = 1 }},
		{"a give-back is counted", check.WrongAttempts, func(d *doctor) { d.job("e").Attempts = 2 }},
		{"a try is lost", check.WrongAttempts, func(d *doctor) { d.job("e").Tries = nil }},
		{"an attempt gets a number that was used", check.WrongAttempts, func(d *doctor) {
			d.record(history.Started, "b", 1).Attempt, d.record(history.Claimed, "b", 1).Attempt = 1, 1
		}},
		{"a copy of a delivery starts a job twice", check.StartedTwice, func(d *doctor) { d.again(history.Started, "a", 0, time.Microsecond, same) }},
		{"another life of the worker starts a copy of a delivery", check.StartedTwice, func(d *doctor) {
			d.again(history.Started, "c", 0, time.Second, func(r *history.Record) { r.Instance = "99" })
		}},
		{"a handler starts under a lease that nobody claimed", check.UnclaimedStart, func(d *doctor) {
			d.drop(history.Claimed, "alone", 0)
		}},
		{"a worker starts what another one was given", check.UnclaimedStart, func(d *doctor) { d.record(history.Started, "alone", 0).Worker = "w1" }},
		{"two dispatchers claim one job", check.TwoHolders, func(d *doctor) {
			d.again(history.Claimed, "a", 0, time.Microsecond, func(r *history.Record) { r.Lease, r.Worker = other, "w2" })
		}},
		{"two workers run one job at once", check.TwoHolders, func(d *doctor) {
			d.again(history.Started, "a", 0, time.Microsecond, func(r *history.Record) { r.Lease, r.Worker = other, "w2" })
		}},
		{"a job runs again and no try says why", check.UnexplainedRerun, func(d *doctor) { d.job("b").Tries[0].Lease = other }},
		{"a job runs again after a failure that did not happen", check.UnexplainedRerun, func(d *doctor) {
			d.record(history.Finished, "b", 0).Outcome = job.KindTimedOut
			d.job("b").Tries[0].Outcome = job.KindTimedOut
			d.drop(history.Finished, "b", 0)
		}},
		{"a job runs again because it was interrupted, and nobody did", check.UnexplainedRerun, func(d *doctor) {
			d.job("b").Tries[0].Outcome = job.KindCancelled
			d.record(history.Finished, "b", 0).Outcome = job.KindCancelled
			d.record(history.Sent, "b", 0).Outcome = job.KindCancelled
		}},
		{"a lease is taken from a worker that was just heard", check.LiveLeaseLost, func(d *doctor) {
			x := d.job("d")
			d.put(history.Record{
				Kind: history.Beat, Process: "worker-w1", Instance: "8", Worker: "w1", Leases: []job.ID{x.Tries[0].Lease}, TTL: int64(leaseTTL),
				Since: x.Tries[0].FinishedAt - int64(leaseTTL) + int64(time.Millisecond), Time: x.Tries[0].FinishedAt - int64(time.Second),
			})
		}},
		{"a lease that was accepted is taken for one that was not", check.LiveLeaseLost, func(d *doctor) {
			x := d.job("e")
			d.put(history.Record{
				Kind: history.Beat, Worker: "w1", Leases: []job.ID{x.Tries[0].Lease}, TTL: int64(leaseTTL),
				Since: x.Tries[0].ClaimedAt + int64(time.Second), Time: x.Tries[0].ClaimedAt + int64(time.Second),
			})
		}},
		{"a lease is taken back before its first time is over", check.LiveLeaseLost, func(d *doctor) { d.job("e").Tries[0].FinishedAt -= int64(time.Second) }},
		{"a failure is stored that no worker reported", check.InventedAttempt, func(d *doctor) { d.drop(history.Sent, "k", 0) }},
		{"a try is stored for another worker", check.InventedAttempt, func(d *doctor) { d.job("b").Tries[0].Worker = "w2" }},
		{"a result is stored that no handler returned", check.InventedResult, func(d *doctor) { d.job("alone").Result = history.Hash([]byte("1")) }},
		{"a handler runs for a barrier", check.InventedResult, func(d *doctor) { d.job("alone").Barrier = true }},
		{"a job completed that no handler ran", check.InventedResult, func(d *doctor) { d.drop(history.Started, "alone", 0) }},
		{"a committed result is replaced", check.BrokenVerdict, func(d *doctor) { d.job("a").Result = history.Hash([]byte("1")) }},
		{"a committed outcome is lost", check.BrokenVerdict, func(d *doctor) {
			x := d.job("alone")
			x.Status, x.Reason = job.Cancelled, job.ReasonUser
		}},
		{"a committed outcome is stored for another claim", check.BrokenVerdict, func(d *doctor) { d.job("a").Epoch = 1 }},
		{"a committed failure is not stored", check.BrokenVerdict, func(d *doctor) { d.job("k").Tries = nil }},
		{"two workers are told committed for one claim", check.ContraryVerdicts, func(d *doctor) {
			d.again(history.Resolved, "a", 0, time.Second, func(r *history.Record) { r.Lease = other })
		}},
		{"an outcome is told committed and stale", check.ContraryVerdicts, func(d *doctor) {
			d.again(history.Answered, "a", 0, time.Second, func(r *history.Record) { r.Verdict = job.Stale })
		}},
		{"a stale result is stored", check.StaleCounted, func(d *doctor) {
			// The outcome of the suspended worker, with the lease of the first claim.
			stale := d.record(history.Answered, "d", 1)
			d.job("d").Result, d.job("d").Epoch, d.job("d").Worker = stale.Result, stale.Epoch, "w1"
		}},
		{"a job is claimed after its workflow's cancel, and starts", check.StartAfterCancel, func(d *doctor) {
			i := slices.IndexFunc(d.h.Records, func(r history.Record) bool { return r.Kind == history.Cancelled })
			d.job("f").StartedAt = d.h.Records[i].Time + 1
		}},
		{"a job is claimed after its own cancel, and starts", check.StartAfterCancel, func(d *doctor) {
			d.put(history.Record{Kind: history.Cancelled, Job: d.job("b").ID, Time: d.job("b").Tries[0].FinishedAt})
		}},
		{"a worker starts a job while it drains", check.StartWhileDraining, func(d *doctor) {
			r := *d.record(history.Started, "alone", 0)
			d.put(history.Record{Kind: history.Draining, Process: r.Process, Instance: r.Instance, Worker: r.Worker, Time: r.Time - 1})
		}},
		{"a handler gets another job's payload", check.PayloadChanged, func(d *doctor) {
			d.record(history.Started, "a", 0).Payload = d.job("b").Payload
		}},
	}
	tried := map[check.Code]bool{}
	for _, c := range tales {
		for _, f := range c.faults {
			tried[f.code] = true
		}
	}
	for _, c := range cases {
		tried[c.code] = true
		t.Run(c.name, func(t *testing.T) {
			h, f := eventful(t).told()
			d := &doctor{t, h, f}
			c.happen(d)
			slices.SortStableFunc(d.h.Records, func(a, b history.Record) int { return int(a.Time - b.Time) })
			r := check.History(d.h, d.f)
			if !r.Has(c.code) {
				t.Errorf("it is not found as %s; found are %v", c.code, r.Violations)
			}
			for _, v := range r.Violations {
				if v.Text == "" || strings.Contains(v.Text, "%!") {
					t.Errorf("it is told as %q", v)
				}
			}
		})
	}
	if len(tried) != len(check.Codes) {
		t.Errorf("%d of the %d promises are tried", len(tried), len(check.Codes))
	}
}

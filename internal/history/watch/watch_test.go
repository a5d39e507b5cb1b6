package watch_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/internal/history/check"
	"github.com/hammerwork/hammerwork/internal/history/watch"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/sqlite"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// rig is a store whose transactions are recorded, on a clock that is moved by
// hand.
type rig struct {
	t      *testing.T
	now    time.Time
	memory *history.Memory
	plain  store.Store
	store  store.Store
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, now: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	now := func() time.Time { return r.now }
	r.memory = history.NewMemory(now)
	s, err := sqlite.OpenVolatile(t.Context(), filepath.Join(t.TempDir(), "x.db"), store.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	r.plain, r.store = s, watch.Store(s, r.memory.Recorder("services"))
	return r
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// chain is a workflow of a and then b.
func (r *rig) chain(name string, more ...job.ID) *workflow.Workflow {
	r.t.Helper()
	a, b := job.New("q", 1).WithName("a"), job.New("q", 2).WithName("b")
	b.DependsOnJobs(a)
	b.DependsOnIDs(more...)
	w := &workflow.Workflow{ID: job.NewID(), Name: name, Jobs: []*job.Job{a, b}}
	if err := w.Validate(); err != nil {
		r.t.Fatal(err)
	}
	return w
}

// alone is a job of no workflow.
func (r *rig) alone(delay time.Duration) []*job.Job {
	r.t.Helper()
	list := []*job.Job{job.New("q", 3).WithName("alone").WithDelay(delay)}
	if err := workflow.ValidateJobs(list); err != nil {
		r.t.Fatal(err)
	}
	return list
}

func (r *rig) claim() store.Claimed {
	r.t.Helper()
	leases := must[[]store.Lease](r.t)(r.store.Claim(r.t.Context(), []store.Grant{{Lease: uuid.New(), Worker: "w", Limit: 1}}, false))
	if len(leases) != 1 || len(leases[0].Jobs) != 1 {
		r.t.Fatalf("claimed %v", leases)
	}
	return leases[0].Jobs[0]
}

// kinds are the kinds of the records that a step made.
func (r *rig) kinds(step func()) []history.Kind {
	before := len(r.memory.History().Records)
	step()
	var list []history.Kind
	for _, x := range r.memory.History().Records[before:] {
		list = append(list, x.Kind)
	}
	return list
}

func TestWhatATransactionCommittedIsRecorded(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	w := r.chain("w")
	key := store.EnqueueOptions{Key: store.Key{Value: "k"}}
	var c store.Claimed
	for _, x := range []struct {
		what string
		want []history.Kind
		step func()
	}{
		{"an enqueue", []history.Kind{history.Enqueued}, func() { must[store.Enqueued](t)(r.store.EnqueueWorkflow(ctx, w, key)) }},
		{"its repetition", []history.Kind{history.Enqueued}, func() {
			if _, err := r.store.EnqueueWorkflow(ctx, w, store.EnqueueOptions{}); !errors.Is(err, store.ErrExists) {
				t.Errorf("%v", err)
			}
		}},
		{"the same key", []history.Kind{history.Enqueued}, func() { must[store.Enqueued](t)(r.store.EnqueueWorkflow(ctx, r.chain("again"), key)) }},
		{"a refused enqueue", nil, func() {
			if _, err := r.store.EnqueueWorkflow(ctx, r.chain("lost", job.NewID()), store.EnqueueOptions{}); !errors.Is(err, store.ErrUnknownParent) {
				t.Errorf("%v", err)
			}
		}},
		{"a job alone", []history.Kind{history.Enqueued}, func() {
			list := r.alone(time.Minute)
			must[store.Enqueued](t)(r.store.EnqueueJobs(ctx, list, nil))
			c.Fence.Job = list[0].ID
		}},
		{"its cancel", []history.Kind{history.Cancelled, history.Changed}, func() {
			must[store.Resolution](t)(r.store.CancelJob(ctx, c.Fence.Job, 0))
		}},
		{"a claim", []history.Kind{history.Claimed}, func() { c = r.claim() }},
		{"an expired lease", []history.Kind{history.Changed}, func() {
			r.now = r.now.Add(time.Minute)
			must[store.Resolution](t)(r.store.ExpireLeases(ctx, 10))
		}},
		{"a stale outcome", []history.Kind{history.Resolved}, func() {
			must[store.Resolution](t)(r.store.Resolve(ctx, []job.Outcome{{Fence: c.Fence, Kind: job.KindCompleted}}))
		}},
		{"an outcome", []history.Kind{history.Resolved, history.Changed}, func() {
			c = r.claim()
			must[store.Resolution](t)(r.store.Resolve(ctx, []job.Outcome{{Fence: c.Fence, Kind: job.KindCompleted}}))
		}},
		{"a pause", []history.Kind{history.Steered, history.WorkflowChanged}, func() {
			must[store.Resolution](t)(r.store.PauseWorkflow(ctx, w.ID, store.Actor{}))
		}},
		{"a plan", nil, func() {
			if _, _, err := r.store.RetryWorkflow(ctx, store.Retry{Workflow: w.ID, Mode: workflow.RetryAll}, true, store.Actor{}); err != nil {
				t.Error(err)
			}
		}},
		{"a resume", []history.Kind{history.Steered, history.WorkflowChanged}, func() {
			must[store.Resolution](t)(r.store.ResumeWorkflow(ctx, w.ID, store.Actor{}))
		}},
		{"a refused retry", nil, func() {
			if _, _, err := r.store.RetryWorkflow(ctx, store.Retry{Workflow: w.ID}, false, store.Actor{}); !errors.Is(err, job.ErrWrongState) {
				t.Errorf("%v", err)
			}
		}},
		{"a cancel", []history.Kind{history.Cancelled, history.Changed, history.WorkflowChanged}, func() {
			must[store.Resolution](t)(r.store.CancelWorkflow(ctx, w.ID, 0, store.Actor{}))
		}},
		{"a retry", []history.Kind{history.Steered, history.Changed, history.WorkflowChanged}, func() {
			if _, _, err := r.store.RetryWorkflow(ctx, store.Retry{Workflow: w.ID}, false, store.Actor{}); err != nil {
				t.Error(err)
			}
		}},
	} {
		got := r.kinds(x.step)
		if x.what == "an outcome" {
			got = got[1:] // the claim
		}
		if !slices.Equal(got, x.want) {
			t.Errorf("%s is recorded as %v; want %v", x.what, got, x.want)
		}
	}
}

// The final state and the records of services alone: what workers did is
// missing.
func TestTheFinalStateHoldsWhatIsStored(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	w := r.chain("w")
	must[store.Enqueued](t)(r.store.EnqueueWorkflow(ctx, w, store.EnqueueOptions{}))
	first := r.claim()
	must[store.Resolution](t)(r.store.Resolve(ctx, []job.Outcome{{Fence: first.Fence, Kind: job.KindGivenBack}}))
	second := r.claim()
	r.now = r.now.Add(time.Second)
	must[store.Resolution](t)(r.store.Resolve(ctx, []job.Outcome{{Fence: second.Fence, Kind: job.KindCompleted, Result: []byte(`"r"`)}}))
	third := r.claim()
	must[store.Resolution](t)(r.store.Resolve(ctx, []job.Outcome{{Fence: third.Fence, Kind: job.KindFailed, Permanent: true}}))
	must[store.Enqueued](t)(r.store.EnqueueJobs(ctx, r.alone(0), nil))

	dir := t.TempDir()
	if err := watch.Save(ctx, dir, r.plain); err != nil {
		t.Fatal(err)
	}
	f, err := history.ReadFinal(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Workflows) != 1 || len(f.Jobs) != 3 || len(f.Queues) != 1 || f.Queues[0].Ready != 1 {
		t.Fatalf("%+v", f)
	}
	a, b, alone := f.Jobs[0], f.Jobs[1], f.Jobs[2]
	if a.Status != job.Completed || a.Epoch != 1 || a.Attempts != 1 || a.Result != history.Hash([]byte(`"r"`)) || a.Payload != history.Hash([]byte("1")) ||
		len(a.Tries) != 1 || a.Tries[0].Lease != first.Fence.Lease || a.Tries[0].Outcome != job.KindGivenBack || a.FinishedAt != r.now.UnixNano() {
		t.Errorf("a is %+v", a)
	}
	if b.Status != job.Failed || b.DependsOn[0] != a.ID || b.Edges[0].Parent != a.ID || b.Edges[0].State != workflow.EdgeActive || b.Tries[0].Lease != third.Fence.Lease {
		t.Errorf("b is %+v", b)
	}
	if alone.Status != job.Pending || alone.Payload != history.Hash([]byte("3")) {
		t.Errorf("alone is %+v", alone)
	}
	if x := f.Workflows[0]; x.Status != workflow.Failed || x.Total != 2 || x.Counters[job.Completed] != 1 || x.Counters[job.Failed] != 1 {
		t.Errorf("the workflow is %+v", x)
	}
	report := check.History(r.memory.History(), f)
	for _, v := range report.Violations {
		if !slices.Contains([]check.Code{check.NotEnded, check.InventedResult, check.InventedAttempt}, v.Code) {
			t.Errorf("%s", v)
		}
	}
	for _, code := range []check.Code{check.NotEnded, check.InventedResult, check.InventedAttempt} {
		if !report.Has(code) {
			t.Errorf("%s is not found", code)
		}
	}
}

// What a retry takes back stays, and so does who asked for it.
func TestTheFinalStateHoldsWhatJobsWereBeforeTheyWereReset(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	w := r.chain("w")
	b := w.Jobs[1]
	b.Condition, b.Payload, b.With = "counts.completed == 1", []byte(`{"x": "<"}`), map[string]string{"y": "deps.a.attempts"}
	must[store.Enqueued](t)(r.store.EnqueueWorkflow(ctx, w, store.EnqueueOptions{}))
	first := r.claim()
	must[store.Resolution](t)(r.store.Resolve(ctx, []job.Outcome{{Fence: first.Fence, Kind: job.KindFailed, Permanent: true}}))
	failed := r.now
	r.now = r.now.Add(time.Second)
	if _, _, err := r.store.RetryWorkflow(ctx, store.Retry{Workflow: w.ID, Payloads: map[job.ID]json.RawMessage{w.Jobs[0].ID: []byte("7")}}, false, store.Actor{}); err != nil {
		t.Fatal(err)
	}
	again := r.claim()
	must[store.Resolution](t)(r.store.Resolve(ctx, []job.Outcome{{Fence: again.Fence, Kind: job.KindCompleted}}))
	handed := r.claim()
	f := must[history.Final](t)(watch.Final(ctx, r.plain, r.now))
	want := history.Life{Run: 1, Status: job.Failed, Reason: job.ReasonPermanent, Attempts: 1, Worker: "w", Payload: history.Hash([]byte("1")), StartedAt: failed.UnixNano(), FinishedAt: failed.UnixNano()}
	if a := f.Jobs[0]; len(a.Lives) != 1 || a.Lives[0] != want || a.Run != 2 || a.Epoch != 1 || a.Earlier != 1 || a.Payload != history.Hash([]byte("7")) {
		t.Errorf("a is %+v", a)
	}
	if b := f.Jobs[1]; b.Asks == nil || !b.Asks.Condition || b.Asks.Value == nil || !*b.Asks.Value || b.Asks.Payload != history.Hash(handed.Payload) {
		t.Errorf("b is %+v, it got %s", b, handed.Payload)
	}
	if x := f.Workflows[0]; x.Run != 2 || len(x.Acts) != 1 || x.Acts[0].Action != "retry" || x.Acts[0].At != r.now.UnixNano() {
		t.Errorf("the workflow is %+v", x)
	}
}

// A barrier has no handler, and nobody misses one.
func TestTheFinalStateSaysWhichJobsAreBarriers(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	w := r.chain("w")
	w.Jobs[1].Barrier, w.Jobs[1].Payload = true, nil
	must[store.Enqueued](t)(r.store.EnqueueWorkflow(ctx, w, store.EnqueueOptions{}))
	c := r.claim()
	must[store.Resolution](t)(r.store.Resolve(ctx, []job.Outcome{{Fence: c.Fence, Kind: job.KindCompleted}}))
	f := must[history.Final](t)(watch.Final(ctx, r.plain, r.now))
	if b := f.Jobs[1]; b.Status != job.Completed || !b.Barrier || f.Jobs[0].Barrier {
		t.Fatalf("%+v", f.Jobs)
	}
	for _, v := range check.History(r.memory.History(), f).Violations {
		if !strings.HasPrefix(v.Text, "a completed on w in epoch 0, and no handler") { // there is no worker here
			t.Errorf("%s", v)
		}
	}
}

func TestWithoutARecorderNothingIsWrapped(t *testing.T) {
	r := newRig(t)
	if watch.Store(r.plain, nil) != r.plain {
		t.Error("the store is")
	}
	if watch.Bus(nil, nil) != nil || watch.Worker(nil, "w", nil) != nil {
		t.Error("bus or worker is")
	}
}

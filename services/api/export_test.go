package api_test

import (
	"cmp"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

// manifold has what workflow files can say, apart from schedules.
const manifold = `
name: manifold
description: "Two\nlines"
metadata: {owner: data}
failure_policy: manual
decision_timeout: 1h0m0.5s
decision_default: skip
priority: high
timeout: 2h
retry: {strategy: linear, initial_delay: 1s, increment: 2s, max_delay: 1m, max_attempts: 4, jitter: none}
health_check_interval: 1m
correlation_id: order 7
jobs:
- {name: a, queue: q, payload: {n: 1.50, s: "<", d: 2030-01-31, y: "on", z: "1e3"}, priority: low, timeout: 1s, deadline: 1h, delay: 2s, correlation_id: c}
- {name: b, queue: q, scheduled_at: "2030-01-31T08:00:00.5+01:00", retry: {strategy: exponential, initial_delay: 1s, multiplier: 2, max_attempts: 2}, allow_failure: true}
- {name: c, queue: q, depends_on: [a, {job: b, on: done, optional: true}], join: merge, condition: deps.a.result.n > 1, unmet: pass, with: {x: deps.a.result}}
- {name: d, queue: q, depends_on: [{job: b, on: failure}, {job: a, on: failure}], join: {quorum: 1}, catch: true}
- {name: e, queue: q, finally: true}
- {name: f, gate: {type: approval, expires_after: 1h, default: approve}, depends_on: [a]}
- {name: g, gate: {type: signal, expires_after: 1h, default: {n: 1.50}}, depends_on: [a]}
- {name: h, gate: {type: timer, wait: 90s}, depends_on: [a]}
- {name: i, gate: {type: timer, until: "2030-01-31T08:00:00.5+01:00"}, depends_on: [a]}
- {name: j, gate: signal, deadline: 3h}
- {name: k, queue: q, batch: {payloads: [1, {n: 1.50}, null], mode: collect_errors}, priority: low, timeout: 9s, retry: {max_attempts: 7}, depends_on: [a]}
- {name: l, queue: q, payload: {n: 1}, map: {over: deps.a.result, max_parallel: 3, tolerate: -1}, depends_on: [a], retry: {max_attempts: 8}}
- {name: m, priority: critical, workflow: {name: inner, failure_policy: fail_fast, running: cancel, timeout: 1h, retry: {max_attempts: 3}, jobs: [{name: x, queue: q, priority: normal}, {name: y, workflow: {jobs: [{name: z, queue: q}, {name: u, queue: q, batch: {payloads: [1]}}]}, depends_on: [x]}]}, depends_on: [{job: a, on: done}]}
- {name: n, queue: q, inherit: true, depends_on: [a], join: any}
`

// plain writes what a workflow that has passed Validate says and what its jobs
// have, whoever says it. Ids, traces and schedules are left out.
func plain(t *testing.T, w *workflow.Workflow) string {
	t.Helper()
	var b strings.Builder
	write := json.NewEncoder(&b)
	add := func(v any) {
		t.Helper()
		if err := write.Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	add([]any{w.Name, w.Description, w.Metadata, w.FailurePolicy, w.Running, w.DecisionTimeout, w.DecisionDefault, w.Timeout, w.HealthCheckInterval, w.CorrelationID})
	for _, from := range w.Jobs {
		j := *from
		normal := job.Normal
		j.ID, j.TraceID, j.Cron, j.ScheduledAt = job.ID{}, "", "", j.ScheduledAt.UTC()
		j.Join.Rule = cmp.Or(j.Join.Rule, job.JoinAll)
		j.Unmet = cmp.Or(j.Unmet, job.UnmetSkip)
		j.CorrelationID = cmp.Or(j.CorrelationID, w.CorrelationID)
		if string(j.Payload) == "null" {
			j.Payload = nil
		}
		j.DependsOn = append([]job.Dependency(nil), j.DependsOn...)
		for i := range j.DependsOn {
			j.DependsOn[i].Parent = job.ID{}
		}
		retry := job.RetryPolicy{}
		if p := cmp.Or(j.Retry, w.Retry); p != nil {
			retry = *p
		}
		retry = retry.WithDefaults()
		j.Retry, j.Priority = &retry, cmp.Or(j.Priority, w.Priority, &normal)
		if j.Gate != nil {
			g := *j.Gate
			g.Until = g.Until.UTC()
			j.Gate = &g
		}
		parts := workflow.PartsOf(&j)
		j.Parts = nil
		add(j)
		if parts == nil {
			continue
		}
		add([]any{parts.Kind, parts.Mode, parts.Over, parts.MaxParallel, parts.Tolerate})
		if parts.Workflow != nil {
			b.WriteString(plain(t, parts.Workflow))
		}
	}
	return b.String()
}

// export asks for the workflow file of a workflow.
func (r *rig) export(id string) *answer {
	r.t.Helper()
	a := r.get("/api/v1/workflows/" + id + "/export")
	if a.status != http.StatusOK {
		r.t.Fatalf("%d %s", a.status, a.body)
	}
	return a
}

// workflowFiles are the workflow files of this repository by name.
func workflowFiles(t *testing.T) map[string][]byte {
	t.Helper()
	found := map[string][]byte{"manifold.yaml": []byte(manifold)}
	add := func(name string, data []byte) {
		if kind := filepath.Ext(name); kind == ".yaml" || kind == ".json" {
			found[name] = data
		}
	}
	for _, root := range []string{"../../examples", "../../cmd/hammerwork/testdata/script"} {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			add(path, data)
			if filepath.Ext(path) == ".txt" {
				for _, f := range txtar.Parse(data).Files {
					add(path+":"+f.Name, f.Data)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func TestAWorkflowThatIsExportedIsTheOneThatWasEnqueued(t *testing.T) {
	r := start(t, config(), nil)
	tried := 0
	for name, data := range workflowFiles(t) {
		w, err := workflowfile.Parse(name, data, workflowfile.Options{})
		if err != nil {
			continue // a file with faults, or another one
		}
		tried++
		w.Schedule = nil // of an instance nothing is left of it
		want := plain(t, w)
		if _, err := r.store.EnqueueWorkflow(t.Context(), w, store.EnqueueOptions{}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		file := r.export(w.ID.String()).body
		again, err := workflowfile.Parse("exported.json", file, workflowfile.Options{})
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, file)
			continue
		}
		if got := plain(t, again); got != want {
			t.Errorf("%s\n got %s\nwant %s", name, got, want)
		}
		id := r.create(string(file))
		if second := r.export(id).body; string(second) != string(file) {
			t.Errorf("%s is exported as\n%s\nand then as\n%s", name, file, second)
		}
	}
	if tried < 20 {
		t.Errorf("only %d files were tried", tried)
	}
}

func TestAnExportSaysOnceWhatJobsHaveInCommonAndNothingThatIsUsual(t *testing.T) {
	r := start(t, config(), nil)
	const file = `{"name":"w","failure_policy":"fail_fast","retry":{"strategy":"fixed","max_attempts":2,"initial_delay":"1s","increment":"1s","multiplier":2,"max_delay":"5m0s","jitter":"none"},` +
		`"jobs":[{"name":"a","queue":"q"},{"name":"b","queue":"q","depends_on":["a",{"job":"ok","on":"done"}],"retry":{"strategy":"exponential","max_attempts":3,"initial_delay":"1s","increment":"1s","multiplier":2,"max_delay":"5m0s","jitter":"full"}},` +
		`{"name":"c","queue":"q"},{"name":"ok","gate":{"type":"approval"}}]}`
	if got := string(r.export(r.create(file)).body); got != file {
		t.Errorf("got %s", got)
	}
}

func TestWhatHandlersSpawnedIsLeftOutOfAnExport(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(`{"name": "w", "jobs": [{"name": "split", "queue": "q"}, {"name": "join", "queue": "q", "depends_on": ["split"]}]}`)
	before := r.export(id)
	part := job.Spawned{Job: job.New("q", 1).WithName("part"), Before: []string{"join"}}
	spawning := job.Outcome{Fence: r.claim(1)[0].Fence, Kind: job.KindCompleted, Result: []byte("1"), Spawned: []job.Spawned{part}}
	if _, err := r.store.Resolve(t.Context(), []job.Outcome{spawning}); err != nil {
		t.Fatal(err)
	}
	if w := into[wire.Workflow](r.get("/api/v1/workflows/"+id), http.StatusOK); len(w.Jobs) != 3 || len(w.Jobs[1].DependsOn) != 2 {
		t.Fatalf("nothing was spawned: %+v", w.Jobs)
	}
	after := r.export(id)
	if string(after.body) != string(before.body) || after.header.Get("Hammerwork-Spawned") != "1" || before.header.Get("Hammerwork-Spawned") != "0" {
		t.Errorf("%s spawned:\n%s\nbefore:\n%s", after.header.Get("Hammerwork-Spawned"), after.body, before.body)
	}
}

func TestWhatNoFileCanSayIsNotExported(t *testing.T) {
	r := start(t, config(), nil)
	alone := job.New("q", nil)
	outside := workflow.NewWorkflow("w").Add(job.New("q", nil).WithName("a").DependsOnIDs(alone.ID))
	batch := workflow.NewBatch("q", []any{1, 2}).WithName("many")
	whole := workflow.NewWorkflow("w").Add(batch)
	if err := workflow.ValidateJobs([]*job.Job{alone}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.store.EnqueueJobs(t.Context(), []*job.Job{alone}, nil); err != nil {
		t.Fatal(err)
	}
	for _, w := range []*workflow.Workflow{outside, whole} {
		if err := w.Validate(); err != nil {
			t.Fatal(err)
		}
		if _, err := r.store.EnqueueWorkflow(t.Context(), w, store.EnqueueOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[string]string{
		outside.ID.String():                          "depends on a job outside",
		workflow.PartsOf(batch).Workflow.ID.String(): "the items of a batch",
	} {
		p := r.get("/api/v1/workflows/"+id+"/export").problem(http.StatusConflict, wire.CodeWrongState)
		if !strings.Contains(p.Detail, want) {
			t.Errorf("got %+v", p)
		}
	}
}

package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// equal fails the test when got is not want.
func (r *rig) equal(what string, got, want any) {
	r.Helper()
	if !reflect.DeepEqual(got, want) {
		r.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// isNear fails the test when got is not want, but for the clock that runs.
func (r *rig) isNear(what string, got, want time.Duration) {
	r.Helper()
	if d := got - want; d < -2*slack || d > 2*slack {
		r.Errorf("%s: got %s, want %s", what, got, want)
	}
}

// wantJob says how a job stands: "completed", or a status and a reason like
// "dead exhausted".
func (r *rig) wantJob(id job.ID, want string) {
	r.Helper()
	rec := r.job(id)
	if got := standing(rec); got != want {
		r.Errorf("job %s is %q, want %q", rec.Name, got, want)
	}
}

// wantJobs says how jobs of a workflow stand, each as "name: status reason".
func (r *rig) wantJobs(id job.ID, want ...string) {
	r.Helper()
	got := make(map[string]string)
	for _, rec := range r.jobs(id) {
		got[rec.Name] = standing(rec)
	}
	for _, line := range want {
		name, status, _ := strings.Cut(line, ": ")
		if got[name] != status {
			r.Errorf("job %s is %q, want %q", name, got[name], status)
		}
	}
}

func standing(rec store.JobRecord) string {
	return strings.TrimSpace(string(rec.Status) + " " + string(rec.Reason))
}

// wantWorkflow says how a workflow stands.
func (r *rig) wantWorkflow(id job.ID, want workflow.Status) {
	r.Helper()
	if got := r.workflow(id).Status; got != want {
		r.Errorf("the workflow is %s, want %s", got, want)
	}
	got, err := r.s.WorkflowStatus(r.ctx, id)
	r.ok(err, "status")
	r.equal("status", got, want)
}

// wantTally says what a workflow's counters are.
func (r *rig) wantTally(id job.ID, want workflow.Tally) {
	r.Helper()
	if got := r.workflow(id).Tally; got != want {
		r.Errorf("the tally is %+v, want %+v", got, want)
	}
}

// wantIdle fails the test when anything is claimable.
func (r *rig) wantIdle() {
	r.Helper()
	if got := r.claimAll(); len(got) > 0 {
		r.Fatalf("claimable are %v, want nothing", names(got))
	}
}

// wantAbsent fails the test when a job is stored.
func (r *rig) wantAbsent(ids ...job.ID) {
	r.Helper()
	for _, id := range ids {
		_, err := r.s.Job(r.ctx, id)
		r.isErr("job "+id.String(), err, job.ErrNotFound)
	}
}

// count returns the number of rows of a table.
func (r *rig) count(table string) int {
	r.Helper()
	rows := r.query("SELECT count(*) AS n FROM " + table)
	return number(rows[0]["n"])
}

// wantRows says how many rows a table has.
func (r *rig) wantRows(table string, want int) {
	r.Helper()
	if got := r.count(table); got != want {
		r.Errorf("%s has %d rows, want %d", table, got, want)
	}
}

// query runs a SELECT that must succeed.
func (r *rig) query(query string, args ...any) []map[string]any {
	r.Helper()
	rows, err := r.Query(query, args...)
	r.ok(err, query)
	return rows
}

// stored is all that a reader can see of some workflows and jobs, and the size
// of every table.
type stored struct {
	Workflows []store.WorkflowRecord
	Jobs      []store.JobRecord
	Rows      map[string]int
}

// see reads all there is about workflows, their jobs and others.
func (r *rig) see(workflows []job.ID, others ...job.ID) stored {
	r.Helper()
	s := stored{Rows: make(map[string]int)}
	for _, id := range workflows {
		s.Workflows = append(s.Workflows, r.workflow(id))
		for _, rec := range r.jobs(id) {
			others = append(others, rec.ID)
		}
	}
	for _, id := range others {
		s.Jobs = append(s.Jobs, r.job(id))
	}
	for _, table := range []string{"jobs", "job_state", "ready", "timers", "leases", "edges", "workflows"} {
		s.Rows[table] = r.count(table)
	}
	return s
}

// unchanged fails the test when f changes anything of a workflow.
func (r *rig) unchanged(id job.ID, f func()) {
	r.Helper()
	before := r.see([]job.ID{id})
	f()
	r.equal("what is stored", r.see([]job.ID{id}), before)
}

// names returns the names of claimed jobs, in order.
func names(claimed []store.Claimed) []string {
	list := make([]string, len(claimed))
	for i, c := range claimed {
		list[i] = c.Name
	}
	return list
}

// jobIDs returns the ids of claimed jobs, sorted.
func jobIDs(claimed []store.Claimed) []job.ID {
	ids := make([]job.ID, len(claimed))
	for i, c := range claimed {
		ids[i] = c.Fence.Job
	}
	slices.SortFunc(ids, compareIDs)
	return ids
}

// heldIDs returns the ids of held jobs, sorted.
func heldIDs(held []store.Held) []job.ID {
	ids := make([]job.ID, len(held))
	for i, h := range held {
		ids[i] = h.Fence.Job
	}
	slices.SortFunc(ids, compareIDs)
	return ids
}

// events returns what happened to jobs, as "name status", in order.
func events(res store.Resolution) []string {
	var list []string
	for _, e := range res.Jobs {
		list = append(list, e.Name+" "+string(e.Status))
	}
	return list
}

// number reads an integer as any driver gives it.
func number(v any) int {
	switch v := v.(type) {
	case bool:
		if v {
			return 1
		}
		return 0
	case []byte:
		return number(string(v))
	case string:
		n, err := strconv.Atoi(v)
		if err == nil {
			return n
		}
	case nil:
	default:
		rv := reflect.ValueOf(v)
		switch {
		case rv.CanInt():
			return int(rv.Int())
		case rv.CanUint():
			return int(rv.Uint())
		case rv.CanFloat():
			return int(rv.Float())
		}
	}
	panic(fmt.Sprintf("storetest: %v (%T) is not a number", v, v))
}

// text reads a text as any driver gives it.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	panic(fmt.Sprintf("storetest: %v (%T) is not a text", v, v))
}

// identifier reads an id as any driver gives it: 16 bytes or its text form.
func identifier(v any) job.ID {
	switch v := v.(type) {
	case [16]byte:
		return v
	case job.ID:
		return v
	case []byte:
		if len(v) == 16 {
			return job.ID(v)
		}
	}
	id, err := job.ParseID(text(v))
	if err != nil {
		panic(fmt.Sprintf("storetest: %v (%T) is not an id", v, v))
	}
	return id
}

// jsonEqual fails the test when two texts are not the same JSON value.
func (r *rig) jsonEqual(what string, got json.RawMessage, want string) {
	r.Helper()
	var a, b any
	if err := json.Unmarshal(got, &a); err != nil {
		r.Errorf("%s: %q is not JSON: %v", what, got, err)
		return
	}
	r.ok(json.Unmarshal([]byte(want), &b), "decode what is wanted")
	r.equal(what, a, b)
}

// isErr fails the test when err is not target.
func (r *rig) isErr(what string, err, target error) {
	r.Helper()
	if !errors.Is(err, target) {
		r.Errorf("%s: got error %v, want %v", what, err, target)
	}
}

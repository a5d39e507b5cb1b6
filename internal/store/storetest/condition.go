package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow/condition"
)

// readers enqueues n parents p0, p1, … and jobs that depend on them all.
func (r *rig) readers(n int, readers ...*job.Job) {
	r.Helper()
	parents := tasks(n, "p")
	for _, j := range readers {
		j.DependsOnJobs(parents...)
	}
	r.enqueueTolerant(append(parents, readers...)...)
}

// completeInTurn completes what is claimable, each job in a transaction of its
// own, and returns the statements of the last.
func (r *rig) completeInTurn(result func(i int) string) (last []string) {
	r.Helper()
	for i, c := range r.claimAll() {
		last = r.named(func() { r.commit(completed(c, result(i))) })
	}
	return last
}

func testCondition(t *testing.T, open Opener) {
	const results = "results_of_jobs"

	check(t, open, "conditions and inputs read the results of parents that ended before", func(r *rig) {
		yes := task("yes").WithCondition("deps.p0.result.n == 0 && deps.p2.result.n == 2 && counts.completed == 3").WithInput("sum", "deps.p0.result.n + deps.p1.result.n")
		no := task("no").WithCondition("deps.p1.result.n == 2")
		r.readers(3, yes, no)
		last := r.completeInTurn(func(i int) string { return fmt.Sprintf(`{"n": %d}`, i) })
		r.equal("results are read in one statement", len(slices.DeleteFunc(last, func(name string) bool { return name != results })), 1)
		r.wantJob(no.ID, "skipped condition_false")
		r.jsonEqual("payload", r.claimNamed("yes")["yes"].Payload, `{"sum": 1}`)
	})

	check(t, open, "results, payloads and metadata are not loaded that no expression reads", func(r *rig) {
		j := task("j").WithCondition(`deps.p0.status == "completed" && deps.p1.attempts == 1 && counts.completed == 2`)
		r.readers(2, j)
		last := r.completeInTurn(func(int) string { return resultOf(job.MaxResult, "x") })
		for _, statement := range []string{results, "specs_of_jobs"} {
			r.equal(statement+" is among the statements", slices.Contains(last, statement), false)
		}
		r.claimNamed("j")
	})

	check(t, open, "an expression reads the payload and the metadata of its workflow", func(r *rig) {
		parent := task("parent")
		j := task("j", parent).WithCondition(`payload.day == metadata.day`)
		j.Payload = json.RawMessage(`{"day": "monday"}`)
		w := graph(parent, j)
		w.Metadata = json.RawMessage(`{"day": "monday"}`)
		r.enqueue(w)
		r.complete(r.claimOne())
		r.claimNamed("j")
	})

	check(t, open, "what reads more than an expression may fails, and the results are not loaded", func(r *rig) {
		const most = condition.MaxRead / job.MaxResult
		sum := func(n int) string {
			var list []string
			for i := range n {
				list = append(list, fmt.Sprintf("deps.p%d.result[0]", i))
			}
			return strings.Join(list, " + ") + " > 0"
		}
		largest := func(int) string { return "[1" + strings.Repeat(" ", job.MaxResult-3) + "]" }
		fits, over, input := task("fits").WithCondition(sum(most)), task("over").WithCondition(sum(most+1)), task("input").WithInput("x", sum(most+1))
		r.readers(most+2, over, input)
		last := r.completeInTurn(largest)
		r.equal("results are among the statements", slices.Contains(last, results), false)
		r.wantJob(over.ID, "failed condition_error")
		r.wantJob(input.ID, "failed input_error")
		for _, j := range []*job.Job{over, input} {
			var e store.Evaluation
			if rec := r.job(j.ID); rec.Evaluation != nil {
				e = *rec.Evaluation
			}
			if !strings.Contains(e.Error, "over 2097152 bytes together") {
				r.Errorf("the evaluation of %s says %q", j.Name, e.Error)
			}
		}
		r.readers(most+2, fits)
		last = r.completeInTurn(largest)
		r.equal("results are among the statements", slices.Contains(last, results), true)
		r.claimNamed("fits")
	})

	check(t, open, "jobs without a workflow name their parents by id", func(r *rig) {
		a, b := task("a"), task("b")
		j := task("j", a, b).WithCondition(fmt.Sprintf("deps[%q].result.n + deps[%q].result.n == 1", a.ID, b.ID))
		r.enqueueJobs(a, b, j)
		r.completeInTurn(func(i int) string { return fmt.Sprintf(`{"n": %d}`, i) })
		r.claimNamed("j")
	})

	check(t, open, "a condition that is asked while parents run sees that they do", func(r *rig) {
		a, b, c := task("a"), task("b"), task("c").WithDelay(leaseTTL)
		j := task("j", a, b, c).WithJoin(job.JoinAny).WithCondition(`deps.b.status == "running" && counts.running == 1 && counts.pending == 1`)
		r.start(a, b, c, j)
		r.complete(r.claimNamed("a", "b")["a"])
		r.claimNamed("j")
	})

	check(t, open, "a condition sees what ended earlier in its batch, however late that was loaded", func(r *rig) {
		x, a := task("x"), task("a")
		d := task("d", x).WithCondition("deps.x.result.missing == 1")
		b := task("b", d)
		c := task("c", a, b).WithJoin(job.JoinAny).WithCondition(`deps.b.status == "upstream_failed"`)
		id := r.enqueueTolerant(x, a, d, b, c)
		got := r.claimNamed("x", "a")
		r.commit(completed(got["x"], `{}`), completed(got["a"], `{}`))
		r.wantJobs(id, "x: completed", "a: completed", "d: failed condition_error", "b: upstream_failed upstream", "c: pending")
		r.claimNamed("c")
	})

	check(t, open, "many jobs read the result of one", func(r *rig) {
		var readers []*job.Job
		for i := range 300 {
			readers = append(readers, task(fmt.Sprintf("r%d", i)).WithCondition("size(deps.p0.result) == 10000"))
		}
		r.readers(2, readers...)
		r.completeInTurn(func(int) string { return resultOf(10_002, "x") })
		r.equal("claimable", len(r.claimAll()), len(readers))
	})
}

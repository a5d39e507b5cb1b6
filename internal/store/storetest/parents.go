package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// resultOf returns a JSON text of n bytes.
func resultOf(n int, fill string) string { return `"` + strings.Repeat(fill, n-2) + `"` }

// childOf runs n parents whose results have size bytes each, and claims their
// child. Results differ: parent i's is filled with letter i.
func (r *rig) childOf(n, size int) (want []store.ParentResult, child store.Claimed) {
	r.Helper()
	jobs := fanIn(n)
	r.start(jobs...)
	results := make(map[job.ID]string)
	var outcomes []job.Outcome
	for _, c := range r.claimAll() {
		result := resultOf(size, string('a'+rune(len(outcomes)%26)))
		results[c.Fence.Job] = result
		outcomes = append(outcomes, completed(c, result))
	}
	r.commit(outcomes...)
	for _, p := range jobs[:n] {
		want = append(want, store.ParentResult{Job: p.ID, Name: p.Name, Status: job.Completed, Result: []byte(results[p.ID])})
	}
	slices.SortFunc(want, func(a, b store.ParentResult) int { return compareIDs(a.Job, b.Job) })
	return want, r.claimNamed("last")["last"]
}

// fetchAll reads every page of the results of a job's parents.
func (r *rig) fetchAll(fence job.Fence) []store.ParentResult {
	r.Helper()
	var all []store.ParentResult
	var after job.ID
	for range 1000 {
		page, next, err := r.s.ParentResults(r.ctx, fence, "", after)
		r.ok(err, "parent results")
		all = append(all, page...)
		if next == (job.ID{}) {
			return all
		}
		if len(page) == 0 || next != page[len(page)-1].Job {
			r.Fatalf("after a page of %d the cursor is %s", len(page), next)
		}
		after = next
	}
	r.Fatalf("the pages never end")
	return nil
}

// sameResults compares parents' results byte for byte.
func (r *rig) sameResults(got, want []store.ParentResult) {
	r.Helper()
	if len(got) != len(want) {
		r.Errorf("got %d parents' results, want %d", len(got), len(want))
		return
	}
	for i := range want {
		g, w := got[i], want[i]
		if g.Job != w.Job || g.Name != w.Name || g.Status != w.Status || string(g.Result) != string(w.Result) {
			r.Errorf("result %d is of %s (%s, %d bytes), want %s (%s, %d bytes)", i, g.Name, g.Status, len(g.Result), w.Name, w.Status, len(w.Result))
		}
	}
}

func testParents(t *testing.T, open Opener) {
	check(t, open, "parents' results come with the job, by parent id", func(r *rig) {
		want, child := r.childOf(5, 100)
		r.equal("fetch", child.Fetch, false)
		r.sameResults(child.Parents, want)
	})

	check(t, open, "results of exactly the limit together come with the job", func(r *rig) {
		want, child := r.childOf(4, job.MaxResult/4)
		r.equal("fetch", child.Fetch, false)
		r.sameResults(child.Parents, want)
	})

	check(t, open, "results over the limit together are left to be fetched", func(r *rig) {
		want, child := r.childOf(4, job.MaxResult/4+1)
		r.equal("fetch", child.Fetch, true)
		r.equal("parents", len(child.Parents), 0)
		r.sameResults(r.fetchAll(child.Fence), want)
	})

	check(t, open, "large results are read page by page, each once", func(r *rig) {
		want, child := r.childOf(7, job.MaxResult)
		r.equal("fetch", child.Fetch, true)
		r.sameResults(r.fetchAll(child.Fence), want)
	})

	check(t, open, "1,000 small results are read completely", func(r *rig) {
		want, child := r.childOf(1000, 1000)
		r.equal("fetch", child.Fetch, true)
		r.sameResults(r.fetchAll(child.Fence), want)
	})

	check(t, open, "results that came with the job can be fetched too", func(r *rig) {
		want, child := r.childOf(3, 10)
		r.sameResults(r.fetchAll(child.Fence), want)
	})

	check(t, open, "one parent's result is read by its name", func(r *rig) {
		want, child := r.childOf(5, job.MaxResult)
		for _, w := range want {
			page, next, err := r.s.ParentResults(r.ctx, child.Fence, w.Name, job.ID{})
			r.ok(err, "parent results")
			r.equal("next", next, job.ID{})
			r.sameResults(page, []store.ParentResult{w})
		}
		for _, name := range []string{"P0", "p", "last", "p0 "} {
			page, _, err := r.s.ParentResults(r.ctx, child.Fence, name, job.ID{})
			r.ok(err, fmt.Sprintf("parent results of %q", name))
			r.equal(fmt.Sprintf("results of %q", name), len(page), 0)
		}
	})

	check(t, open, "many jobs of one claim each get their own parents' results", func(r *rig) {
		var jobs []*job.Job
		for i := range 50 {
			p, q := task(fmt.Sprintf("p%d", i)), task(fmt.Sprintf("q%d", i))
			jobs = append(jobs, p, q, task(fmt.Sprintf("c%d", i), p, q))
		}
		r.start(jobs...)
		r.commit(endings(r.claimAll(), func(c store.Claimed) job.Outcome { return completed(c, `"`+c.Name+`"`) })...)
		children := r.claimAll()
		r.equal("children", len(children), 50)
		for _, c := range children {
			got := make(map[string]string)
			for _, p := range c.Parents {
				got[p.Name] = string(p.Result)
			}
			n := c.Name[1:]
			r.equal("parents of "+c.Name, got, map[string]string{"p" + n: `"p` + n + `"`, "q" + n: `"q` + n + `"`})
		}
	})

	check(t, open, "of several jobs of one claim only those with large results are left to be fetched", func(r *rig) {
		big, small := task("big"), task("small")
		r.start(big, small, task("of-big", big), task("of-small", small), task("of-both", big, small))
		got := r.claimNamed("big", "small")
		r.commit(completed(got["big"], resultOf(job.MaxResult, "x")), completed(got["small"], `1`))
		children := r.claimNamed("of-big", "of-small", "of-both")
		r.equal("fetch of-big", children["of-big"].Fetch, false)
		r.equal("fetch of-small", children["of-small"].Fetch, false)
		r.equal("fetch of-both", children["of-both"].Fetch, true)
		r.equal("result of-big", len(children["of-big"].Parents[0].Result), job.MaxResult)
	})

	check(t, open, "a parent without a result is among them", func(r *rig) {
		r.start(chain(2)...)
		r.commit(ended(r.claimOne(), job.KindCompleted))
		parents := r.claimOne().Parents
		r.equal("parents", len(parents), 1)
		r.equal("name", parents[0].Name, "j0")
		if got := string(parents[0].Result); got != "" && got != "null" {
			r.Errorf("the result is %q, want none", got)
		}
	})

	check(t, open, "results of parents in other workflows and in none come too", func(r *rig) {
		a, b := task("a"), task("b")
		r.enqueueJobs(a)
		r.start(b)
		r.commit(endings(r.claimAll(), func(c store.Claimed) job.Outcome { return completed(c, `"`+c.Name+`"`) })...)
		r.start(task("child", a, b))
		r.checkEdges()
		got := make(map[string]string)
		for _, p := range r.claimNamed("child")["child"].Parents {
			got[p.Name] = string(p.Result)
		}
		r.equal("results", got, map[string]string{"a": `"a"`, "b": `"b"`})
	})

	check(t, open, "a repeated claim brings the results again", func(r *rig) {
		jobs := fanIn(3)
		r.start(jobs...)
		r.complete(r.claimAll()...)
		lease := r.claimLease(worker, 1)
		again, err := r.s.Claim(r.ctx, []store.Grant{{Lease: lease.ID, Worker: worker, Limit: 1}}, true)
		r.ok(err, "repeated claim")
		r.equal("leases", len(again), 1)
		r.sameResults(again[0].Jobs[0].Parents, lease.Jobs[0].Parents)
		r.equal("results", len(lease.Jobs[0].Parents), 3)
	})

	check(t, open, "results are not for those who don't hold the job", func(r *rig) {
		_, child := r.childOf(2, 10)
		lost := func(what string, fence job.Fence) {
			_, _, err := r.s.ParentResults(r.ctx, fence, "", job.ID{})
			r.isErr(what, err, job.ErrLeaseLost)
			_, _, err = r.s.ParentResults(r.ctx, fence, "p0", job.ID{})
			r.isErr(what+", by name", err, job.ErrLeaseLost)
		}
		forged := child.Fence
		forged.Lease = newLease()
		lost("unknown lease", forged)
		forged = child.Fence
		forged.Epoch++
		lost("other epoch", forged)
		forged = child.Fence
		forged.Job = job.NewID()
		lost("unknown job", forged)
		r.complete(child)
		lost("ended job", child.Fence)
	})

	check(t, open, "results are not for a worker whose lease was reaped", func(r *rig) {
		want, child := r.childOf(2, 10)
		r.Advance(acceptTTL + slack)
		r.sameResults(r.fetchAll(child.Fence), want)
		r.expire()
		_, _, err := r.s.ParentResults(r.ctx, child.Fence, "", job.ID{})
		r.isErr("parent results", err, job.ErrLeaseLost)
		next := r.claimOne()
		r.sameResults(r.fetchAll(next.Fence), want)
		_, _, err = r.s.ParentResults(r.ctx, child.Fence, "", job.ID{})
		r.isErr("parent results", err, job.ErrLeaseLost)
	})
}

package storetest

import (
	"bytes"
	"slices"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func testEdgesInto(t *testing.T, open Opener) {
	sorted := func(list []store.EdgeRecord) []store.EdgeRecord {
		slices.SortFunc(list, func(a, b store.EdgeRecord) int {
			return bytes.Compare(slices.Concat(a.Child[:], a.Parent[:]), slices.Concat(b.Child[:], b.Parent[:]))
		})
		return list
	}

	check(t, open, "edges into jobs are told with what they ask for, how far they are and the job's join", func(r *rig) {
		outside := task("outside")
		r.enqueueJobs(outside)
		a, b := task("a"), task("b")
		c := task("c", a).DependsOnEdges(job.Dependency{Name: "b", On: job.OnDone, Optional: true}).DependsOnIDs(outside.ID).WithQuorum(2)
		d := task("d").DependsOnFailure(a)
		r.start(a, b, c, d)
		r.complete(r.claimNamed("a", "b", "outside")["a"])
		got, err := r.s.EdgesInto(r.ctx, []job.ID{a.ID, c.ID, d.ID, job.NewID()})
		r.ok(err, "edges")
		quorum, all := job.Join{Rule: job.JoinQuorum, Quorum: 2}, job.Join{Rule: job.JoinAll}
		r.equal("edges", sorted(got), sorted([]store.EdgeRecord{
			{Parent: a.ID, Child: c.ID, On: job.OnSuccess, State: workflow.EdgeActive, Join: quorum},
			{Parent: b.ID, Child: c.ID, On: job.OnDone, Optional: true, State: workflow.EdgeUnresolved, Join: quorum},
			{Parent: outside.ID, Child: c.ID, On: job.OnSuccess, State: workflow.EdgeUnresolved, Join: quorum},
			{Parent: a.ID, Child: d.ID, On: job.OnFailure, State: workflow.EdgeInactive, Join: all},
		}))
		got, err = r.s.EdgesInto(r.ctx, nil)
		r.ok(err, "no edges")
		r.equal("edges into nothing", len(got), 0)
	})
}

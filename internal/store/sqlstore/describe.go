package sqlstore

import (
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// describe says of a job's record what it is besides a job with work of its own.
func describe(j *store.JobRecord, rules jobRules) {
	if g := rules.Gate; g != nil {
		j.Gate = &store.GateRecord{Type: g.Type, Defined: *g.gate()}
	}
	if p := rules.Parts; p != nil {
		j.Parts = &store.PartsRecord{Kind: p.Kind, Mode: p.Mode, Over: p.Over, MaxParallel: p.MaxParallel, Tolerate: p.Tolerate}
		if p.Workflow != nil {
			j.Parts.Workflow = *p.Workflow
		}
	}
}

// addSuspended adds to a page of jobs how their gates and parts stand, if there
// are any.
func addSuspended(tx Tx, page []store.JobRecord) error {
	gates, parts := map[job.ID]*store.GateRecord{}, map[job.ID]*store.PartsRecord{}
	var waiting, assembled []job.ID
	for i := range page {
		switch j := &page[i]; {
		case j.Gate != nil:
			gates[j.ID], waiting = j.Gate, append(waiting, j.ID)
		case j.Parts != nil:
			parts[j.ID], assembled = j.Parts, append(assembled, j.ID)
		}
	}
	if len(waiting) > 0 {
		found, err := suspensions(tx, waiting)
		if err != nil {
			return err
		}
		for id, s := range found {
			g := gates[id]
			g.OpenedAt, g.ExpiresAt, g.Answer = s.openedAt, timeOf(s.expiresAt), s.answer
		}
	}
	if len(assembled) == 0 {
		return nil
	}
	return tx.Query("parts_of_jobs", func(r Row) error {
		var id job.ID
		var p store.PartsRecord
		t := &p.Tally
		err := r.Scan(&id, &p.Workflow, &p.Status, &t.Total, &t.Completed, &t.Failed, &t.Dead, &t.TimedOut, &t.UpstreamFailed, &t.Cancelled, &t.Skipped)
		if x := parts[id]; x != nil && (x.Kind == workflow.PartsMap || x.Workflow == p.Workflow) {
			x.Workflow, x.Status, x.Tally = p.Workflow, p.Status, p.Tally
		}
		return err
	}, assembled)
}

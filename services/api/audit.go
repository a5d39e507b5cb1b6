package api

import (
	"context"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

type (
	auditAnswer  struct{ Body wire.List[wire.AuditEntry] }
	causesAnswer struct{ Body wire.List[wire.Cause] }
)

type listAuditInput struct {
	Identified
	Paged
}

func (a *API) listAudit(ctx context.Context, in *listAuditInput) (*auditAnswer, error) {
	after, err := decodeCursor(auditCursor, in.Cursor)
	if err != nil {
		return nil, err
	}
	w, err := a.workflow(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	page, err := a.store.Audit(ctx, w.ID, after, in.Limit)
	if err != nil {
		return nil, err
	}
	names, err := a.auditedNames(ctx, w.ID, page)
	if err != nil {
		return nil, err
	}
	out := &auditAnswer{wire.List[wire.AuditEntry]{Items: make([]wire.AuditEntry, len(page))}}
	for i, r := range page {
		out.Body.Items[i] = wire.AuditFromRecord(r, names)
	}
	if len(page) == in.Limit {
		out.Body.NextCursor = afterID(auditCursor, page[len(page)-1].ID)
	}
	return out, nil
}

// auditedNames returns the names of the jobs that a page of the audit is about.
func (a *API) auditedNames(ctx context.Context, id job.ID, page []store.AuditRecord) (map[job.ID]string, error) {
	var list []job.ID
	for _, r := range page {
		if r.Job != (job.ID{}) {
			list = append(list, r.Job)
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	return a.store.JobNames(ctx, id, list)
}

type listCausesInput struct {
	Identified
	Limit int `query:"limit" default:"50" minimum:"1" maximum:"500" doc:"How many at most."`
}

func (a *API) listCauses(ctx context.Context, in *listCausesInput) (*causesAnswer, error) {
	w, err := a.workflow(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	list, err := a.store.Causes(ctx, w.ID, in.Limit)
	if err != nil {
		return nil, err
	}
	return &causesAnswer{wire.List[wire.Cause]{Items: wire.CausesFromRecord(list)}}, nil
}

// explained adds what went wrong to the JSON of a workflow.
func (a *API) explained(ctx context.Context, w store.WorkflowRecord, causes bool) (wire.Workflow, error) {
	out := wire.FromRecords(w, nil)
	if w.Undecided > 0 {
		names, err := a.undecided(ctx, w)
		if err != nil {
			return out, err
		}
		out.UndecidedJobs = names
	}
	if causes && w.Tally.UpstreamFailed > 0 {
		list, err := a.store.Causes(ctx, w.ID, wire.MaxCauses)
		if err != nil {
			return out, err
		}
		out.RootCauses = wire.CausesFromRecord(list)
	}
	return out, nil
}

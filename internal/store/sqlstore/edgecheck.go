package sqlstore

import (
	"context"
	"fmt"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// CheckEdges implements store.Resolver. It locks the workflows of the children
// and then parents and children; a parent that has ended never changes again,
// one that has not will resolve the edge when it ends, because the edge was
// committed before the parent was locked here. While there is nothing to check
// it only reads.
func (s *Store) CheckEdges(ctx context.Context, limit int) (store.Resolution, error) {
	var r store.Resolution
	var checks []edgeRow
	var all, children []job.ID
	err := s.db.Read(ctx, func(tx Tx) error {
		checks, all, children = nil, nil, nil
		tx.QueueQuery("edge_checks", func(row Row) error {
			var parent, child job.ID
			err := row.Scan(&parent, &child)
			checks = append(checks, edgeRow{Parent: hexID(parent), Child: hexID(child)})
			all, children = append(all, parent, child), append(children, child)
			return err
		}, limit)
		return nil
	})
	if err == nil && len(checks) > 0 {
		all, children = sortedIDs(all), sortedIDs(children)
		err = s.db.Write(ctx, func(tx Tx) error {
			r = store.Resolution{}
			return s.checkEdges(tx, checks, all, children, &r)
		})
	}
	if err != nil {
		return store.Resolution{}, fmt.Errorf("check edges: %w", err)
	}
	return r, nil
}

func (s *Store) checkEdges(tx Tx, checks []edgeRow, all, children []job.ID, r *store.Resolution) error {
	p := newPart()
	p.lockWorkflows(tx, "lock_workflows_of_jobs", children)
	p.lockJobs(tx, "lock_jobs", all)
	p.readEdgesBetween(tx, checks)
	var now int64
	tx.QueueNow(&now)
	if err := tx.Flush(); err != nil {
		return err
	}
	p.addEdges()
	if err := p.widenChildren(tx); err != nil {
		return err
	}
	// Parents whose workflows are not locked here are only read.
	newTransition(p).write(tx, workflow.Revisit(&p.Part), now, r)
	n, err := tx.Exec("delete_edge_checks", checks)
	r.Done = int(n)
	return err
}

// widenChildren loads what may follow when the edges that are loaded now
// settle: descendants of children that may fail, and all of a workflow that
// may begin to fail.
func (p *part) widenChildren(tx Tx) error {
	var reach, whole []job.ID
	for _, e := range p.Edges {
		parent, child := p.Nodes[e.Parent], p.Nodes[e.Child]
		if !parent.Status.Terminal() || child.Status.Terminal() || workflow.Settle(e.On, parent.Status) == workflow.EdgeActive {
			continue
		}
		reach = append(reach, child.ID)
		if h := p.header(e.Child); workflow.ScopeOf(h, job.UpstreamFailed) == workflow.WholeWorkflow {
			whole = append(whole, h.ID)
		}
	}
	if err := p.load(tx, sortedIDs(reach), sortedIDs(whole)); err != nil {
		return err
	}
	return p.passBarriers(tx, map[int]bool{})
}

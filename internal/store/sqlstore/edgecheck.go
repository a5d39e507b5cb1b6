package sqlstore

import (
	"context"
	"fmt"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// CheckEdges implements store.Resolver. It locks the workflows of parents and
// children and then the jobs; a parent that has ended never changes again, one
// that has not will resolve the edge when it ends, because the edge was
// committed before the parent was locked here. A parent that is gone, or on its
// way out, is no parent: under these locks either this sees that, or the purge
// sees the edge. While there is nothing to check it only reads.
func (s *Store) CheckEdges(ctx context.Context, limit int) (store.Resolution, error) {
	var r store.Resolution
	var checks []edgeRow
	var all []job.ID
	err := s.db.Read(ctx, func(tx Tx) error {
		checks, all = nil, nil
		tx.QueueQuery("edge_checks", func(row Row) error {
			var parent, child job.ID
			err := row.Scan(&parent, &child)
			checks = append(checks, edgeRow{Parent: hexID(parent), Child: hexID(child)})
			all = append(all, parent, child)
			return err
		}, limit)
		return nil
	})
	if err == nil && len(checks) > 0 {
		all = sortedIDs(all)
		err = s.db.Write(ctx, func(tx Tx) error {
			r = store.Resolution{}
			return s.checkEdges(tx, checks, all, &r)
		})
	}
	if err != nil {
		return store.Resolution{}, fmt.Errorf("check edges: %w", err)
	}
	return r, nil
}

func (s *Store) checkEdges(tx Tx, checks []edgeRow, all []job.ID, r *store.Resolution) error {
	p := newPart()
	p.lockWorkflows(tx, "lock_workflows_of_jobs", all)
	p.lockJobs(tx, "lock_jobs", all)
	p.findPurged(tx, all)
	p.readEdgesBetween(tx, checks)
	var now int64
	tx.QueueNow(&now)
	if err := tx.Flush(); err != nil {
		return err
	}
	p.addEdges()
	queueRows(tx, "mark_depended_on", p.outsideParents())
	if err := p.widenChildren(tx); err != nil {
		return err
	}
	newTransition(p).write(tx, workflow.Revisit(&p.Part), now, r)
	n, err := tx.Exec("delete_edge_checks", checks)
	r.Done = int(n)
	return err
}

// outsideParents returns the workflows of parents whose children are outside.
func (p *part) outsideParents() []job.ID {
	var list []job.ID
	for _, e := range p.Edges {
		if h := p.header(e.Parent); h != nil && h != p.header(e.Child) {
			list = append(list, h.ID)
		}
	}
	return sortedIDs(list)
}

// widenChildren loads what may follow when the edges that are loaded now
// settle: descendants of children that may fail, and all of a workflow that
// may begin to fail.
func (p *part) widenChildren(tx Tx) error {
	var reach, whole []job.ID
	for _, e := range p.Edges {
		parent, child := &p.Nodes[e.Parent], &p.Nodes[e.Child]
		if !parent.Ended() || child.Status.Terminal() || parent.Settle(e.On) == workflow.EdgeActive {
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

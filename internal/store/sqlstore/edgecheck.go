package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

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
	var more bool
	checks, err := s.edgeChecks(ctx, limit)
	if err == nil && len(checks) > 0 {
		more, err = s.checkApart(ctx, checks, &r)
	}
	if err == nil && len(checks) < limit { // those were all
		s.failedEdge.set(edgeRow{})
	}
	if more || len(checks) == limit && r.Done > 0 {
		r.Done = limit
	}
	if err != nil {
		err = fmt.Errorf("check edges: %w", err)
	}
	return r, err
}

// edgeChecks reads checks, those behind the last one that failed first.
func (s *Store) edgeChecks(ctx context.Context, limit int) (checks []edgeRow, err error) {
	last := s.failedEdge.get()
	err = s.db.Read(ctx, func(tx Tx) error {
		checks = nil
		read := func(after, upTo edgeRow) {
			tx.QueueQuery("edge_checks", func(row Row) error {
				var parent, child job.ID
				err := row.Scan(&parent, &child)
				k := edgeRow{Parent: hexID(parent), Child: hexID(child)}
				if len(checks) < limit && (upTo == edgeRow{} || compareEdges(k, upTo) <= 0) {
					checks = append(checks, k)
				}
				return err
			}, limit, after.Parent[:], after.Child[:])
		}
		read(last, edgeRow{})
		if last != (edgeRow{}) {
			read(edgeRow{}, last)
		}
		return nil
	})
	return checks, err
}

// checkApart works off checks in one transaction, or, if that fails, in halves,
// until those that fail are alone: those come behind the others from then on. It
// reports whether more is left of what it worked off.
func (s *Store) checkApart(ctx context.Context, checks []edgeRow, r *store.Resolution) (more bool, err error) {
	var done store.Resolution
	err = s.db.Write(ctx, func(tx Tx) (err error) {
		done = store.Resolution{}
		more, err = s.checkEdges(tx, checks, &done)
		return err
	})
	switch {
	case err == nil:
		addTo(r, done)
		return more, nil
	case away(ctx, err):
		return false, err
	case len(checks) == 1:
		s.failedEdge.set(checks[0])
		return false, fmt.Errorf("parent %s, child %s: %w", job.ID(checks[0].Parent), job.ID(checks[0].Child), err)
	}
	var failed error
	more = false
	for _, half := range [][]edgeRow{checks[:len(checks)/2], checks[len(checks)/2:]} {
		left, err := s.checkApart(ctx, half, r)
		more, failed = more || left, errors.Join(failed, err)
		if away(ctx, err) {
			break
		}
	}
	return more, failed
}

// away reports whether an error is one of the database, or of the caller's
// patience: nothing else would fare better.
func away(ctx context.Context, err error) bool {
	return err != nil && (errors.Is(err, store.ErrUnavailable) || ctx.Err() != nil)
}

// failedEdge is the last edge check that failed; the zero value: none. It is
// memory of this process alone, as any order is right: a check that always fails
// is only tried after others.
type failedEdge struct {
	mu   sync.Mutex
	edge edgeRow
}

func (f *failedEdge) get() edgeRow {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.edge
}

func (f *failedEdge) set(e edgeRow) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.edge = e
}

// maxCheckedEdges bounds the edges of wide parents that a transaction settles:
// outcomes of the same workflow wait for it, and there is no hurry.
const maxCheckedEdges = 1000

// checkEdges works off checks, and reports whether it got on with those of
// parents and is not through with them.
func (s *Store) checkEdges(tx Tx, checks []edgeRow, r *store.Resolution) (more bool, err error) {
	c := &parentCheck{size: max(min(s.opts.SettledEdges/2, maxCheckedEdges), 1)}
	single := make([]edgeRow, 0, len(checks))
	var starts []job.ID
	for _, k := range checks {
		switch (hexID{}) {
		case k.Child:
			c.parents = append(c.parents, job.ID(k.Parent))
		case k.Parent:
			starts = append(starts, job.ID(k.Child))
		default:
			single = append(single, k)
		}
	}
	if err := c.take(tx); err != nil {
		return false, err
	}
	edges, all := together(single, c.page), slices.Concat(c.parents, starts)
	for _, e := range edges {
		all = append(all, job.ID(e.Parent), job.ID(e.Child))
	}
	all = sortedIDs(all)

	p := s.newPart()
	p.room = s.opts.SettledEdges - len(c.page)
	p.lockWorkflows(tx, "lock_workflows_of_jobs", all)
	for list := range slices.Chunk(all, p.pageRows) {
		p.lockJobs(tx, "lock_jobs", list)
	}
	p.findPurged(tx, all)
	p.readEdgesBetween(tx, edges)
	var now int64
	tx.QueueNow(&now)
	if err := tx.Flush(); err != nil {
		return false, err
	}
	p.addEdges()
	queueRows(tx, "mark_depended_on", p.outsideParents())
	lifted, err := p.lift(tx, now)
	if err != nil {
		return false, err
	}
	changes, err := p.resolve(tx, func(r *workflow.Resolution, _ *workflow.Part) {
		for _, id := range sortedIDs(starts) {
			if i, known := p.index[id]; known {
				r.Start(i)
			}
		}
		r.Revisit()
	})
	if err != nil {
		return false, err
	}
	newTransition(p).write(tx, changes, now, r)
	n, err := tx.Exec("delete_edge_checks", single)
	if err != nil {
		return false, err
	}
	queueRows(tx, "delete_start_checks", starts)
	queueRows(tx, "insert_lift_checks", lifted, maxLifted)
	r.Checks = r.Checks || len(lifted) > 0
	over, err := c.over(tx, p)
	r.Done = int(n) + len(starts) + over
	return over < len(c.parents) && r.Done+len(changes.Edges) > 0, err
}

// parentCheck is the work on checks of all edges of parents.
type parentCheck struct {
	parents []job.ID
	size    int       // edges of a page
	page    []edgeRow // edges of theirs, size at most
}

// take locks the checks that nobody else works off at this time, keeps those,
// and reads a page of edges. Nobody waits for a check that is locked, so this
// may come before all other locks.
func (c *parentCheck) take(tx Tx) error {
	if len(c.parents) == 0 {
		return nil
	}
	var mine []job.ID
	err := tx.Query("take_parent_checks", scanIDs(&mine), sortedIDs(c.parents))
	c.parents = mine
	if err != nil || len(mine) == 0 {
		return err
	}
	p := newPart()
	err = tx.Query("edges_from", p.scanEdge, mine, c.size, 0)
	for _, e := range p.read {
		c.page = append(c.page, edgeRow{Parent: hexID(e.parent), Child: hexID(e.child)})
	}
	return err
}

// over deletes the checks of parents that have no unresolved edge left, or that
// have not ended: those settle their edges when they do. It returns how many.
func (c *parentCheck) over(tx Tx, p *part) (int, error) {
	if len(c.parents) == 0 {
		return 0, nil
	}
	var ended, over []job.ID
	for _, id := range c.parents {
		if i, known := p.index[id]; known && !p.Nodes[i].Settles() {
			over = append(over, id)
		} else {
			ended = append(ended, id)
		}
	}
	if len(c.page) < c.size && len(ended) > 0 {
		left := false
		if err := tx.Query("edges_from", func(Row) error { left = true; return nil }, ended, 1, 0); err != nil {
			return 0, err
		}
		if !left {
			over = append(over, ended...)
		}
	}
	queueRows(tx, "delete_parent_checks", over)
	return len(over), tx.Flush()
}

// together returns the edges of two lists in order, each once.
func together(a, b []edgeRow) []edgeRow {
	list := slices.Concat(a, b)
	slices.SortFunc(list, compareEdges)
	return slices.Compact(list)
}

func compareEdges(a, b edgeRow) int {
	return cmp.Or(bytes.Compare(a.Parent[:], b.Parent[:]), bytes.Compare(a.Child[:], b.Child[:]))
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

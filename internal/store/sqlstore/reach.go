package sqlstore

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Bounds of one statement, so that none takes long, and no answer is without a
// bound, however large a workflow is.
const pageRows = 5000 // rows that it reads, locks or changes; of edges it reads twice as many

// lockWithChildren queues the statement that locks jobs, a page at most, with
// their children. It may leave children out; see connect.
func (p *part) lockWithChildren(tx Tx, jobs []job.ID) {
	if len(jobs) > 0 {
		p.lockJobs(tx, "lock_jobs_and_children", jobs, 2*p.pageRows)
	}
}

// connect makes what readEdges read of some jobs part of the graph, if that was
// all; else a resolution asks for what it needs.
func (p *part) connect(tx Tx, parents []job.ID) error {
	if p.partial {
		p.read, p.partial = nil, false
		return nil
	}
	p.room -= len(p.read)
	p.haveRead(parents)
	if err := p.lockMissing(tx); err != nil {
		return err
	}
	p.addEdges()
	return nil
}

// readEdges queues the statement that reads the unresolved edges that leave
// the given jobs, limit at most. It comes after they are locked, in a statement
// of its own: only then are edges that others committed before visible for sure.
func (p *part) readEdges(tx Tx, parents []job.ID, limit int, resolved bool) {
	for list := range slices.Chunk(parents, p.pageRows) {
		n := 0
		tx.QueueQuery("edges_from", func(r Row) error {
			if n++; n == limit {
				p.partial = true
			}
			return p.scanEdge(r)
		}, list, limit, boolInt(resolved))
	}
}

// readEdgesBetween queues the statement that reads the given edges as far as
// they are unresolved.
func (p *part) readEdgesBetween(tx Tx, list []edgeRow) {
	tx.QueueQuery("edges_between", func(r Row) error {
		err := p.scanEdge(r)
		e := &p.read[len(p.read)-1]
		e.alone, p.between[[2]job.ID{e.parent, e.child}] = true, true
		return err
	}, list)
}

func (p *part) scanEdge(r Row) error {
	var e edge
	err := r.Scan(&e.parent, &e.child, &e.On, &e.Optional, &e.State, nullID{&e.workflow})
	e.On, e.State = job.On(p.text(string(e.On))), workflow.EdgeState(p.text(string(e.State)))
	p.read = append(p.read, e)
	return err
}

// haveRead notes that all edges of some jobs were read.
func (p *part) haveRead(parents []job.ID) {
	for _, id := range parents {
		if i, known := p.index[id]; known {
			p.Nodes[i].EdgesKnown = true
		}
	}
}

// readFittingEdges reads the edges of jobs that complete, as far as there is
// room for all edges of a job. Jobs for whose edges there is none are left to
// CheckEdges, and so is the rest when much was read in vain.
func (p *part) readFittingEdges(tx Tx, parents []job.ID) error {
	vain := 8 * p.room
	for n := p.pageRows; len(parents) > 0 && p.room > 0 && vain > 0; {
		list, before := parents[:min(n, len(parents))], len(p.read)
		p.readEdges(tx, list, p.room, false)
		if err := tx.Flush(); err != nil {
			return err
		}
		got := len(p.read) - before
		switch {
		case !p.partial:
			p.haveRead(list)
			p.room -= got
			n = min(8*n, p.pageRows)
			parents = parents[len(list):]
			continue
		case len(list) == 1:
			p.leave(list)
			parents = parents[1:]
		default:
			n = max(1, len(list)/8)
		}
		p.read, p.partial = p.read[:before], false
		vain -= got
	}
	p.leave(parents)
	return nil
}

// leave leaves the edges of jobs to CheckEdges.
func (p *part) leave(parents []job.ID) {
	for _, id := range parents {
		p.later[p.index[id]] = true
		p.Nodes[p.index[id]].EdgesKnown = true // as far as they are settled here
	}
}

// readAllEdges reads all edges of jobs, with those that are resolved on demand. Of how many jobs a page is depends on
// how many edges the last ones had.
func (p *part) readAllEdges(tx Tx, parents []job.ID, resolved bool) error {
	for n := p.pageRows / 4; len(parents) > 0; {
		list := parents[:min(n, len(parents))]
		before := len(p.read)
		if len(list) == 1 {
			if err := p.readEdgesOf(tx, list[0], resolved); err != nil {
				return err
			}
		} else {
			p.readEdges(tx, list, 2*p.pageRows, resolved)
			if err := tx.Flush(); err != nil {
				return err
			}
			if p.partial {
				p.read, p.partial = p.read[:before], false
				n = max(1, len(list)/4)
				continue
			}
		}
		p.haveRead(list)
		if got := len(p.read) - before; got < 2*p.pageRows/4 {
			n = min(2*n, p.pageRows)
		}
		parents = parents[len(list):]
	}
	return nil
}

// readEdgesOf reads the edges of one job, however many there are.
func (p *part) readEdgesOf(tx Tx, parent job.ID, resolved bool) error {
	after := job.ID{}
	for {
		n := 0
		err := tx.Query("edges_of", func(r Row) error {
			n++
			err := p.scanEdge(r)
			after = p.read[len(p.read)-1].child
			return err
		}, parent[:], slices.Clone(after[:]), 2*p.pageRows, boolInt(resolved))
		if err != nil || n < 2*p.pageRows {
			return err
		}
	}
}

// missing returns the children of what was read that are not locked, although
// they may be: they are in the workflow of their parent, or both are in none.
// What leaves a job that has ended has been dealt with.
func (p *part) missing() []job.ID {
	var list []job.ID
	for _, e := range p.read {
		i, known := p.index[e.parent]
		if c, seen := p.index[e.child]; (!seen || p.outside[c]) && known && e.workflow == p.jobs[i].workflow && !p.Nodes[i].Settles() {
			list = append(list, e.child)
		}
	}
	return sortedIDs(list)
}

// frontier returns the children of open jobs that were reached which were not
// reached themselves, although what follows goes on there.
func (p *part) frontier() []job.ID {
	follow := func(i int) bool { return p.reached[i] && !p.Nodes[i].Settles() }
	var list []job.ID
	for _, e := range p.Edges {
		if follow(e.Parent) && !p.reached[e.Child] {
			list = append(list, p.Nodes[e.Child].ID)
		}
	}
	for _, e := range p.read {
		i, known := p.index[e.parent]
		if !known || !follow(i) || e.workflow != p.jobs[i].workflow {
			continue
		}
		if c, locked := p.index[e.child]; !locked || !p.reached[c] {
			list = append(list, e.child)
		}
	}
	return sortedIDs(list)
}

// lockMissing locks what is missing. The transaction holds locks of jobs
// already, so the statement must not wait.
func (p *part) lockMissing(tx Tx) error {
	for list := range slices.Chunk(p.missing(), p.pageRows) {
		p.lockJobs(tx, "lock_more_jobs", list)
	}
	return tx.Flush()
}

// addEdges adds the edges that were read to the graph, by child and parent.
func (p *part) addEdges() {
	if len(p.between) > 0 { // and those of a parent of one of them
		p.read = slices.DeleteFunc(p.read, func(e edge) bool { return !e.alone && p.between[[2]job.ID{e.parent, e.child}] })
	}
	slices.SortFunc(p.read, func(a, b edge) int {
		return cmp.Or(bytes.Compare(a.child[:], b.child[:]), bytes.Compare(a.parent[:], b.parent[:]))
	})
	p.Edges = slices.Grow(p.Edges, len(p.read))
	for _, e := range p.read {
		from, known := p.index[e.parent]
		if !known {
			from = p.addGone(e.parent)
		}
		to, known := p.index[e.child]
		if !known || !e.alone && e.workflow != p.jobs[from].workflow {
			if e.State != workflow.EdgeUnresolved {
				continue
			}
			p.foreign = append(p.foreign, edgeRow{Parent: hexID(e.parent), Child: hexID(e.child)})
			continue
		}
		e.Parent, e.Child = from, to
		p.Edges = append(p.Edges, e.Edge)
	}
	p.read = nil
}

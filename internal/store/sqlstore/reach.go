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
const (
	pageRows  = 5000         // rows that it reads, locks or changes
	pageEdges = 2 * pageRows // edges that it reads
)

// lockWithChildren queues the statement that locks jobs, pageRows at most, with
// their children. It may leave children out; see connect.
func (p *part) lockWithChildren(tx Tx, jobs []job.ID) {
	if len(jobs) > 0 {
		p.lockJobs(tx, "lock_jobs_and_children", jobs, pageEdges)
	}
}

// readEdges queues the statement that reads the unresolved edges that leave
// the given jobs, limit at most. It comes after they are locked, in a statement
// of its own: only then are edges that others committed before visible for sure.
func (p *part) readEdges(tx Tx, parents []job.ID, limit int) {
	for list := range slices.Chunk(parents, pageRows) {
		n := 0
		tx.QueueQuery("edges_from", func(r Row) error {
			if n++; n == limit {
				p.partial = true
			}
			return p.scanEdge(r)
		}, list, limit)
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

// connect makes the edges that leave jobs that end part of the graph, of those
// that readEdges read. If that was not all, it reads them anew: of jobs that
// complete as many as there is room for, of others, which may stop all that can
// be reached, page by page. It locks the children that lock_jobs_and_children
// left out: that counts edges of jobs that have ended, too.
func (p *part) connect(tx Tx, endings []workflow.Ending) error {
	ended := make(map[job.ID]bool, len(endings))
	var completed, others []job.ID
	for _, e := range endings {
		id := p.Nodes[e.Node].ID
		ended[id] = true
		if workflow.ScopeOf(p.header(e.Node), e.Status) == workflow.Children {
			completed = append(completed, id)
		} else {
			others = append(others, id)
		}
	}
	if !p.partial {
		p.read = slices.DeleteFunc(p.read, func(e edge) bool { return !ended[e.parent] })
		p.room -= len(p.read)
		p.haveRead(completed)
		p.haveRead(others)
	} else {
		p.read, p.partial = nil, false
		if err := p.readAllEdges(tx, sortedIDs(others)); err != nil {
			return err
		}
		if err := p.readFittingEdges(tx, sortedIDs(completed)); err != nil {
			return err
		}
	}
	if err := p.lockMissing(tx); err != nil {
		return err
	}
	p.addEdges()
	return nil
}

// haveRead notes that all edges of some jobs were read.
func (p *part) haveRead(parents []job.ID) {
	for _, id := range parents {
		if i, known := p.index[id]; known {
			p.whose[i] = true
		}
	}
}

// readFittingEdges reads the edges of jobs that complete, as far as there is
// room for all edges of a job. Jobs for whose edges there is none are left to
// CheckEdges, and so is the rest when much was read in vain.
func (p *part) readFittingEdges(tx Tx, parents []job.ID) error {
	vain := 8 * p.room
	for n := pageRows; len(parents) > 0 && p.room > 0 && vain > 0; {
		list, before := parents[:min(n, len(parents))], len(p.read)
		p.readEdges(tx, list, p.room)
		if err := tx.Flush(); err != nil {
			return err
		}
		got := len(p.read) - before
		switch {
		case !p.partial:
			p.haveRead(list)
			p.room -= got
			n = min(8*n, pageRows)
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
		p.later = append(p.later, p.index[id])
	}
}

// readAllEdges reads all edges of jobs. Of how many jobs a page is depends on
// how many edges the last ones had.
func (p *part) readAllEdges(tx Tx, parents []job.ID) error {
	for n := pageRows / 4; len(parents) > 0; {
		list := parents[:min(n, len(parents))]
		before := len(p.read)
		if len(list) == 1 {
			if err := p.readEdgesOf(tx, list[0]); err != nil {
				return err
			}
		} else {
			p.readEdges(tx, list, pageEdges)
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
		if got := len(p.read) - before; got < pageEdges/4 {
			n = min(2*n, pageRows)
		}
		parents = parents[len(list):]
	}
	return nil
}

// readEdgesOf reads the edges of one job, however many there are.
func (p *part) readEdgesOf(tx Tx, parent job.ID) error {
	after := job.ID{}
	for {
		n := 0
		err := tx.Query("edges_of", func(r Row) error {
			n++
			err := p.scanEdge(r)
			after = p.read[len(p.read)-1].child
			return err
		}, parent[:], slices.Clone(after[:]), pageEdges)
		if err != nil || n < pageEdges {
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
		if _, locked := p.index[e.child]; !locked && known && e.workflow == p.jobs[i].workflow && !p.Nodes[i].Status.Terminal() {
			list = append(list, e.child)
		}
	}
	return sortedIDs(list)
}

// frontier returns the children of open jobs that were reached which were not
// reached themselves, although what follows goes on there.
func (p *part) frontier() []job.ID {
	follow := func(i int) bool { return p.reached[i] && !p.Nodes[i].Status.Terminal() }
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
	for list := range slices.Chunk(p.missing(), pageRows) {
		p.lockJobs(tx, "lock_more_jobs", list)
	}
	return tx.Flush()
}

// addEdges adds the edges that were read to the graph, by parent and child.
func (p *part) addEdges() {
	if len(p.between) > 0 { // and those of a parent of one of them
		p.read = slices.DeleteFunc(p.read, func(e edge) bool { return !e.alone && p.between[[2]job.ID{e.parent, e.child}] })
	}
	slices.SortFunc(p.read, func(a, b edge) int {
		return cmp.Or(bytes.Compare(a.parent[:], b.parent[:]), bytes.Compare(a.child[:], b.child[:]))
	})
	p.Edges = slices.Grow(p.Edges, len(p.read))
	for _, e := range p.read {
		from, known := p.index[e.parent]
		if !known {
			from = p.addGone(e.parent)
		}
		to, known := p.index[e.child]
		if !known || !e.alone && e.workflow != p.jobs[from].workflow {
			p.foreign = append(p.foreign, edgeRow{Parent: hexID(e.parent), Child: hexID(e.child)})
			continue
		}
		e.Parent, e.Child = from, to
		p.Edges = append(p.Edges, e.Edge)
	}
	p.read = nil
}

// widen loads what the scope of each ending asks for, with the edges.
func (p *part) widen(tx Tx, endings []workflow.Ending) error {
	var reach, whole []job.ID
	for _, e := range endings {
		switch workflow.ScopeOf(p.header(e.Node), e.Status) {
		case workflow.WholeWorkflow:
			whole = append(whole, p.header(e.Node).ID)
		case workflow.Descendants:
			reach = append(reach, p.Nodes[e.Node].ID)
		}
	}
	if err := p.load(tx, reach, sortedIDs(whole)); err != nil {
		return err
	}
	ended := make(map[int]bool, len(endings))
	for _, e := range endings {
		ended[e.Node] = true
	}
	return p.passBarriers(tx, ended)
}

// load adds the descendants of some jobs and the open jobs of some workflows,
// with their edges, and finds out which of the latter nobody holds. What is
// reached in one statement is bounded, so it goes on where the edges lead until
// they lead nowhere new.
func (p *part) load(tx Tx, reach, whole []job.ID) error {
	if len(reach)+len(whole) == 0 {
		return nil
	}
	for _, id := range whole {
		total := p.Workflows[p.headers[id]].Tally.Total // their positions are below it
		for from := 0; from < total; from += pageRows {
			p.lockReached(tx, "lock_open_jobs", id[:], from, from+pageRows)
		}
	}
	for first := true; first || len(reach) > 0; first = false {
		for list := range slices.Chunk(reach, pageRows) {
			p.lockReached(tx, "lock_descendants", list, len(list)+pageRows)
			if err := tx.Flush(); err != nil {
				return err
			}
		}
		if err := tx.Flush(); err != nil {
			return err
		}
		if err := p.readAllEdges(tx, p.unread()); err != nil {
			return err
		}
		reach = p.frontier()
	}
	p.addEdges()
	return p.takeBack(tx, whole)
}

// unread returns the jobs that were reached and whose edges were not read.
func (p *part) unread() []job.ID {
	var list []job.ID
	for i := range p.reached {
		if !p.whose[i] {
			list = append(list, p.Nodes[i].ID)
		}
	}
	return sortedIDs(list)
}

// passBarriers loads the children of the barriers that the nodes in ended
// complete, as far as there is room for them.
func (p *part) passBarriers(tx Tx, ended map[int]bool) error {
	for p.barriers {
		var passed []job.ID
		for _, i := range workflow.Passed(&p.Part, ended) {
			ended[i] = true
			passed = append(passed, p.Nodes[i].ID)
		}
		if len(passed) == 0 {
			break
		}
		passed = slices.DeleteFunc(passed, func(id job.ID) bool { return p.whose[p.index[id]] })
		if err := p.readFittingEdges(tx, sortedIDs(passed)); err != nil {
			return err
		}
		if err := p.lockMissing(tx); err != nil {
			return err
		}
		p.addEdges()
	}
	return nil
}

// takeBack queues the removal of the ready rows and timers of the open jobs of
// workflows. What could have been claimed and has neither is in a worker's
// hands.
func (p *part) takeBack(tx Tx, whole []job.ID) error {
	stopped := make(map[job.ID]bool, len(whole))
	for _, id := range whole {
		stopped[id] = true
	}
	var claimable []job.ID
	for i := range p.Nodes {
		n := &p.Nodes[i]
		if stopped[p.jobs[i].workflow] && !n.Status.Terminal() && n.Deps != job.Waiting && !p.free[i] {
			n.Held = true
			claimable = append(claimable, n.ID)
		}
	}
	for list := range slices.Chunk(claimable, pageRows) {
		for _, statement := range []string{"take_ready", "take_timers"} {
			tx.QueueQuery(statement, func(r Row) error {
				var id job.ID
				err := r.Scan(&id)
				i := p.index[id]
				p.Nodes[i].Held, p.taken[i] = false, true
				return err
			}, list)
		}
	}
	return tx.Flush()
}

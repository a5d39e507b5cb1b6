package sqlstore

import (
	"encoding/json"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// part is a workflow.Part as it is loaded, with what the store must know of
// its jobs besides.
type part struct {
	workflow.Part
	names   []string        // of Workflows, parallel
	reasons []job.Reason    // of Workflows, parallel
	jobs    []jobRow        // parallel to Nodes
	index   map[job.ID]int  // job → node
	headers map[job.ID]int  // workflow → header
	edges   map[[2]int]bool // edges that are in Part.Edges
	foreign []edgeRow       // edges to jobs of other workflows
	free    map[int]bool    // nodes whose claim this transaction has ended: nobody holds them
	taken   map[int]bool    // nodes whose ready row or timer was taken back: they end, or get it again
}

// jobRow is what the engine needs of a job besides its node.
type jobRow struct {
	workflow  job.ID // zero: none
	name      string
	queue     string
	retry     string // JSON
	epoch     int64
	attempts  int
	giveBacks int
	priority  int
	scheduled int64
	endedBy   job.ID // lease of the claim that ended it; zero: none
	stopping  bool   // somebody cancelled it while it was held
}

func newPart() *part {
	return &part{index: map[job.ID]int{}, headers: map[job.ID]int{}, edges: map[[2]int]bool{}, free: map[int]bool{}, taken: map[int]bool{}}
}

// header returns the header of node i's workflow, or nil.
func (p *part) header(i int) *workflow.Header {
	if w := p.Nodes[i].Workflow; w >= 0 {
		return &p.Workflows[w]
	}
	return nil
}

// lockWorkflows queues a statement that locks and reads headers in the order
// of their ids: lock_workflows of a list of them, lock_workflows_of_jobs of
// those that jobs belong to. It comes before any other lock.
func (p *part) lockWorkflows(tx Tx, statement string, list []job.ID) {
	tx.QueueQuery(statement, func(r Row) error {
		var h workflow.Header
		var name string
		var reason job.Reason
		t := &h.Tally
		if err := r.Scan(&h.ID, &name, &h.Status, &reason, &h.Policy, &h.Failing,
			&t.Total, &t.Completed, &t.Failed, &t.Dead, &t.TimedOut, &t.UpstreamFailed, &t.Cancelled, &t.Skipped); err != nil {
			return err
		}
		h.Deadline = reason == job.ReasonDeadline
		p.headers[h.ID] = len(p.Workflows)
		p.Workflows = append(p.Workflows, h)
		p.names = append(p.names, name)
		p.reasons = append(p.reasons, reason)
		return nil
	}, list)
}

// lockJobs queues a locking statement and adds the jobs that it returns; those
// already in the part stay as they are.
func (p *part) lockJobs(tx Tx, statement string, list []job.ID) {
	if len(list) == 0 {
		return
	}
	tx.QueueQuery(statement, func(r Row) error {
		var n workflow.Node
		var j jobRow
		c := &n.Counts
		if err := r.Scan(&n.ID, nullID{&j.workflow}, &j.name, &j.queue, &j.retry, &n.Status, &n.Deps, &j.epoch, &j.attempts,
			&j.giveBacks, &j.priority, &n.Join.Rule, &n.Join.Quorum, &c.Unresolved, &c.Active, &c.Inactive, &c.Broken,
			&j.scheduled, nullID{&j.endedBy}, nullID{&n.Cause}, &j.stopping); err != nil {
			return err
		}
		if _, known := p.index[n.ID]; known {
			return nil
		}
		n.Workflow = -1
		if h, locked := p.headers[j.workflow]; locked {
			n.Workflow = h
		}
		p.index[n.ID] = len(p.Nodes)
		p.Nodes = append(p.Nodes, n)
		p.jobs = append(p.jobs, j)
		return nil
	}, list)
}

// loadEdges queues the statement that adds the unresolved edges that leave the
// given jobs. It comes after the jobs are locked, in a statement of its own:
// only then are edges that others committed before visible for sure.
func (p *part) loadEdges(tx Tx, parents []job.ID) {
	if len(parents) > 0 {
		tx.QueueQuery("edges_from", p.scanEdge, parents)
	}
}

// loadEdgesBetween queues the statement that adds the given edges as far as
// they are unresolved.
func (p *part) loadEdgesBetween(tx Tx, list []edgeRow) {
	tx.QueueQuery("edges_between", p.scanEdge, list)
}

// keepEdgesOf forgets the edges that do not leave one of endings.
func (p *part) keepEdgesOf(endings []workflow.Ending) {
	ended := make(map[int]bool, len(endings))
	for _, e := range endings {
		ended[e.Node] = true
	}
	p.Edges = slices.DeleteFunc(p.Edges, func(e workflow.Edge) bool {
		if ended[e.Parent] {
			return false
		}
		delete(p.edges, [2]int{e.Parent, e.Child})
		return true
	})
	p.foreign = slices.DeleteFunc(p.foreign, func(e edgeRow) bool { return !ended[p.index[job.ID(e.Parent)]] })
}

func (p *part) scanEdge(r Row) error {
	var parent, child, childWorkflow job.ID
	var e workflow.Edge
	if err := r.Scan(&parent, &child, &e.On, &e.Optional, &e.State, nullID{&childWorkflow}); err != nil {
		return err
	}
	from, known := p.index[parent]
	if !known {
		from = p.addGone(parent)
	}
	to, known := p.index[child]
	if !known {
		p.foreign = append(p.foreign, edgeRow{Parent: hexID(parent), Child: hexID(child)})
		return nil
	}
	e.Parent, e.Child = from, to
	if key := [2]int{from, to}; !p.edges[key] {
		p.edges[key] = true
		p.Edges = append(p.Edges, e)
	}
	return nil
}

// addGone adds a parent that is not stored any more, and returns its node.
func (p *part) addGone(id job.ID) int {
	i := len(p.Nodes)
	p.index[id] = i
	p.Nodes = append(p.Nodes, workflow.Node{ID: id, Workflow: -1, Gone: true})
	p.jobs = append(p.jobs, jobRow{})
	return i
}

// findPurged queues the statement that finds the jobs whose workflow is being
// deleted: to who depends on them they are gone.
func (p *part) findPurged(tx Tx, list []job.ID) {
	tx.QueueQuery("jobs_being_purged", func(r Row) error {
		var id job.ID
		err := r.Scan(&id)
		if i, known := p.index[id]; known {
			p.Nodes[i].Gone = true
		}
		return err
	}, list)
}

// allIDs returns the ids of every node.
func (p *part) allIDs() []job.ID {
	list := make([]job.ID, len(p.Nodes))
	for i, n := range p.Nodes {
		list[i] = n.ID
	}
	return list
}

// widen loads what the scope of each ending asks for, with the edges.
func (p *part) widen(tx Tx, endings []workflow.Ending) error {
	var reach, whole []job.ID
	for _, e := range endings {
		switch workflow.ScopeOf(p.header(e.Node), e.Status) {
		case workflow.WholeWorkflow:
			whole = append(whole, p.header(e.Node).ID)
			reach = append(reach, p.Nodes[e.Node].ID)
		case workflow.Descendants:
			reach = append(reach, p.Nodes[e.Node].ID)
		}
	}
	return p.load(tx, reach, sortedIDs(whole))
}

// load adds the descendants of some jobs and the open jobs of some workflows,
// with their edges, and finds out which of the latter nobody holds.
func (p *part) load(tx Tx, reach, whole []job.ID) error {
	if len(reach)+len(whole) == 0 {
		return nil
	}
	p.lockJobs(tx, "lock_descendants", reach)
	p.lockJobs(tx, "lock_open_jobs", whole)
	if err := tx.Flush(); err != nil {
		return err
	}
	p.loadEdges(tx, p.allIDs())
	p.takeBack(tx, whole)
	return tx.Flush()
}

// takeBack queues the removal of the ready rows and timers of the open jobs of
// workflows. What could have been claimed and has neither is in a worker's
// hands.
func (p *part) takeBack(tx Tx, whole []job.ID) {
	var claimable []job.ID
	for i := range p.Nodes {
		n := &p.Nodes[i]
		if slices.Contains(whole, p.jobs[i].workflow) && !n.Status.Terminal() && n.Deps != job.Waiting && !p.free[i] {
			n.Held = true
			claimable = append(claimable, n.ID)
		}
	}
	if len(claimable) == 0 {
		return
	}
	for _, statement := range []string{"take_ready", "take_timers"} {
		tx.QueueQuery(statement, func(r Row) error {
			var id job.ID
			err := r.Scan(&id)
			i := p.index[id]
			p.Nodes[i].Held, p.taken[i] = false, true
			return err
		}, claimable)
	}
}

// retryPolicy reads the policy of node i.
func (p *part) retryPolicy(i int) job.RetryPolicy {
	var policy job.RetryPolicy
	// Written by enqueue; if it cannot be read the defaults are safe.
	_ = json.Unmarshal([]byte(p.jobs[i].retry), &policy)
	return policy
}

func sortedIDs(list []job.ID) []job.ID {
	slices.SortFunc(list, compareIDs)
	return slices.Compact(list)
}

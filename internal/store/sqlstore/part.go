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
	names    []string           // of Workflows, parallel
	reasons  []job.Reason       // of Workflows, parallel
	jobs     []jobRow           // parallel to Nodes
	index    map[job.ID]int     // job → node
	headers  map[job.ID]int     // workflow → header
	read     []edge             // edges that were read and are not in Part.Edges yet
	between  map[[2]job.ID]bool // edges that were read alone
	whose    map[int]bool       // nodes all of whose edges were read
	barriers bool               // there are open barriers among the nodes
	partial  bool               // readEdges did not read all
	room     int                // how many edges of jobs that complete it may take in besides
	later    []int              // nodes whose edges it has no room for: CheckEdges settles them
	reached  map[int]bool       // nodes that may end by what follows, so that their edges are needed
	foreign  []edgeRow          // edges to jobs of other workflows
	free     map[int]bool       // nodes whose claim this transaction has ended: nobody holds them
	taken    map[int]bool       // nodes whose ready row or timer was taken back: they end, or get it again
	texts    map[string]string  // texts that many jobs have
}

// edge is an edge as it is read.
type edge struct {
	workflow.Edge
	parent, child job.ID
	workflow      job.ID // of the child
	alone         bool   // it was read without the others of its parent
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
	return &part{
		room:  pageEdges,
		index: map[job.ID]int{}, headers: map[job.ID]int{}, between: map[[2]job.ID]bool{}, whose: map[int]bool{},
		reached: map[int]bool{}, free: map[int]bool{}, taken: map[int]bool{}, texts: map[string]string{},
	}
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
func (p *part) lockJobs(tx Tx, statement string, args ...any) {
	tx.QueueQuery(statement, func(r Row) error {
		_, err := p.scanJob(r)
		return err
	}, args...)
}

// lockReached is lockJobs for jobs that may end by what follows.
func (p *part) lockReached(tx Tx, statement string, args ...any) {
	tx.QueueQuery(statement, func(r Row) error {
		i, err := p.scanJob(r)
		p.reached[i] = true
		return err
	}, args...)
}

// scanJob reads a row of a locking statement and returns its node.
func (p *part) scanJob(r Row) (int, error) {
	var n workflow.Node
	var j jobRow
	c := &n.Counts
	if err := r.Scan(&n.ID, nullID{&j.workflow}, &j.name, &j.queue, &j.retry, &n.Status, &n.Deps, &j.epoch, &j.attempts,
		&j.giveBacks, &j.priority, &n.Join.Rule, &n.Join.Quorum, &c.Unresolved, &c.Active, &c.Inactive, &c.Broken,
		&j.scheduled, nullID{&j.endedBy}, nullID{&n.Cause}, &j.stopping, &n.Barrier); err != nil {
		return 0, err
	}
	if i, known := p.index[n.ID]; known {
		return i, nil
	}
	n.Workflow = -1
	if h, locked := p.headers[j.workflow]; locked {
		n.Workflow = h
	}
	j.queue, j.retry = p.text(j.queue), p.text(j.retry)
	n.Status, n.Deps = job.Status(p.text(string(n.Status))), job.DependencyStatus(p.text(string(n.Deps)))
	n.Join.Rule = job.JoinRule(p.text(string(n.Join.Rule)))
	p.barriers = p.barriers || n.Barrier && !n.Status.Terminal()
	p.index[n.ID] = len(p.Nodes)
	p.Nodes = append(p.Nodes, n)
	p.jobs = append(p.jobs, j)
	return len(p.Nodes) - 1, nil
}

// text returns a text that shares its memory with equal ones.
func (p *part) text(s string) string {
	if same, known := p.texts[s]; known {
		return same
	}
	p.texts[s] = s
	return s
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

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
	parents  []job.ID           // of Workflows, parallel: the jobs that they are run as
	upNext   []upNext           // of Workflows, parallel
	reasons  []job.Reason       // of Workflows, parallel
	before   []workflow.Status  // of Workflows, parallel: when they were locked
	jobs     []jobRow           // parallel to Nodes
	index    map[job.ID]int     // job → node
	headers  map[job.ID]int     // workflow → header
	read     []edge             // edges that were read and are not in Part.Edges yet
	between  map[[2]job.ID]bool // edges that were read alone
	ends     []workflowEnds     // of Workflows, parallel
	partial  bool               // readEdges did not read all
	pageRows int                // see store.Options
	room     int                // how many edges of jobs that complete it may take in besides
	later    map[int]bool       // nodes whose edges it has no room for: CheckEdges settles them
	outside  map[int]bool       // nodes that are there only as parents of jobs elsewhere: they are not locked
	reached  map[int]bool       // nodes that may end by what follows, so that their edges are needed
	foreign  []edgeRow          // edges to jobs of other workflows
	asked    map[int]bool       // nodes of which it is known whether somebody holds them
	inputs   map[int]*workflow.Inputs
	was      []workflow.EdgeState // of Edges, parallel: before the resolution
	grace    int64                // microseconds that held jobs have which should stop
	texts    map[string]string    // texts that many jobs have
}

// edge is an edge as it is read.
type edge struct {
	workflow.Edge
	parent, child job.ID
	workflow      job.ID // of the child
	alone         bool   // it was read without the others of its parent
}

// workflowEnds are settings of a workflow that its header does not hold.
type workflowEnds struct {
	decisionTimeout int64 // microseconds; 0: never
	decisionDefault workflow.Action
	finally         []job.ID
	schedule        string // that made it; empty: none
	scheduledFor    int64
	items           bool // its jobs are those of a batch or a map
	rules           workflowRules
}

// jobRow is what the engine needs of a job besides its node.
type jobRow struct {
	workflow  job.ID // zero: none
	name      string
	queue     string
	retry     string // JSON
	epoch     int64
	attempts  int
	earlier   int // attempts of earlier runs
	giveBacks int
	priority  int
	inherits  bool
	passes    int // what its parents get at least, by its enqueue
	only      *job.ID
	scheduled int64
	deadline  int64  // microseconds from the enqueue, or a retry; 0: none
	endedBy   job.ID // lease of the claim that ended it; zero: none
	stopping  bool   // it was told to stop while it was held, by somebody or as its workflow stopped
	suspended bool   // when it was locked
	reset     bool   // it begins anew
	gate      *gateRules
	parts     *partsRules
}

// newPart returns an empty part with the settings of the store.
func (s *Store) newPart() *part {
	p := newPart()
	p.room, p.pageRows, p.grace = s.opts.SettledEdges, s.opts.PageRows, microsUp(s.opts.CancelGrace)
	return p
}

func newPart() *part {
	return &part{
		room: 2 * pageRows, pageRows: pageRows,
		index: map[job.ID]int{}, headers: map[job.ID]int{}, between: map[[2]job.ID]bool{}, later: map[int]bool{},
		outside: map[int]bool{}, reached: map[int]bool{}, asked: map[int]bool{}, texts: map[string]string{}, inputs: map[int]*workflow.Inputs{},
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
		var rules string
		var parent job.ID
		var next int
		t := &h.Tally
		if err := r.Scan(&h.ID, &name, &h.Status, &reason, &h.Policy, &h.Failing, &h.UserPaused, &h.Undecided, &h.Unforgiven,
			&h.Begun, &h.CancelFinally, &rules, &t.Total, &t.Completed, &t.Failed, &t.Dead, &t.TimedOut, &t.UpstreamFailed, &t.Cancelled, &t.Skipped,
			nullID{&parent}, &h.InFlight, &next); err != nil {
			return err
		}
		h.Deadline = reason == job.ReasonDeadline
		ends, err := readWorkflowRules(rules, &h)
		if err != nil {
			return err
		}
		p.ends = append(p.ends, ends)
		p.headers[h.ID] = len(p.Workflows)
		p.Workflows = append(p.Workflows, h)
		p.names, p.parents, p.upNext = append(p.names, name), append(p.parents, parent), append(p.upNext, upNext{next: next})
		p.reasons = append(p.reasons, reason)
		p.before = append(p.before, h.Status)
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
	var rules string
	if err := r.Scan(&n.ID, nullID{&j.workflow}, &j.name, &j.queue, &j.retry, &n.Status, &n.Deps, &j.epoch, &j.attempts,
		&j.giveBacks, &j.priority, &n.Join.Rule, &n.Join.Quorum, &c.Unresolved, &c.Active, &c.Inactive, &c.Broken,
		&j.scheduled, nullID{&j.endedBy}, nullID{&n.Cause}, &j.stopping,
		&n.Reason, &n.Spared, &n.Decision, &j.earlier, &n.Barrier, &rules); err != nil {
		return 0, err
	}
	i, known := p.index[n.ID]
	if known && !p.outside[i] {
		return i, nil
	}
	more, err := readJobRules(rules, &n)
	if err != nil {
		return 0, err
	}
	j.deadline, j.inherits, j.passes = more.Deadline, more.Inherit, more.Passes
	j.only, j.gate, j.parts, j.suspended = more.Only, more.Gate, more.Parts, n.Status == job.Suspended
	n.Held = j.suspended && n.Parts != ""
	n.Workflow, n.Attempts = -1, j.attempts
	if h, locked := p.headers[j.workflow]; locked {
		n.Workflow = h
	}
	j.queue, j.retry = p.text(j.queue), p.text(j.retry)
	n.Status, n.Deps = job.Status(p.text(string(n.Status))), job.DependencyStatus(p.text(string(n.Deps)))
	n.Join.Rule = job.JoinRule(p.text(string(n.Join.Rule)))
	if known {
		delete(p.outside, i)
		p.Nodes[i], p.jobs[i] = n, j
		return i, nil
	}
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
	p.Nodes = append(p.Nodes, workflow.Node{ID: id, Workflow: -1, Gone: true, EdgesKnown: true})
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

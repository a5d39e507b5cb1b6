package sqlstore

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// loadInputs reads what the conditions of nodes are evaluated on: how all their
// parents stand, and then what of results, payloads and metadata is read. The
// parents are not locked: what has ended does not change, and what this
// transaction ends is newer in the part.
func (p *part) loadInputs(tx Tx, nodes []int) error {
	if len(nodes) == 0 {
		return nil
	}
	var now int64
	tx.QueueNow(&now)
	open, err := p.loadParentInputs(tx, nodes)
	if err != nil {
		return err
	}
	p.Now = time.UnixMicro(now).UTC()
	var own []job.ID
	readers := map[job.ID][]*workflow.ParentInput{} // parent → where its result is read
	stands := map[job.ID][]*workflow.ParentInput{}  // open parent → where it is asked whether it runs
	for _, i := range nodes {
		in := p.inputs[i]
		reads := p.Nodes[i].Reads(in)
		for _, k := range reads.Results {
			if x := &in.Parents[k]; x.Size > 0 {
				readers[x.ID] = append(readers[x.ID], x)
			}
		}
		for k := range in.Parents {
			if x := &in.Parents[k]; reads.Standing && !x.Status.Terminal() {
				stands[x.ID] = append(stands[x.ID], x)
			}
		}
		if reads.Own {
			own = append(own, p.Nodes[i].ID)
		}
	}
	for list := range slices.Chunk(sortedIDs(own), p.pageRows) {
		tx.QueueQuery("specs_of_jobs", func(r Row) error {
			var id job.ID
			var payload, metadata []byte
			err := r.Scan(&id, &payload, &metadata)
			in := p.inputs[p.index[id]]
			in.Payload, in.Metadata = payload, metadata
			return err
		}, list)
	}
	held := heldBy(tx, slices.SortedFunc(maps.Keys(stands), compareIDs))
	if err := p.loadResults(tx, readers); err != nil {
		return err
	}
	for _, h := range *held {
		for _, x := range stands[h.Fence.Job] {
			if h.Fence.Epoch == open[x.ID] {
				x.Status = job.Running
			}
		}
	}
	return nil
}

// forgetInputs forgets what was read before some of the parents came into the
// part: what the part makes of those is newer. It is asked for again.
func (p *part) forgetInputs() {
	for i, in := range p.inputs {
		if slices.ContainsFunc(in.Parents, func(x workflow.ParentInput) bool {
			at, known := p.index[x.ID]
			return x.Node < 0 && known && !p.Nodes[at].Gone
		}) {
			delete(p.inputs, i)
		}
	}
}

// loadParentInputs reads how the parents of nodes stand by their rows, without
// their results. It returns the epochs of those that have not ended: who waits
// for a worker by its row may be held by one.
func (p *part) loadParentInputs(tx Tx, nodes []int) (open map[job.ID]int64, err error) {
	var list []job.ID
	open = map[job.ID]int64{}
	for _, i := range nodes {
		list = append(list, p.Nodes[i].ID)
		p.inputs[i] = &workflow.Inputs{}
	}
	for list := range slices.Chunk(sortedIDs(list), p.pageRows) {
		tx.QueueQuery("inputs_of_jobs", func(r Row) error {
			var child job.ID
			var inside bool
			var epoch int64
			x := workflow.ParentInput{Node: -1}
			if err := r.Scan(&child, &x.ID, &x.Name, &inside, &x.Status, &epoch, &x.Attempts, &x.Size); err != nil {
				return err
			}
			if i, known := p.index[x.ID]; known {
				x.Node = i
			}
			if !inside {
				x.Name = x.ID.String()
			}
			if !x.Status.Terminal() {
				open[x.ID] = epoch
			}
			in := p.inputs[p.index[child]]
			in.Parents = append(in.Parents, x)
			return nil
		}, list)
	}
	if err := tx.Flush(); err != nil {
		return nil, err
	}
	for _, i := range nodes {
		if only := p.jobs[i].only; only != nil {
			p.inputs[i].Only = nameOfParent(p.inputs[i], *only)
		}
		slices.SortFunc(p.inputs[i].Parents, func(a, b workflow.ParentInput) int { return cmp.Compare(a.Name, b.Name) })
	}
	return open, nil
}

// nameOfParent is how a parent is named: one that is gone, which nothing is known
// of, by its id.
func nameOfParent(in *workflow.Inputs, id job.ID) string {
	for _, x := range in.Parents {
		if x.ID == id {
			return x.Name
		}
	}
	return id.String()
}

// loadResults reads each of some results once, however many read it.
func (p *part) loadResults(tx Tx, readers map[job.ID][]*workflow.ParentInput) error {
	list := slices.SortedFunc(maps.Keys(readers), compareIDs)
	for list := range slices.Chunk(list, p.pageRows) {
		tx.QueueQuery("results_of_jobs", func(r Row) error {
			var id job.ID
			var result []byte
			if err := r.Scan(&id, &result); err != nil {
				return err
			}
			if len(result) == 0 {
				return ErrConflict // its job, of another workflow, began anew
			}
			for _, x := range readers[id] {
				x.Result, x.Size = result, len(result)
			}
			return nil
		}, list)
	}
	return tx.Flush()
}

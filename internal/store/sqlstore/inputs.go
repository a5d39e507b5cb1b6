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
	if err := p.loadParentInputs(tx, nodes); err != nil {
		return err
	}
	var own []job.ID
	readers := map[job.ID][]*workflow.ParentInput{} // parent → where its result is read
	for _, i := range nodes {
		in := p.inputs[i]
		in.Now = time.UnixMicro(now).UTC()
		reads := p.Nodes[i].Reads(in)
		for _, k := range reads.Results {
			if x := &in.Parents[k]; x.Size > 0 {
				readers[x.ID] = append(readers[x.ID], x)
			}
		}
		if reads.Own {
			own = append(own, p.Nodes[i].ID)
		}
	}
	for list := range slices.Chunk(sortedIDs(own), pageRows) {
		tx.QueueQuery("specs_of_jobs", func(r Row) error {
			var id job.ID
			var payload, metadata []byte
			err := r.Scan(&id, &payload, &metadata)
			in := p.inputs[p.index[id]]
			in.Payload, in.Metadata = payload, metadata
			return err
		}, list)
	}
	return loadResults(tx, readers)
}

// loadParentInputs reads how the parents of nodes stand, without their results:
// who waits for a worker by their rows is running if one holds it.
func (p *part) loadParentInputs(tx Tx, nodes []int) error {
	var list, open []job.ID
	epochs := map[job.ID]int64{} // of parents that have not ended
	for _, i := range nodes {
		list = append(list, p.Nodes[i].ID)
		p.inputs[i] = &workflow.Inputs{}
	}
	for list := range slices.Chunk(sortedIDs(list), pageRows) {
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
			if _, known := epochs[x.ID]; !known && !x.Status.Terminal() {
				epochs[x.ID] = epoch
				open = append(open, x.ID)
			}
			in := p.inputs[p.index[child]]
			in.Parents = append(in.Parents, x)
			return nil
		}, list)
	}
	if err := tx.Flush(); err != nil {
		return err
	}
	held := heldBy(tx, sortedIDs(open))
	if err := tx.Flush(); err != nil {
		return err
	}
	runs := map[job.ID]bool{}
	for _, h := range *held {
		runs[h.Fence.Job] = runs[h.Fence.Job] || h.Fence.Epoch == epochs[h.Fence.Job]
	}
	for _, i := range nodes {
		parents := p.inputs[i].Parents
		for k := range parents {
			if runs[parents[k].ID] {
				parents[k].Status = job.Running
			}
		}
		slices.SortFunc(parents, func(a, b workflow.ParentInput) int { return cmp.Compare(a.Name, b.Name) })
	}
	return nil
}

// loadResults reads each of some results once, however many read it.
func loadResults(tx Tx, readers map[job.ID][]*workflow.ParentInput) error {
	list := slices.SortedFunc(maps.Keys(readers), compareIDs)
	for list := range slices.Chunk(list, pageRows) {
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

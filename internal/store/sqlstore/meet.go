package sqlstore

import (
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Meet implements workflow.SpawnGraph. It reads besides what the spawner was
// claimed as, and locks what an earlier run spawned.
func (sp *spawning) Meet(list []job.Spawned) (workflow.SpawnFacts, error) {
	sp.facts = workflow.SpawnFacts{
		IDs: make(map[string]job.ID), Taken: make(map[job.ID]bool), Earlier: make(map[string]bool), Edges: make(map[[2]job.ID]bool),
	}
	var made []job.ID
	for _, s := range list {
		made = append(made, s.ID)
	}
	for page := range slices.Chunk(made, pageRows) {
		sp.tx.QueueQuery("jobs_existing", func(r Row) error {
			var id job.ID
			err := r.Scan(&id)
			sp.facts.Taken[id] = true
			return err
		}, page)
	}
	earlier := sp.findNames(list)
	jobs, _, err := loadJobs(sp.tx, []job.ID{sp.o.Job})
	if err != nil {
		return workflow.SpawnFacts{}, err
	}
	if sp.like = jobs[sp.o.Job]; sp.like == nil {
		return workflow.SpawnFacts{}, ErrConflict
	}
	for _, s := range list {
		if earlier[sp.facts.IDs[s.Name]] {
			sp.facts.Earlier[s.Name] = false
		}
	}
	err = sp.meetEarlier(list)
	return sp.facts, err
}

// findNames finds the ids of the jobs that are named, and how large the workflow
// is. It returns what an earlier run of the spawner spawned.
func (sp *spawning) findNames(list []job.Spawned) (earlier map[job.ID]bool) {
	earlier = make(map[job.ID]bool)
	wf := sp.workflow()
	if wf == (job.ID{}) {
		return earlier
	}
	var names []nameRow
	for _, s := range list {
		names = append(names, nameRow{Name: s.Name})
		for _, b := range s.Before {
			names = append(names, nameRow{Name: b})
		}
	}
	sp.tx.QueueQuery("job_ids", func(r Row) error {
		var id job.ID
		var name string
		err := r.Scan(&name, &id)
		sp.facts.IDs[name] = id
		return err
	}, names, wf[:])
	sp.tx.QueueQuery("spawned_by", func(r Row) error {
		var id job.ID
		err := r.Scan(&id)
		earlier[id] = true
		return err
	}, sp.o.Job[:])
	size := &sp.facts.Size
	size.Jobs, size.Edges = sp.p.header(sp.at).Tally.Total, sp.rules().Edges
	if size.Edges == 0 {
		sp.tx.QueueQuery("edges_of_workflow", func(r Row) error { return r.Scan(&size.Edges) }, wf[:])
	}
	return earlier
}

// meetEarlier locks the jobs that an earlier run spawned and this one spawns
// again, and finds which edges are there of those that it asks for.
func (sp *spawning) meetEarlier(list []job.Spawned) error {
	var more []job.ID
	for name := range sp.facts.Earlier {
		if id := sp.facts.IDs[name]; !sp.knows(id) {
			more = append(more, id)
		}
	}
	for page := range slices.Chunk(sortedIDs(more), sp.p.pageRows) {
		sp.p.lockJobs(sp.tx, "lock_more_jobs", page)
	}
	var asked []edgeRow
	for _, s := range list {
		_, again := sp.facts.Earlier[s.Name]
		for _, name := range s.Before {
			if id, found := sp.facts.IDs[name]; found {
				asked = append(asked, edgeRow{Parent: hexID(sp.o.Job), Child: hexID(id)})
				if again {
					asked = append(asked, edgeRow{Parent: hexID(sp.facts.IDs[s.Name]), Child: hexID(id)})
				}
			}
		}
	}
	for page := range slices.Chunk(asked, sp.p.pageRows) {
		sp.tx.QueueQuery("edges_there", func(r Row) error {
			var e [2]job.ID
			err := r.Scan(&e[0], &e[1])
			sp.facts.Edges[e] = true
			return err
		}, page)
	}
	if err := sp.tx.Flush(); err != nil {
		return err
	}
	for name := range sp.facts.Earlier {
		i, known := sp.p.index[sp.facts.IDs[name]]
		if !known {
			return ErrConflict
		}
		n := &sp.p.Nodes[i]
		sp.facts.Earlier[name] = n.Status == job.Pending && n.Deps == job.Waiting
	}
	return nil
}

func (sp *spawning) knows(id job.ID) bool { _, known := sp.p.index[id]; return known }

// Parents implements workflow.SpawnGraph. No edge that was added later leads out
// of the workflow.
func (sp *spawning) Parents(of []job.ID) (parents []job.ID, err error) {
	wf := sp.workflow()
	for page := range slices.Chunk(of, sp.p.pageRows) {
		sp.tx.QueueQuery("parents_above", scanIDs(&parents), page, wf[:])
	}
	return parents, sp.tx.Flush()
}

// Stop implements workflow.SpawnGraph: it takes jobs from where claims look.
func (sp *spawning) Stop(list []job.ID) ([]workflow.SpawnTarget, error) {
	sp.p.lockJobs(sp.tx, "lock_more_jobs", list)
	for _, statement := range []string{"take_ready", "take_timers"} {
		sp.tx.QueueQuery(statement, func(Row) error { return nil }, list)
	}
	if err := sp.tx.Flush(); err != nil {
		return nil, err
	}
	sp.own = make(map[job.ID]int)
	sp.tx.QueueQuery("own_priorities", func(r Row) error {
		var id job.ID
		var priority int
		err := r.Scan(&id, &priority)
		sp.own[id] = priority
		return err
	}, list)
	running := heldBy(sp.tx, list) // after their places were looked for: who was faster is seen
	if err := sp.tx.Flush(); err != nil {
		return nil, err
	}
	isRunning := make(map[job.ID]bool)
	for _, h := range *running {
		if i, known := sp.p.index[h.Fence.Job]; known && h.Fence.Epoch == sp.p.jobs[i].epoch {
			isRunning[h.Fence.Job] = true
		}
	}
	targets := make([]workflow.SpawnTarget, len(list))
	for k, id := range list {
		i, known := sp.p.index[id]
		if !known {
			return nil, ErrConflict
		}
		n := &sp.p.Nodes[i]
		targets[k] = workflow.SpawnTarget{Finally: n.Finally, Status: n.Status, Attempts: sp.p.jobs[i].attempts}
		if isRunning[id] && !n.Status.Terminal() {
			targets[k].Status = job.Running
		}
	}
	return targets, nil
}

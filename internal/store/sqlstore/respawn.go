package sqlstore

import (
	"maps"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// deepest is how many levels of jobs are looked through for those that come
// before a spawner.
const deepest = 1000

// met is a job that an earlier run of the spawner spawned, and that is spawned
// again.
type met struct {
	id    job.ID
	waits bool // for the spawner still; else it has begun or ended, and stays as it is
	ended bool
}

// before is what is spawned before a job.
type before struct {
	first job.Spawned
	then  job.ID
}

// meet locks the jobs that an earlier run spawned and this one spawns again,
// and finds which edges are there of those that it asks for.
func (sp *spawning) meet() error {
	var list []job.ID
	for _, m := range sp.met {
		if _, locked := sp.p.index[m.id]; !locked {
			list = append(list, m.id)
		}
	}
	for page := range slices.Chunk(sortedIDs(list), sp.p.pageRows) {
		sp.p.lockJobs(sp.tx, "lock_more_jobs", page)
	}
	var asked []edgeRow
	for _, s := range sp.o.Spawned {
		for _, name := range s.Before {
			if id, found := sp.ids[name]; found {
				asked = append(asked, edgeRow{Parent: hexID(sp.o.Job), Child: hexID(id)})
				if m := sp.met[s.Name]; m != nil {
					asked = append(asked, edgeRow{Parent: hexID(m.id), Child: hexID(id)})
				}
			}
		}
	}
	for page := range slices.Chunk(asked, sp.p.pageRows) {
		sp.tx.QueueQuery("edges_there", func(r Row) error {
			var e [2]job.ID
			err := r.Scan(&e[0], &e[1])
			sp.there[e] = true
			return err
		}, page)
	}
	if err := sp.tx.Flush(); err != nil {
		return err
	}
	for _, m := range sp.met {
		i, known := sp.p.index[m.id]
		if !known {
			return ErrConflict
		}
		n := &sp.p.Nodes[i]
		m.waits, m.ended = n.Status == job.Pending && n.Deps == job.Waiting, n.Status.Terminal()
	}
	return nil
}

// noCycle refuses what would let a job wait for itself. Most that are to wait
// depend on the spawner, so that they can't come before it.
func (sp *spawning) noCycle(list []before) error {
	wf := sp.workflow() // no edge that was added later leads out of it
	level, clear := []job.ID{sp.o.Job}, true
	targets := make(map[job.ID]string, len(list))
	for _, b := range list {
		targets[b.then] = b.first.Name
		clear = clear && sp.there[[2]job.ID{sp.o.Job, b.then}]
		if m := sp.met[b.first.Name]; m != nil {
			level, clear = append(level, m.id), false
		}
	}
	for _, s := range sp.o.Spawned {
		for _, d := range s.DependsOn {
			if m := sp.renamed[d.Parent]; m != nil && sp.met[s.Name] == nil {
				level, clear = append(level, m.id), clear && len(list) == 0
			}
		}
	}
	seen := make(map[job.ID]bool)
	for depth := 0; len(level) > 0 && !clear; depth++ {
		level = slices.DeleteFunc(sortedIDs(level), func(id job.ID) bool { return seen[id] })
		for _, id := range level {
			seen[id] = true
			if name, cycle := targets[id]; cycle {
				return refuse("job %q is spawned before %q, which comes before it", name, sp.nameOf(id))
			}
		}
		if depth == deepest {
			return refuse("more than %d jobs stand one after the other before job %q: nothing can be spawned before a job that does not depend on it", deepest, sp.p.jobs[sp.at].name)
		}
		var above []job.ID
		for page := range slices.Chunk(level, sp.p.pageRows) {
			sp.tx.QueueQuery("parents_above", scanIDs(&above), page, wf[:])
		}
		if err := sp.tx.Flush(); err != nil {
			return err
		}
		level = above
	}
	return nil
}

// nameOf names a job that was asked for by name.
func (sp *spawning) nameOf(id job.ID) string {
	for _, name := range slices.Sorted(maps.Keys(sp.ids)) {
		if sp.ids[name] == id {
			return name
		}
	}
	return id.String()
}

// rename lets a new job depend on what is stored already of what it names, and
// returns its edges from what has ended.
func (sp *spawning) rename(j *job.Job) (ended []edgeRow) {
	deps := slices.Clone(j.DependsOn)
	for k, d := range deps {
		if m := sp.renamed[d.Parent]; m != nil {
			if deps[k].Parent = m.id; m.ended {
				ended = append(ended, newEdge(j, deps[k]))
			}
		}
	}
	j.DependsOn = deps
	return ended
}

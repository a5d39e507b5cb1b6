package workflow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// maxAbove is how many levels of jobs are looked through for those that come
// before a spawner.
const maxAbove = 1000

// SpawnError says why an outcome may not spawn what it does.
type SpawnError struct{ Reason string }

// Error is the reason.
func (e *SpawnError) Error() string { return e.Reason }

func refuseSpawn(format string, args ...any) error {
	return &SpawnError{fmt.Sprintf(format, args...)}
}

// Spawner is a job whose handler spawned others, as PlanSpawn has to know it.
type Spawner struct {
	ID      job.ID
	Name    string
	Finally bool
	Item    bool // of a batch or a map
	Alone   bool // it has no workflow
}

// SpawnGraph is what PlanSpawn asks of the workflow that is to grow, in the order
// of the methods. Their errors are returned as they are.
type SpawnGraph interface {
	// Meet finds what the workflow has of what is spawned.
	Meet(list []job.Spawned) (SpawnFacts, error)
	// Parents returns the parents of jobs within the workflow, maybe some twice.
	Parents(of []job.ID) ([]job.ID, error)
	// Stop keeps jobs from starting until the plan is carried out or given up,
	// and returns how they stand, parallel to them.
	Stop(list []job.ID) ([]SpawnTarget, error)
}

// SpawnFacts is how what is spawned meets the workflow. All but Earlier may have
// more than is asked for.
type SpawnFacts struct {
	IDs     map[string]job.ID  // by name: jobs of the workflow that are spawned or stand in Before
	Taken   map[job.ID]bool    // ids of what is spawned that stored jobs have
	Earlier map[string]bool    // by name: what is spawned and was by an earlier run; whether it waits for the spawner still
	Edges   map[[2]job.ID]bool // parent and child: from the spawner and what an earlier run spawned, into what stands in Before
	Size    struct {           // of the workflow
		Jobs  int
		Edges int
	}
}

// SpawnTarget is how a job stands before which others are spawned.
type SpawnTarget struct {
	Finally  bool
	Status   job.Status // running while a worker has it
	Attempts int        // that the budget has counted
}

// SpawnPlan is what a workflow gets from a handler that spawns.
type SpawnPlan struct {
	New   []*job.Job  // jobs to add; those of an earlier run, on which they may depend, have their stored ids
	Again []Respawned // what an earlier run spawned and waits for the spawner still
	Edges [][2]job.ID // from those, on success, into jobs that were there: parent and child
	// TotalEdges of the workflow with all that.
	TotalEdges int
}

// Respawned is a job of an earlier run with its new payload.
type Respawned struct {
	ID      job.ID
	Payload json.RawMessage
}

// PlanSpawn decides whether the handler of a job may spawn what it does when it
// completes, and what follows. What is against it is a *SpawnError.
func PlanSpawn(by Spawner, list []job.Spawned, limits Limits, g SpawnGraph) (SpawnPlan, error) {
	if by.Finally {
		return SpawnPlan{}, refuseSpawn("a finally job runs after all others, so it spawns nothing")
	}
	list, err := ValidateSpawned(by.ID, by.Name, list, by.Alone)
	if err != nil {
		return SpawnPlan{}, &SpawnError{err.Error()}
	}
	if by.Item {
		return SpawnPlan{}, refuseSpawn("job %q is an item of a batch or a map, which spawns nothing", by.Name)
	}
	facts, err := g.Meet(list)
	if err != nil {
		return SpawnPlan{}, err
	}
	p := &spawnPlanner{by: by, list: list, facts: facts}
	if err := p.names(); err != nil {
		return SpawnPlan{}, err
	}
	if err := p.circles(g); err != nil {
		return SpawnPlan{}, err
	}
	if err := p.targets(g); err != nil {
		return SpawnPlan{}, err
	}
	return p.plan(limits.WithDefaults())
}

// spawnPlanner is the work of PlanSpawn.
type spawnPlanner struct {
	by    Spawner
	list  []job.Spawned
	facts SpawnFacts
	edges []spawnEdge
}

// spawnEdge is an edge that is not there yet, by the names of its ends.
type spawnEdge struct {
	first, then string
	ids         [2]job.ID
}

// id returns the id under which a spawned job is stored, or will be.
func (p *spawnPlanner) id(s job.Spawned) job.ID {
	if _, met := p.facts.Earlier[s.Name]; met {
		return p.facts.IDs[s.Name]
	}
	return s.ID
}

// renamed returns the stored ids of what an earlier run spawned, by those that
// the handler gave it this time.
func (p *spawnPlanner) renamed() map[job.ID]job.ID {
	ids := make(map[job.ID]job.ID)
	for _, s := range p.list {
		if _, met := p.facts.Earlier[s.Name]; met {
			ids[s.ID] = p.facts.IDs[s.Name]
		}
	}
	return ids
}

// names checks names and ids, and finds the edges that are not there. What an
// earlier run spawned and has begun stays as it is.
func (p *spawnPlanner) names() error {
	for _, s := range p.list {
		waits, met := p.facts.Earlier[s.Name]
		if _, taken := p.facts.IDs[s.Name]; taken && !met && !p.by.Alone {
			return refuseSpawn("the workflow has a job %q already", s.Name)
		}
		if !met && p.facts.Taken[s.ID] {
			return refuseSpawn("job %q has the id of a job that is stored already: make a new one each time", s.Name)
		}
		if met && !waits {
			continue
		}
		for _, name := range s.Before {
			id, found := p.facts.IDs[name]
			_, again := p.facts.Earlier[name]
			edge := [2]job.ID{p.id(s), id}
			switch {
			case !found:
				return refuseSpawn("job %q is spawned before %q, which the workflow does not have", s.Name, name)
			case id == p.by.ID || again:
				return refuseSpawn("job %q is spawned before %q, which comes before it", s.Name, name)
			case !p.facts.Edges[edge]:
				p.edges = append(p.edges, spawnEdge{s.Name, name, edge})
			}
		}
	}
	return nil
}

// circles refuses what would let a job wait for itself. Most that are to wait
// depend on the spawner, so that they can't come before it.
func (p *spawnPlanner) circles(g SpawnGraph) error {
	level, clear := []job.ID{p.by.ID}, true
	targets := make(map[job.ID]spawnEdge, len(p.edges))
	for _, e := range p.edges {
		targets[e.ids[1]] = e
		clear = clear && p.facts.Edges[[2]job.ID{p.by.ID, e.ids[1]}]
		if _, met := p.facts.Earlier[e.first]; met {
			level, clear = append(level, e.ids[0]), false
		}
	}
	renamed := p.renamed()
	for _, s := range p.list {
		if _, met := p.facts.Earlier[s.Name]; met {
			continue
		}
		for _, d := range s.DependsOn {
			if id, met := renamed[d.Parent]; met {
				level, clear = append(level, id), false
			}
		}
	}
	if clear || len(p.edges) == 0 {
		return nil
	}
	seen := make(map[job.ID]bool)
	for depth := 0; len(level) > 0; depth++ {
		level = slices.DeleteFunc(sortIDs(level), func(id job.ID) bool { return seen[id] })
		for _, id := range level {
			seen[id] = true
			if e, circle := targets[id]; circle {
				return refuseSpawn("job %q is spawned before %q, which comes before it", e.first, e.then)
			}
		}
		if depth == maxAbove {
			return refuseSpawn("more than %d jobs stand one after the other before job %q: nothing can be spawned before a job that does not depend on it", maxAbove, p.by.Name)
		}
		var err error
		if level, err = g.Parents(level); err != nil {
			return err
		}
	}
	return nil
}

// targets checks that what is to wait has not started. One that ended without
// that will wait when it begins anew.
func (p *spawnPlanner) targets(g SpawnGraph) error {
	var list []job.ID
	names := make(map[job.ID]string)
	for _, e := range p.edges {
		list, names[e.ids[1]] = append(list, e.ids[1]), e.then
	}
	if len(list) == 0 {
		return nil
	}
	list = sortIDs(list)
	stand, err := g.Stop(list)
	if err != nil {
		return err
	}
	for i, t := range stand {
		name := names[list[i]]
		switch {
		case t.Finally:
			return refuseSpawn("job %q is finally: it runs after everything anyway", name)
		case t.Status == job.Cancelled, t.Status == job.Skipped, t.Status == job.UpstreamFailed:
		case t.Status != job.Pending && t.Status != job.Retrying:
			return refuseSpawn("job %q is %s already: nothing can be spawned before it", name, t.Status)
		case t.Status == job.Retrying || t.Attempts > 0:
			return refuseSpawn("job %q has started already, and is %s: nothing can be spawned before it", name, t.Status)
		}
	}
	return nil
}

// plan lists what the workflow gets, unless it would be too large.
func (p *spawnPlanner) plan(limits Limits) (SpawnPlan, error) {
	plan := SpawnPlan{TotalEdges: p.facts.Size.Edges + len(p.edges)}
	renamed := p.renamed()
	for _, s := range p.list {
		waits, met := p.facts.Earlier[s.Name]
		switch {
		case waits:
			plan.Again = append(plan.Again, Respawned{p.id(s), s.Payload})
		case !met:
			for k, d := range s.DependsOn { // a copy, by ValidateSpawned
				if id, again := renamed[d.Parent]; again {
					s.DependsOn[k].Parent = id
				}
			}
			plan.New = append(plan.New, s.Job)
			plan.TotalEdges += len(s.DependsOn)
		}
	}
	for _, e := range p.edges {
		plan.Edges = append(plan.Edges, e.ids)
	}
	switch total := p.facts.Size.Jobs + len(plan.New); {
	case p.by.Alone:
	case total > limits.Jobs:
		return SpawnPlan{}, refuseSpawn("the workflow would have %d jobs with what is spawned; at most %d are allowed", total, limits.Jobs)
	case plan.TotalEdges > limits.Edges:
		return SpawnPlan{}, refuseSpawn("the workflow would have %d dependencies with what is spawned; at most %d are allowed", plan.TotalEdges, limits.Edges)
	}
	return plan, nil
}

// sortIDs returns ids in their order, each once.
func sortIDs(list []job.ID) []job.ID {
	slices.SortFunc(list, func(a, b job.ID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(list)
}

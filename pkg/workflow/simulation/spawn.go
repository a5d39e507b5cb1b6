package simulation

import (
	"container/heap"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// spawned lets a completing attempt add jobs to the workflow, or makes another
// outcome of it that says why it may not.
func (m *machine) spawned(i int, o job.Outcome) job.Outcome {
	if o.Kind != job.KindCompleted || len(o.Spawned) == 0 {
		return o
	}
	if err := m.spawn(i, o.Spawned); err != nil {
		return job.Outcome{Kind: job.KindFailed, Permanent: true, Error: "the engine refused the outcome: " + err.Error()}
	}
	return o
}

// spawn adds jobs that node i spawns. Those that it spawned when it completed
// before have another payload now, if they wait for it again.
func (m *machine) spawn(i int, list []job.Spawned) error {
	spawner := m.w.Jobs[i]
	by := workflow.Spawner{ID: spawner.ID, Name: spawner.Name, Finally: spawner.Finally, Item: m.items}
	plan, err := workflow.PlanSpawn(by, list, m.s.Limits, spawnGraph{m, i})
	if err != nil {
		return err
	}
	w := *m.w
	w.Jobs = slices.Clone(w.Jobs)
	names := make(map[job.ID]string)
	for _, j := range plan.New {
		own := *j
		if own.Retry == nil {
			own.Retry = spawner.Retry
		}
		if own.Priority == nil {
			own.Priority = spawner.Priority
		}
		w.Jobs, names[j.ID] = append(w.Jobs, &own), j.Name
	}
	for _, s := range plan.Again {
		own := *w.Jobs[m.index[s.ID]]
		own.Payload, names[s.ID] = s.Payload, own.Name
		w.Jobs[m.index[s.ID]] = &own
	}
	for _, e := range plan.Edges {
		target := *w.Jobs[m.index[e[1]]]
		target.DependsOn = append(slices.Clone(target.DependsOn), job.Dependency{Parent: e[0], Name: names[e[0]], On: job.OnSuccess})
		w.Jobs[m.index[e[1]]] = &target
	}
	m.grow(&w, i)
	return nil
}

// spawnGraph is a machine as workflow.PlanSpawn asks it for a spawner.
type spawnGraph struct {
	*machine
	spawner int
}

// Meet implements workflow.SpawnGraph.
func (g spawnGraph) Meet(list []job.Spawned) (workflow.SpawnFacts, error) {
	f := workflow.SpawnFacts{
		IDs: make(map[string]job.ID), Taken: make(map[job.ID]bool), Earlier: make(map[string]bool), Edges: make(map[[2]job.ID]bool),
	}
	f.Size.Jobs = len(g.w.Jobs)
	for _, j := range g.w.Jobs {
		f.IDs[j.Name], f.Taken[j.ID] = j.ID, true
		f.Size.Edges += len(j.DependsOn)
	}
	for _, s := range list {
		if k, inside := g.index[f.IDs[s.Name]]; inside && g.jobs[k].spawner == g.spawner+1 {
			n := &g.p.Nodes[k]
			f.Earlier[s.Name] = n.Status == job.Pending && n.Deps == job.Waiting
		}
		for _, name := range s.Before {
			if k, inside := g.index[f.IDs[name]]; inside {
				for _, d := range g.w.Jobs[k].DependsOn {
					f.Edges[[2]job.ID{d.Parent, f.IDs[name]}] = true
				}
			}
		}
	}
	return f, nil
}

// Parents implements workflow.SpawnGraph.
func (g spawnGraph) Parents(of []job.ID) (parents []job.ID, err error) {
	for _, id := range of {
		for _, d := range g.w.Jobs[g.index[id]].DependsOn {
			if k, inside := g.index[d.Parent]; inside && k < len(g.w.Jobs) {
				parents = append(parents, d.Parent)
			}
		}
	}
	return parents, nil
}

// Stop implements workflow.SpawnGraph: nothing starts meanwhile.
func (g spawnGraph) Stop(list []job.ID) ([]workflow.SpawnTarget, error) {
	targets := make([]workflow.SpawnTarget, len(list))
	for i, id := range list {
		k := g.index[id]
		n := &g.p.Nodes[k]
		targets[i] = workflow.SpawnTarget{Finally: n.Finally, Status: n.Status, Attempts: g.jobs[k].attempts}
		if g.jobs[k].running {
			targets[i].Status = job.Running
		}
	}
	return targets, nil
}

// grow puts a workflow in the place of the one that it has grown out of: with
// more jobs at its end, and more dependencies of those that were there. What has
// happened stays.
func (m *machine) grow(w *workflow.Workflow, spawner int) {
	old, was := m.p, len(m.w.Jobs)
	more := len(w.Jobs) - was
	now := func(node int) int { // where it is
		if node < was {
			return node
		}
		return node + more
	}
	p := workflow.NewPart(w)
	p.Now = old.Now
	fresh := p.Workflows[0]
	p.Workflows[0] = old.Workflows[0]
	p.Workflows[0].Tally.Total += more
	p.Workflows[0].Handlers = fresh.Handlers
	states := make(map[[2]int]workflow.EdgeState, len(old.Edges))
	for _, e := range old.Edges {
		states[[2]int{now(e.Parent), e.Child}] = e.State
	}
	added := map[int]int{}
	for k := range p.Edges {
		e := &p.Edges[k]
		if state, there := states[[2]int{e.Parent, e.Child}]; there {
			e.State = state
		} else if e.Child < was {
			added[e.Child]++
		}
	}
	for i, n := range old.Nodes {
		tolerated := p.Nodes[now(i)].Tolerated
		p.Nodes[now(i)] = n
		if i >= was {
			continue
		}
		p.Nodes[i].Tolerated = tolerated
		if p.Nodes[i].Counts.Unresolved += added[i]; added[i] > 0 && !n.Status.Terminal() {
			p.Nodes[i].Deps = job.Waiting
			m.jobs[i].released, m.jobs[i].inLine = false, false
			m.jobs[i].turn++
		}
	}
	jobs := slices.Clone(m.jobs)
	jobs = slices.Insert(jobs, was, make([]state, more)...)
	for i := range jobs {
		if jobs[i].waitedFor >= 0 {
			jobs[i].waitedFor = now(jobs[i].waitedFor)
		}
	}
	for i, in := range p.Inputs {
		if before := old.Inputs[i]; i < was && before != nil {
			parents := in.Parents
			*in = *before
			if in.Only == "" && len(before.Parents) == 1 && len(parents) > 1 {
				in.Only = before.Parents[0].Name
			}
			for k := range before.Parents {
				node := parents[k].Node
				parents[k] = before.Parents[k]
				parents[k].Node = node
			}
			in.Parents, in.Payload = parents, w.Jobs[i].Payload
		}
	}
	m.w, m.p, m.h, m.jobs = w, p, &p.Workflows[0], jobs
	m.urgent = workflow.Urgencies(w.Jobs, w.Priority)
	m.read()
	for i := was; i < was+more; i++ {
		m.jobs[i] = m.waiting(i)
		m.jobs[i].spawner = spawner + 1
		m.index[p.Nodes[i].ID] = i
		m.step(Step{Job: m.path(i), Outcome: Spawned, Cause: m.path(spawner)})
		if d := w.Jobs[i].Deadline; d > 0 {
			m.agenda.add(event{at: m.now + d, kind: jobDeadline, of: m, node: i})
		}
	}
	for i := was + more; i < len(p.Nodes); i++ {
		m.index[p.Nodes[i].ID] = i
	}
	m.line.drop(m, added)
	m.r = workflow.Begin(p)
}

// drop lets jobs lose their place in line.
func (l *line) drop(of *machine, nodes map[int]int) {
	if len(nodes) == 0 {
		return
	}
	*l = slices.DeleteFunc(*l, func(p place) bool { return p.of == of && nodes[p.node] > 0 })
	heap.Init(l)
}

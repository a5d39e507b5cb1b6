package simulation

import (
	"container/heap"
	"errors"
	"fmt"
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
	switch {
	case spawner.Finally:
		return errors.New("a finally job runs after all others, so it spawns nothing")
	case m.items:
		return fmt.Errorf("job %q is an item of a batch or a map, which spawns nothing", spawner.Name)
	}
	list, err := workflow.ValidateSpawned(spawner.ID, spawner.Name, list, false)
	if err != nil {
		return err
	}
	names := make(map[string]int, len(m.w.Jobs))
	for k, j := range m.w.Jobs {
		names[j.Name] = k
	}
	w := *m.w
	w.Jobs = slices.Clone(w.Jobs)
	renamed := map[job.ID]job.ID{}
	for _, s := range list {
		k, there := names[s.Name]
		switch {
		case !there:
		case m.jobs[k].spawner != i+1:
			return fmt.Errorf("the workflow has a job %q already", s.Name)
		default:
			renamed[s.ID] = w.Jobs[k].ID
		}
	}
	above := m.above(i, list, names)
	for _, s := range list {
		k, there := names[s.Name]
		if there && !m.waits(k) {
			continue
		}
		for _, name := range s.Before {
			if there && m.follows(name, w.Jobs[k].ID, names) {
				continue
			}
			if err := m.before(s.Name, name, names, above); err != nil {
				return err
			}
		}
	}
	for _, s := range list {
		own := *s.Job
		k, there := names[s.Name]
		switch {
		case there && !m.waits(k):
			continue
		case there:
			own = *w.Jobs[k]
			own.Payload = s.Payload
			w.Jobs[k] = &own
		default:
			own.DependsOn = slices.Clone(own.DependsOn)
			for d := range own.DependsOn {
				if id, again := renamed[own.DependsOn[d].Parent]; again {
					own.DependsOn[d].Parent = id
				}
			}
			if own.Retry == nil {
				own.Retry = spawner.Retry
			}
			if own.Priority == nil {
				own.Priority = spawner.Priority
			}
			w.Jobs = append(w.Jobs, &own)
		}
		for _, name := range s.Before {
			target := *w.Jobs[names[name]]
			if !slices.ContainsFunc(target.DependsOn, func(d job.Dependency) bool { return d.Parent == own.ID }) {
				target.DependsOn = append(slices.Clone(target.DependsOn), job.Dependency{Parent: own.ID, Name: own.Name, On: job.OnSuccess})
				w.Jobs[names[name]] = &target
			}
		}
	}
	if err := fits(&w); err != nil {
		return err
	}
	m.grow(&w, i)
	return nil
}

// fits checks that a workflow is not too large with what is spawned.
func fits(w *workflow.Workflow) error {
	most, edges := workflow.Limits{}.WithDefaults(), 0
	for _, j := range w.Jobs {
		edges += len(j.DependsOn)
	}
	switch {
	case len(w.Jobs) > most.Jobs:
		return fmt.Errorf("the workflow would have %d jobs with what is spawned; at most %d are allowed", len(w.Jobs), most.Jobs)
	case edges > most.Edges:
		return fmt.Errorf("the workflow would have %d dependencies with what is spawned; at most %d are allowed", edges, most.Edges)
	}
	return nil
}

// waits reports whether a job waits for its join.
func (m *machine) waits(i int) bool {
	n := &m.p.Nodes[i]
	return n.Status == job.Pending && n.Deps == job.Waiting
}

// follows reports whether a job of a name depends on another one already.
func (m *machine) follows(name string, parent job.ID, names map[string]int) bool {
	k, there := names[name]
	return there && slices.ContainsFunc(m.w.Jobs[k].DependsOn, func(d job.Dependency) bool { return d.Parent == parent })
}

// above finds what comes before what node i spawns: it, what it spawned before
// under the same names, and all that those depend on, directly or not.
func (m *machine) above(i int, list []job.Spawned, names map[string]int) map[int]bool {
	above := map[int]bool{i: true}
	todo := []int{i}
	for _, s := range list {
		if k, there := names[s.Name]; there && !above[k] {
			above[k] = true
			todo = append(todo, k)
		}
	}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if at >= len(m.w.Jobs) {
			continue // it is outside
		}
		for _, d := range m.w.Jobs[at].DependsOn {
			if k, inside := m.index[d.Parent]; inside && !above[k] {
				above[k] = true
				todo = append(todo, k)
			}
		}
	}
	return above
}

// before says why a job can't be spawned before another one. above is what comes
// before what is spawned.
func (m *machine) before(first, then string, names map[string]int, above map[int]bool) error {
	k, there := names[then]
	if !there {
		return fmt.Errorf("job %q is spawned before %q, which the workflow does not have", first, then)
	}
	if above[k] {
		return fmt.Errorf("job %q is spawned before %q, which comes before it", first, then)
	}
	n := &m.p.Nodes[k]
	status := n.Status
	if m.jobs[k].running {
		status = job.Running
	}
	switch {
	case n.Finally:
		return fmt.Errorf("job %q is finally: it runs after everything anyway", then)
	case status == job.Cancelled, status == job.Skipped, status == job.UpstreamFailed:
	case status != job.Pending:
		return fmt.Errorf("job %q is %s already: nothing can be spawned before it", then, status)
	}
	return nil
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

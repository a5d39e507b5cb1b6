package workflow

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// spawnTable is a workflow as PlanSpawn asks it: a, the spawner; before, which it
// depends on; after, which depends on it; apart, which nothing has to do with; and
// kept and begun, which an earlier run spawned.
type spawnTable struct {
	ids     map[string]job.ID
	parents map[string][]string
	targets map[string]SpawnTarget
	size    [2]int
	stopped []job.ID
	asked   int // how often for parents
}

func newSpawnTable() *spawnTable {
	g := &spawnTable{
		ids:     map[string]job.ID{},
		parents: map[string][]string{"a": {"before"}, "after": {"a"}, "kept": {"a"}, "begun": {"a"}},
		targets: map[string]SpawnTarget{},
		size:    [2]int{6, 4},
	}
	for _, name := range []string{"a", "before", "after", "apart", "kept", "begun"} {
		g.ids[name] = job.NewID()
	}
	return g
}

func (g *spawnTable) name(id job.ID) string {
	for name, of := range g.ids {
		if of == id {
			return name
		}
	}
	return ""
}

func (g *spawnTable) Meet(list []job.Spawned) (SpawnFacts, error) {
	f := SpawnFacts{IDs: g.ids, Taken: map[job.ID]bool{}, Earlier: map[string]bool{}, Edges: map[[2]job.ID]bool{}}
	f.Size.Jobs, f.Size.Edges = g.size[0], g.size[1]
	for _, id := range g.ids {
		f.Taken[id] = true
	}
	for child, parents := range g.parents {
		for _, parent := range parents {
			f.Edges[[2]job.ID{g.ids[parent], g.ids[child]}] = true
		}
	}
	for _, s := range list {
		if s.Name == "kept" || s.Name == "begun" {
			f.Earlier[s.Name] = s.Name == "kept"
		}
	}
	return f, nil
}

func (g *spawnTable) Parents(of []job.ID) (parents []job.ID, err error) {
	g.asked++
	for _, id := range of {
		for _, name := range g.parents[g.name(id)] {
			parents = append(parents, g.ids[name])
		}
	}
	return parents, nil
}

func (g *spawnTable) Stop(list []job.ID) (targets []SpawnTarget, err error) {
	g.stopped = list
	for _, id := range list {
		t := g.targets[g.name(id)]
		if t.Status == "" {
			t.Status = job.Pending
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// spawns makes a job that is spawned before others.
func spawns(name string, before ...string) job.Spawned {
	return job.Spawned{Job: job.New("q", name).WithName(name), Before: before}
}

func (g *spawnTable) by() Spawner { return Spawner{ID: g.ids["a"], Name: "a"} }

func TestWhatASpawnerMayNotSpawnIsRefused(t *testing.T) {
	for _, c := range []struct {
		want   string // part of the reason
		change func(*spawnTable, *Spawner)
		spawn  []job.Spawned
	}{
		{"a finally job runs after all others", func(_ *spawnTable, by *Spawner) { by.Finally = true }, []job.Spawned{spawns("x")}},
		{`"a" is an item of a batch or a map, which spawns nothing`, func(_ *spawnTable, by *Spawner) { by.Item = true }, []job.Spawned{spawns("x")}},
		{`"a" is that of the spawner`, nil, []job.Spawned{spawns("a")}},
		{`the workflow has a job "after" already`, nil, []job.Spawned{spawns("after")}},
		{`job "x" has the id of a job that is stored already`, func(g *spawnTable, _ *Spawner) {}, []job.Spawned{spawns("x")}},
		{`job "x" is spawned before "nobody", which the workflow does not have`, nil, []job.Spawned{spawns("x", "nobody")}},
		{`job "x" is spawned before "y", which the workflow does not have`, nil, []job.Spawned{spawns("x", "y"), spawns("y")}},
		{`job "x" is spawned before "a", which comes before it`, nil, []job.Spawned{spawns("x", "a")}},
		{`job "x" is spawned before "kept", which comes before it`, nil, []job.Spawned{spawns("kept"), spawns("x", "kept")}},
		{`job "x" is spawned before "before", which comes before it`, nil, []job.Spawned{spawns("x", "before")}},
		{
			`job "kept" is spawned before "apart", which comes before it`,
			func(g *spawnTable, _ *Spawner) { g.parents["kept"] = []string{"a", "apart"} },
			[]job.Spawned{spawns("kept", "apart")},
		},
		{`job "after" is finally`, func(g *spawnTable, _ *Spawner) { g.targets["after"] = SpawnTarget{Finally: true} }, []job.Spawned{spawns("x", "after")}},
		{`job "apart" is running already`, func(g *spawnTable, _ *Spawner) { g.targets["apart"] = SpawnTarget{Status: job.Running} }, []job.Spawned{spawns("x", "apart")}},
		{`job "apart" is completed already`, func(g *spawnTable, _ *Spawner) { g.targets["apart"] = SpawnTarget{Status: job.Completed} }, []job.Spawned{spawns("x", "apart")}},
		{`job "apart" has started already, and is retrying`, func(g *spawnTable, _ *Spawner) { g.targets["apart"] = SpawnTarget{Status: job.Retrying} }, []job.Spawned{spawns("x", "apart")}},
		{`job "apart" has started already, and is pending`, func(g *spawnTable, _ *Spawner) { g.targets["apart"] = SpawnTarget{Attempts: 1} }, []job.Spawned{spawns("x", "apart")}},
		{"would have 8 jobs with what is spawned; at most 7", nil, []job.Spawned{spawns("x"), spawns("y")}},
		{"would have 10 dependencies with what is spawned; at most 9", func(g *spawnTable, _ *Spawner) { g.size[1] = 8 }, []job.Spawned{spawns("x", "after")}},
	} {
		t.Run(c.want, func(t *testing.T) {
			g := newSpawnTable()
			by := g.by()
			if c.change != nil {
				c.change(g, &by)
			}
			if strings.Contains(c.want, "has the id") {
				c.spawn[0].ID = g.ids["apart"]
			}
			var refused *SpawnError
			_, err := PlanSpawn(by, c.spawn, Limits{Jobs: 7, Edges: 9}, g)
			if !errors.As(err, &refused) || !strings.Contains(refused.Reason, c.want) {
				t.Errorf("it is refused with %v", err)
			}
		})
	}
}

func TestAPlanSaysWhatIsNewWhatIsThereAndWhatWaitsForIt(t *testing.T) {
	g := newSpawnTable()
	g.parents["after"] = []string{"a", "kept"}
	kept, begun := spawns("kept", "after", "apart"), spawns("begun", "apart")
	x := spawns("x", "after")
	x.DependsOnIDs(kept.ID, begun.ID)
	plan, err := PlanSpawn(g.by(), []job.Spawned{kept, begun, x}, Limits{}, g)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.New) != 1 || plan.New[0].ID != x.ID {
		t.Fatalf("new are %v", plan.New)
	}
	var parents []job.ID
	for _, d := range plan.New[0].DependsOn {
		parents = append(parents, d.Parent)
	}
	if want := []job.ID{g.ids["kept"], g.ids["begun"], g.ids["a"]}; !slices.Equal(parents, want) {
		t.Errorf("it depends on %v, want %v", parents, want)
	}
	if x.DependsOn[0].Parent != kept.ID {
		t.Error("what was given is changed")
	}
	if want := []Respawned{{g.ids["kept"], json.RawMessage(`"kept"`)}}; fmt.Sprint(plan.Again) != fmt.Sprint(want) {
		t.Errorf("again: %v, want %v", plan.Again, want)
	}
	if want := [][2]job.ID{{g.ids["kept"], g.ids["apart"]}, {x.ID, g.ids["after"]}}; !slices.Equal(plan.Edges, want) {
		t.Errorf("edges are %v, want %v", plan.Edges, want)
	}
	if want := 4 + 2 + 3; plan.TotalEdges != want {
		t.Errorf("it has %d edges, want %d", plan.TotalEdges, want)
	}
}

func TestNothingIsStoppedBeforeWhichNothingIsSpawned(t *testing.T) {
	g := newSpawnTable()
	if _, err := PlanSpawn(g.by(), []job.Spawned{spawns("x"), spawns("y", "after")}, Limits{}, g); err != nil {
		t.Fatal(err)
	}
	if want := []job.ID{g.ids["after"]}; !slices.Equal(g.stopped, want) || g.asked > 0 {
		t.Errorf("stopped are %v, and it asked for parents %d times: what depends on the spawner can't come before it", g.stopped, g.asked)
	}
}

func TestASpawnerFarBehindOthersSpawnsOnlyBeforeWhatDependsOnIt(t *testing.T) {
	g := newSpawnTable()
	last := "before"
	for i := range maxAbove {
		name := fmt.Sprint("n", i)
		g.ids[name], g.parents[last] = job.NewID(), []string{name}
		last = name
	}
	_, err := PlanSpawn(g.by(), []job.Spawned{spawns("x", "apart")}, Limits{}, g)
	if err == nil || !strings.Contains(err.Error(), `more than 1000 jobs stand one after the other before job "a"`) {
		t.Errorf("it is refused with %v", err)
	}
	if _, err := PlanSpawn(g.by(), []job.Spawned{spawns("x", "after")}, Limits{}, g); err != nil {
		t.Errorf("before what depends on it: %v", err)
	}
}

func TestAJobWithoutAWorkflowSpawnsWhateverNames(t *testing.T) {
	g := newSpawnTable()
	by := g.by()
	by.Alone, g.ids, g.size = true, map[string]job.ID{}, [2]int{}
	plan, err := PlanSpawn(by, []job.Spawned{spawns("a"), spawns("after")}, Limits{Jobs: 1, Edges: 1}, g)
	if err != nil || len(plan.New) != 2 {
		t.Errorf("got %v, %v", plan, err)
	}
}

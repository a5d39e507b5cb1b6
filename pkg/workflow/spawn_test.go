package workflow

import (
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestASpawnedJobDependsOnItsSpawnerAndOnWhatItNames(t *testing.T) {
	spawner := job.NewID()
	a := job.Spawned{Job: job.New("q", nil).WithName("a")}
	b := job.Spawned{Job: job.New("q", nil).WithName("b").DependsOnNames("a"), Before: []string{"report"}}
	list := []job.Spawned{a, b}
	for range 2 { // what is checked again is not changed again
		var err error
		if list, err = ValidateSpawned(spawner, "split", list, false); err != nil {
			t.Fatal(err)
		}
	}
	if deps := list[0].DependsOn; len(deps) != 1 || deps[0].Parent != spawner {
		t.Errorf("a depends on %v", deps)
	}
	if deps := list[1].DependsOn; len(deps) != 2 || deps[0].Parent != a.ID || deps[1].Parent != spawner {
		t.Errorf("b depends on %v", deps)
	}
	if len(a.DependsOn) != 0 || len(b.DependsOn) != 1 || b.DependsOn[0].Parent != (job.ID{}) {
		t.Errorf("what was given depends on %v and %v now", a.DependsOn, b.DependsOn)
	}
}

func TestASpawnedJobWithoutANameIsNamedAfterItsSpawner(t *testing.T) {
	unnamed := job.New("q", nil)
	names := func(spawner string, list ...*job.Job) string {
		var spawned []job.Spawned
		for _, j := range list {
			spawned = append(spawned, job.Spawned{Job: j})
		}
		spawned, err := ValidateSpawned(job.NewID(), spawner, spawned, false)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, s := range spawned {
			names = append(names, s.Name)
		}
		return strings.Join(names, " ")
	}
	taken := job.New("q", nil).WithName("split.2")
	if got := names("split", unnamed, taken, job.New("q", nil)); got != "split.1 split.2 split.3" {
		t.Errorf("they are named %s", got)
	}
	if unnamed.Name != "" {
		t.Errorf("what was given is named %s now", unnamed.Name)
	}
	if got := names("a", job.New("q", nil).WithName("spawner")); got != "spawner" {
		t.Errorf("it is named %s", got)
	}
	seen := map[string]bool{}
	for name, n := "crawl", 0; n < 300; n++ {
		if name = names(name, unnamed); seen[name] {
			t.Fatalf("%s is taken", name)
		}
		seen[name] = true
	}
}

func TestAnExpressionOfASpawnedJobKnowsTheSpawnerByItsName(t *testing.T) {
	for condition, want := range map[string]string{
		"deps.split.result.ok && ok": "",
		"deps.spawner.result.ok":     "does not depend on \"spawner\"",
	} {
		j := job.New("q", nil).WithCondition(condition).DependsOnNames("split")
		_, err := ValidateSpawned(job.NewID(), "split", []job.Spawned{{Job: j}}, false)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", condition, err)
		}
	}
}

func TestWhatCannotBeSpawnedIsRefused(t *testing.T) {
	one := func(j *job.Job, before ...string) []job.Spawned {
		return []job.Spawned{{Job: j.WithName("x"), Before: before}}
	}
	signal := func() []job.Spawned {
		return one(job.NewSignal("").WithPayloadOnExpiry(time.Hour, strings.Repeat("x", job.MaxSpawnedBytes/2)))
	}
	many := make([]job.Spawned, job.MaxSpawned+1)
	for i := range many {
		many[i].Job = job.New("q", nil)
	}
	for name, c := range map[string]struct {
		list  []job.Spawned
		alone bool
		want  string
	}{
		"finally":    {one(job.New("q", nil).AsFinally()), false, "can't be finally"},
		"catch":      {one(job.New("q", nil).AsCatch()), false, "can't be catch"},
		"batch":      {one(NewBatch("q", []any{1})), false, "can't be parts"},
		"outside":    {one(job.New("q", nil).DependsOnIDs(job.NewID())), false, "not spawned with it"},
		"handler":    {append(one(job.New("q", nil)), job.Spawned{Job: job.New("q", nil).WithName("y").DependsOnEdges(job.Dependency{Name: "x", On: job.OnFailure})}), false, "it may depend on its success"},
		"cycle":      {append(one(job.New("q", nil).DependsOnNames("y")), job.Spawned{Job: job.New("q", nil).WithName("y").DependsOnNames("x")}), false, "wait for each other"},
		"no queue":   {one(job.New("", nil)), false, "no queue"},
		"too many":   {many, false, "at most 1000"},
		"too large":  {one(job.New("q", strings.Repeat("x", job.MaxSpawnedBytes))), false, "at most 262144"},
		"defaults":   {append(signal(), signal()...), false, "at most 262144"},
		"before it":  {one(job.New("q", nil), "report"), true, "has no workflow"},
		"twice":      {one(job.New("q", nil), "report", "report"), false, "before names"},
		"its own":    {[]job.Spawned{{Job: job.New("q", nil).WithName("split")}}, false, "is that of the spawner"},
		"same names": {append(one(job.New("q", nil)), one(job.New("q", nil))...), false, "already taken"},
	} {
		_, err := ValidateSpawned(job.NewID(), "split", c.list, c.alone)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

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
	for range 2 { // what is checked again is not changed again
		if err := ValidateSpawned(spawner, []job.Spawned{a, b}, false); err != nil {
			t.Fatal(err)
		}
	}
	if len(a.DependsOn) != 1 || a.DependsOn[0].Parent != spawner {
		t.Errorf("a depends on %v", a.DependsOn)
	}
	if len(b.DependsOn) != 2 || b.DependsOn[0].Parent != a.ID || b.DependsOn[1].Parent != spawner {
		t.Errorf("b depends on %v", b.DependsOn)
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
		"same names": {append(one(job.New("q", nil)), one(job.New("q", nil))...), false, "already taken"},
	} {
		err := ValidateSpawned(job.NewID(), c.list, c.alone)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

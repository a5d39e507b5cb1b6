package cli

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/handler"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow/spelling"
)

var spawnedName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,200}$`)

// born reads what --spawn says, and adds what may be spawned, by that or by
// payloads, to the jobs that other flags can name.
func (t *theatre) born(flags, names []string, jobs map[string]*job.Job) ([]string, error) {
	before := map[string][]string{} // what is to wait, with the flag that says so
	for _, text := range flags {
		name, said, ok := strings.Cut(text, "=")
		list, waits, some := strings.Cut(said, ":")
		var s handler.Spawn
		for _, child := range strings.Split(list, ",") {
			ok = ok && spawnedName.MatchString(child)
			s.List = append(s.List, handler.SpawnedJob{Name: child})
		}
		if some {
			s.Before = strings.Split(waits, ",")
		}
		_, twice := t.spawns[name]
		switch {
		case !ok:
			return nil, &usageError{fmt.Errorf("--spawn %s: what is spawned are names, with commas between", term.OneLine(text)), "like this: --spawn split=part-1,part-2:report"}
		case twice:
			return nil, &usageError{fmt.Errorf("--spawn %s is said twice", term.OneLine(name)), "name all that it spawns at once, with commas between"}
		}
		t.spawns[name], before[name] = s, s.Before
	}
	used := map[string]bool{}
	for k := 0; k < len(names) && len(names) <= maxBorn; k++ {
		path := names[k]
		s, said := t.spawns[path]
		if used[path] = said; !said {
			if simulation, err := handler.SimulationOf(jobs[path].Payload); err == nil {
				s = simulation.Spawn
			}
		}
		for _, child := range s.Jobs(jobs[path].Queue) {
			if at := beside(path) + child.Name; jobs[at] == nil {
				names = append(names, at)
				jobs[at] = child.Job
			}
		}
	}
	for name, list := range before {
		if !used[name] {
			return nil, notThere("spawn", name, names)
		}
		for _, other := range list {
			if jobs[beside(name)+other] == nil {
				return nil, notThere("spawn", beside(name)+other, names)
			}
		}
	}
	return names, nil
}

// maxBorn is how many jobs flags can name: what spawns itself has no end.
const maxBorn = 200_000

// beside is what the paths of the jobs beside one begin with.
func beside(path string) string { return path[:strings.LastIndexByte(path, '/')+1] }

// notThere says that a flag names a job that the workflow does not have.
func notThere(flag, name string, names []string) error {
	hint := "name a job of the file"
	if near := spelling.Nearest(name, names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return &usageError{fmt.Errorf("--%s: the workflow has no job %q", flag, term.OneLine(name)), hint}
}

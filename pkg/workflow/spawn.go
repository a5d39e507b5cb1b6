package workflow

import (
	"fmt"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// ValidateSpawned completes and checks what the handler of a job spawns, as
// Validate does for a workflow, and returns it: what it is given stays as it is.
// Each job depends on the spawner besides; one without a name is named after the
// spawner, with a number. Names are unique among them; that they are new in the workflow,
// and that what they are to come before has not started, is checked when the spawner
// completes. alone says that the spawner has no workflow.
func ValidateSpawned(spawner job.ID, name string, list []job.Spawned, alone bool) ([]job.Spawned, error) {
	if !namePattern.MatchString(name) { // an item of a batch or a map, which spawns nothing
		name = nameAfter(name)
	}
	list = copySpawned(list)
	nameSpawned(spawner, name, list)
	if err := validateSpawned(spawner, name, list, alone); err != nil {
		return nil, err
	}
	return list, nil
}

func copySpawned(list []job.Spawned) []job.Spawned {
	list = slices.Clone(list)
	for i := range list {
		own := *list[i].Job
		own.DependsOn = slices.Clone(own.DependsOn)
		list[i].Job = &own
	}
	return list
}

// nameSpawned names what has no name after the spawner: split.1, split.2, …, in
// the order in which it is spawned, which is the same when the spawner runs again.
func nameSpawned(spawner job.ID, name string, list []job.Spawned) {
	taken := make(map[string]bool, len(list))
	for _, s := range list {
		taken[s.Name] = true
	}
	// What spawns its like has longer names from one generation to the next.
	if id := spawner.String(); len(name) > job.MaxName-roomForNumber {
		name = name[:job.MaxName-roomForNumber-len(id)-1] + "-" + id
	}
	n := 0
	for _, s := range list {
		for s.Name == "" {
			n++
			if free := fmt.Sprintf("%s.%d", name, n); !taken[free] {
				s.Name = free
			}
		}
	}
}

func validateSpawned(spawner job.ID, name string, list []job.Spawned, alone bool) error {
	w := &Workflow{Name: "spawned", Jobs: []*job.Job{{ID: spawner, Name: name, Queue: "spawner"}}}
	size := 0
	for _, s := range list {
		w.Jobs = append(w.Jobs, s.Job)
		size += s.Size()
	}
	v := newValidator(w, Limits{Jobs: job.MaxSpawned + 1, Edges: MaxDirect})
	v.flat = alone
	if len(list) > job.MaxSpawned {
		v.fault(CodeTooLarge, "jobs", "let a spawned job spawn more", "%d jobs are spawned; at most %d are allowed", len(list), job.MaxSpawned)
	}
	if size > job.MaxSpawnedBytes {
		v.fault(CodeTooLarge, "jobs", "keep large data outside and pass its place", "what is spawned has %d bytes; at most %d are allowed", size, job.MaxSpawnedBytes)
	}
	known := name // what goes by it is the spawner
	for i, s := range list {
		if s.Name == name {
			known = ""
		}
		if s.Name == name && !alone {
			v.fault(CodeDuplicateName, jobPath(i+1)+".name", "names are unique within a workflow", "job name %q is that of the spawner", name)
		}
	}
	if len(v.faults) > 0 {
		return v.err()
	}
	for i, s := range list {
		v.spawned(jobPath(i+1), spawner, known, s, alone)
	}
	if err := v.run(); err != nil {
		return err
	}
	for i, s := range list {
		for k, d := range s.DependsOn {
			if _, inside := v.byID[d.Parent]; !inside {
				v.fault(CodeUnknownParent, fmt.Sprintf("%s.depends_on[%d]", jobPath(i+1), k), "it may depend on other spawned jobs; it depends on the spawner anyway", "a spawned job depends on a job that is not spawned with it")
			}
			if d.On != job.OnSuccess {
				v.fault(CodeInvalid, fmt.Sprintf("%s.depends_on[%d].on", jobPath(i+1), k), "enqueue a workflow for what handles failures", "a spawned job depends on the %s of a job; it may depend on its success", d.On)
			}
		}
	}
	return v.err()
}

// spawned lets a spawned job depend on its spawner, which it may have named, and
// checks what only spawned jobs may not be.
func (v *validator) spawned(path string, spawner job.ID, name string, s job.Spawned, alone bool) {
	depends := false
	for k := range s.DependsOn {
		d := &s.DependsOn[k]
		if d.Parent == (job.ID{}) && name != "" && d.Name == name {
			d.Parent = spawner
		}
		depends = depends || d.Parent == spawner
	}
	if !depends {
		s.DependsOnIDs(spawner)
	}
	refuse := func(field string, is bool) {
		if is {
			v.fault(CodeInvalid, path+"."+field, "write it into the workflow", "a spawned job can't be %s", field)
		}
	}
	refuse("finally", s.Finally)
	refuse("catch", s.Catch)
	refuse("barrier", s.Barrier)
	refuse("parts", s.Parts != nil)
	if alone && len(s.Before) > 0 {
		v.fault(CodeInvalid, path+".before", "let the spawner be part of a workflow", "a job is spawned before others, and its spawner has no workflow")
	}
	seen := map[string]bool{}
	for _, name := range s.Before {
		if !namePattern.MatchString(name) || seen[name] {
			v.fault(CodeInvalid, path+".before", "name each job once", "before names %s", quote(name))
		}
		seen[name] = true
	}
}

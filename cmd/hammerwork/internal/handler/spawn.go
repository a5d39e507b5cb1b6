package handler

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// Spawn says which jobs a simulated one spawns:
//
//	{"jobs": ["a", {"name": "b", "depends_on": ["a"], "payload": {"sleep_ms": 10}}], "before": ["report"]}
type Spawn struct {
	List   []SpawnedJob // jobs
	Before []string     // jobs of the workflow that wait for all of them
}

// SpawnedJob is a job that a simulated one spawns. In JSON a name alone will do.
type SpawnedJob struct {
	Name      string
	Queue     string // empty: its spawner's
	Payload   json.RawMessage
	DependsOn []string // jobs before it in the list
}

const (
	likeSpawn = `write it like {"jobs": ["a", {"name": "b", "depends_on": ["a"]}], "before": ["c"]}`
	likeJob   = `write a name, or an object like {"name": "b", "depends_on": ["a"]}`
	likeNames = `write it like ["a", "b"]`
)

func spawnOf(path string, raw json.RawMessage) (Spawn, error) {
	var s Spawn
	err := object{
		"jobs": func(path string, raw json.RawMessage) (err error) {
			s.List, err = spawnedJobs(path, raw)
			return err
		},
		"before": value(&s.Before, "list of names", likeNames),
	}.read(path, raw, likeSpawn)
	if err != nil {
		return Spawn{}, err
	}
	seen := map[string]bool{}
	for _, j := range s.List {
		for _, d := range j.DependsOn {
			if !seen[d] {
				return Spawn{}, fmt.Errorf("%s lets job %q depend on %q, which does not stand before it", path, j.Name, d)
			}
		}
		if seen[j.Name] || j.Name == "" {
			return Spawn{}, errors.New(path + " gives each job a name of its own")
		}
		seen[j.Name] = true
	}
	return s, nil
}

func spawnedJobs(path string, raw json.RawMessage) ([]SpawnedJob, error) {
	var items []json.RawMessage
	if err := value(&items, "list of jobs", likeSpawn)(path, raw); err != nil {
		return nil, err
	}
	jobs := make([]SpawnedJob, len(items))
	for i, item := range items {
		j := &jobs[i]
		if json.Unmarshal(item, &j.Name) == nil {
			continue
		}
		err := object{
			"name":       value(&j.Name, "text", `write it like "a"`),
			"queue":      value(&j.Queue, "text", `write it like "a"`),
			"payload":    func(_ string, raw json.RawMessage) error { j.Payload = raw; return nil },
			"depends_on": value(&j.DependsOn, "list of names", likeNames),
		}.read(fmt.Sprintf("%s[%d]", path, i), item, likeJob)
		if err != nil {
			return nil, err
		}
	}
	return jobs, nil
}

// reader reads what stands at a path.
type reader func(path string, raw json.RawMessage) error

// value reads a value into a variable. Its error calls the kind of value by its
// name in JSON.
func value(into any, kind, hint string) reader {
	return func(path string, raw json.RawMessage) error {
		if json.Unmarshal(raw, into) != nil {
			return fmt.Errorf("%s is not a %s; %s", path, kind, hint)
		}
		return nil
	}
}

// object reads the keys that an object may have.
type object map[string]reader

func (o object) read(path string, raw json.RawMessage, hint string) error {
	fields := fieldsOf(raw)
	if fields == nil {
		return fmt.Errorf("%s is not an object; %s", path, hint)
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		read, known := o[key]
		if !known {
			return fmt.Errorf("%s.%s is not known; %s has %s", path, key, path, strings.Join(slices.Sorted(maps.Keys(o)), ", "))
		}
		if err := read(path+"."+key, fields[key]); err != nil {
			return err
		}
	}
	return nil
}

// Jobs makes the jobs, for a spawner with a queue.
func (s Spawn) Jobs(queue string) []job.Spawned {
	made := make(map[string]*job.Job, len(s.List))
	var list []job.Spawned
	for _, spec := range s.List {
		if spec.Queue == "" {
			spec.Queue = queue
		}
		payload := spec.Payload
		if len(payload) == 0 {
			payload = json.RawMessage("{}")
		}
		j := job.New(spec.Queue, payload).WithName(spec.Name)
		for _, d := range spec.DependsOn {
			j.DependsOnJobs(made[d])
		}
		made[spec.Name] = j
		list = append(list, job.Spawned{Job: j, Before: s.Before})
	}
	return list
}

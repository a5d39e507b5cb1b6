package handler

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// Spawn says which jobs a simulated one spawns:
//
//	{"jobs": ["a", {"name": "b", "depends_on": ["a"], "payload": {"sleep_ms": 10}}], "before": ["report"]}
type Spawn struct {
	List   []SpawnedJob `json:"jobs"`
	Before []string     `json:"before"` // jobs of the workflow that wait for all of them
}

// SpawnedJob is a job that a simulated one spawns. In JSON a name alone will do.
type SpawnedJob struct {
	Name      string          `json:"name"`
	Queue     string          `json:"queue"` // empty: its spawner's
	Payload   json.RawMessage `json:"payload"`
	DependsOn []string        `json:"depends_on"` // jobs before it in the list
}

// UnmarshalJSON reads a name, or an object.
func (s *SpawnedJob) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &s.Name) == nil {
		return nil
	}
	type object SpawnedJob
	return strict(b, (*object)(s))
}

func spawnOf(raw json.RawMessage) (Spawn, error) {
	var s Spawn
	if err := strict(raw, &s); err != nil {
		return Spawn{}, fmt.Errorf(`is like {"jobs": ["a", {"name": "b", "depends_on": ["a"]}], "before": ["c"]}: %w`, err)
	}
	seen := map[string]bool{}
	for _, j := range s.List {
		for _, d := range j.DependsOn {
			if !seen[d] {
				return Spawn{}, fmt.Errorf("lets job %q depend on %q, which does not stand before it", j.Name, d)
			}
		}
		if seen[j.Name] || j.Name == "" {
			return Spawn{}, errors.New("gives each job a name of its own")
		}
		seen[j.Name] = true
	}
	return s, nil
}

func strict(raw json.RawMessage, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(into)
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

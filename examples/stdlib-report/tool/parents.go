package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
)

// Parents are the results of the jobs that this job depends on, by name.
type Parents map[string]struct {
	Status string          `json:"status"`
	Result json.RawMessage `json:"result"`
}

func readParents(path string) (Parents, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("HAMMERWORK_PARENTS_FILE: %w; this step runs as a job of workflow.yaml", err)
	}
	var p Parents
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// read decodes the result of one parent.
func (p Parents) read(name string, v any) error {
	parent, ok := p[name]
	if !ok {
		return fmt.Errorf("this job does not depend on %s", name)
	}
	if err := json.Unmarshal(parent.Result, v); err != nil {
		return fmt.Errorf("result of %s: %w", name, err)
	}
	return nil
}

// readAll decodes the results of all parents, in the order of their names.
func readAll[T any](p Parents) ([]T, error) {
	var all []T
	for _, name := range slices.Sorted(maps.Keys(p)) {
		var v T
		if err := p.read(name, &v); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

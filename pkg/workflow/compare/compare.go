package compare

import (
	"slices"
	"strings"
)

// Difference is in what two workflows differ.
type Difference struct {
	Fields   []Change        `json:"fields"`   // of the workflows, also "name"
	Added    []string        `json:"added"`    // names of jobs that only the second has
	Removed  []string        `json:"removed"`  // names of jobs that only the first has
	Changed  []JobChange     `json:"changed"`  // jobs of both that are defined differently
	Outcome  *OutcomeChange  `json:"outcome"`  // of the workflows; nil: one of them was not run
	Outcomes []OutcomeChange `json:"outcomes"` // of the jobs that both have; empty: one was not run
}

// Change is a field with other values; empty is the default.
type Change struct {
	Field string `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// JobChange is how the definition of a job differs.
type JobChange struct {
	Name      string   `json:"name"`
	Fields    []Change `json:"fields"`
	DependsOn []Change `json:"depends_on"` // Field is the parent; empty: no such dependency
}

// OutcomeChange is what became of something in both workflows.
type OutcomeChange struct {
	Name string  `json:"name"`
	From Outcome `json:"from"`
	To   Outcome `json:"to"`
}

// Same reports whether both are defined alike.
func (d Difference) Same() bool {
	return len(d.Fields)+len(d.Added)+len(d.Removed)+len(d.Changed) == 0
}

// Compare returns in what b differs from a. Jobs are the same when their names
// are. Unless both were run, jobs that handlers spawned are left out: they are
// not defined. It takes time linear in jobs and dependencies.
func Compare(a, b Outline) Difference {
	if a.Outcome == nil || b.Outcome == nil {
		a, b = a.defined(), b.defined()
	}
	d := Difference{Fields: []Change{}, Added: []string{}, Removed: []string{}, Changed: []JobChange{}, Outcomes: []OutcomeChange{}}
	if a.Name != b.Name {
		d.Fields = append(d.Fields, Change{"name", a.Name, b.Name})
	}
	d.Fields = append(d.Fields, changes(a.Fields, b.Fields)...)
	if a.Outcome != nil && b.Outcome != nil {
		d.Outcome = &OutcomeChange{Name: b.Name, From: *a.Outcome, To: *b.Outcome}
	}
	before := make(map[string]*JobOutline, len(a.Jobs))
	for i := range a.Jobs {
		before[a.Jobs[i].Name] = &a.Jobs[i]
	}
	both := make(map[string]bool, len(b.Jobs))
	for _, j := range b.Jobs {
		old := before[j.Name]
		if old == nil {
			d.Added = append(d.Added, j.Name)
			continue
		}
		both[j.Name] = true
		c := JobChange{Name: j.Name, Fields: changes(old.Fields, j.Fields), DependsOn: changes(old.DependsOn, j.DependsOn)}
		if len(c.Fields)+len(c.DependsOn) > 0 {
			d.Changed = append(d.Changed, c)
		}
		if old.Outcome != nil && j.Outcome != nil {
			d.Outcomes = append(d.Outcomes, OutcomeChange{Name: j.Name, From: *old.Outcome, To: *j.Outcome})
		}
	}
	for _, j := range a.Jobs {
		if !both[j.Name] {
			d.Removed = append(d.Removed, j.Name)
		}
	}
	return d
}

// changes returns the fields that differ, by name.
func changes(a, b map[string]string) []Change {
	list := []Change{}
	for name, from := range a {
		if to := b[name]; to != from {
			list = append(list, Change{name, from, to})
		}
	}
	for name, to := range b {
		if _, known := a[name]; !known {
			list = append(list, Change{name, "", to})
		}
	}
	slices.SortFunc(list, func(x, y Change) int { return strings.Compare(x.Field, y.Field) })
	return list
}

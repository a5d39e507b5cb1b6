package job

import (
	"encoding/json"
	"fmt"
)

// On names the parent outcomes that activate an edge.
type On string

// The values of On. OnSuccess is the default.
const (
	OnSuccess On = "success" // the parent completed
	OnFailure On = "failure" // the parent failed
	OnDone    On = "done"    // the parent ended, however
)

// Dependency is one edge into a job, seen from the child. Exactly one of
// Parent and Name is needed: within a workflow a name is enough.
type Dependency struct {
	Parent   ID     `json:"-"`
	Name     string `json:"job"`
	On       On     `json:"on,omitempty"`       // default success
	Optional bool   `json:"optional,omitempty"` // resolved, but a broken or inactive edge is not counted
}

// Join says when a job with parents runs. The zero value is JoinAll.
type Join struct {
	Rule   JoinRule
	Quorum int // for JoinQuorum: how many active edges are needed, at least 1
}

// JoinRule names a join.
type JoinRule string

// The join rules; package workflow's Decide gives them their meaning.
const (
	JoinAll    JoinRule = "all"
	JoinMerge  JoinRule = "merge"
	JoinAny    JoinRule = "any"
	JoinQuorum JoinRule = "quorum"
	JoinDone   JoinRule = "done"
)

// airflowRules are the names that Airflow has for our rules.
var airflowRules = map[JoinRule]JoinRule{
	"all_success": JoinAll, "one_success": JoinAny, "none_failed_min_one_success": JoinMerge, "all_done": JoinDone,
}

// Canonical returns r by our own name: Airflow's names for the rules are
// accepted too. The empty rule is JoinAll, an unknown one stays as it is.
func (r JoinRule) Canonical() JoinRule {
	if r == "" {
		return JoinAll
	}
	if ours, ok := airflowRules[r]; ok {
		return ours
	}
	return r
}

// MarshalJSON writes "all" or {"quorum": 2}.
func (j Join) MarshalJSON() ([]byte, error) {
	if j.Rule == JoinQuorum {
		return json.Marshal(map[string]int{"quorum": j.Quorum})
	}
	if j.Rule == "" {
		return json.Marshal(JoinAll)
	}
	return json.Marshal(j.Rule)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (j *Join) UnmarshalJSON(b []byte) error {
	var rule JoinRule
	if json.Unmarshal(b, &rule) == nil {
		*j = Join{Rule: rule}
		return nil
	}
	var q struct{ Quorum *int }
	if err := json.Unmarshal(b, &q); err != nil || q.Quorum == nil {
		return fmt.Errorf("join is all, merge, any, done or {quorum: n}")
	}
	*j = Join{Rule: JoinQuorum, Quorum: *q.Quorum}
	return nil
}

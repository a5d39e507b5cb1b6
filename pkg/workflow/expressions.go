package workflow

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow/condition"
)

// maxInputs bounds the inputs of one job.
const maxInputs = 100

// expressions checks the condition and the inputs of a job whose parents are
// known.
func (v *validator) expressions(path string, j *job.Job) {
	switch j.Unmet {
	case "", job.UnmetSkip, job.UnmetPass, job.UnmetFail:
		if j.Unmet != "" && j.Condition == "" {
			v.fault(CodeInvalid, path+".unmet", "leave it out, or add a condition", "unmet says what a condition that says no makes of the job, and it has none")
		}
	default:
		v.fault(CodeInvalid, path+".unmet", "", "unmet %q is not one of skip, pass, fail", j.Unmet)
	}
	parts := PartsOf(j)
	isMap := parts != nil && parts.Kind == PartsMap
	if j.Condition == "" && len(j.With) == 0 && !isMap {
		return
	}
	env := v.environment(j)
	if j.Condition != "" {
		_, err := condition.Parse(j.Condition, env)
		v.expression(path+".condition", "condition", err)
	}
	if isMap && strings.TrimSpace(parts.Over) != "" {
		_, err := condition.ParseList(parts.Over, env)
		v.expression(path+".map.over", "map over", err)
	}
	v.inputs(path, j, env)
}

// environment names the parents of a job as its expressions do: those within
// the workflow by name, others by id.
func (v *validator) environment(j *job.Job) condition.Env {
	env := condition.Env{Parents: make([]string, len(j.DependsOn))}
	for k, d := range j.DependsOn {
		_, inside := v.byID[d.Parent]
		if inside && !v.flat || d.Parent == (job.ID{}) {
			env.Parents[k] = d.Name
		} else {
			env.Parents[k] = d.Parent.String()
		}
	}
	return env
}

// inputs checks the names and expressions of with, and that there is a place
// for them in the payload.
func (v *validator) inputs(path string, j *job.Job, env condition.Env) {
	at := path + ".with"
	if len(j.With) > maxInputs {
		v.fault(CodeTooLarge, at, "make one input of several, like {a: …, b: …}", "the job has %d inputs; at most %d are allowed", len(j.With), maxInputs)
		return
	}
	if len(j.With) > 0 && json.Valid(j.Payload) && !TakesInputs(j.Payload) {
		v.fault(CodeInvalid, at, "write the payload as an object, or leave it out", "with adds fields to the payload, which is not an object")
	}
	for _, name := range slices.Sorted(maps.Keys(j.With)) {
		v.text(at, "name of an input", name, true)
		_, err := condition.ParseInput(j.With[name], env)
		v.expression(at+"."+name, "with "+quote(name), err)
	}
}

// TakesInputs reports whether inputs can be added to a payload: it is an object,
// or null.
func TakesInputs(payload json.RawMessage) bool {
	return json.Unmarshal(payload, &map[string]json.RawMessage{}) == nil
}

// expression reports what is wrong with an expression, each fault with its
// place in it.
func (v *validator) expression(path, what string, err error) {
	var report *condition.Error
	switch {
	case err == nil:
	case !errors.As(err, &report):
		v.fault(CodeInvalid, path, "", "%s: %v", what, err)
	default:
		for _, f := range report.Faults {
			v.fault(CodeInvalid, path, f.Hint, "%s%s: %s", what, placeIn(f), f.Message)
		}
	}
}

// placeIn says where in an expression a fault is, unless that is its beginning.
func placeIn(f condition.Fault) string {
	switch {
	case f.Line > 1:
		return fmt.Sprintf(", line %d, character %d", f.Line, f.Column)
	case f.Column > 1:
		return fmt.Sprintf(", character %d", f.Column)
	}
	return ""
}

package workflow

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow/condition"
)

// Inputs are what the condition and the inputs of a job are evaluated on.
type Inputs struct {
	Parents  []ParentInput // its direct parents, in the order of its dependencies
	Payload  json.RawMessage
	Metadata json.RawMessage // of its workflow
	Evidence Evidence        // set by the evaluation
}

// ParentInput is a direct parent. Node is its place in the part if it is there,
// else -1: what the part says is newer.
type ParentInput struct {
	Name     string // as dependencies name it: in another workflow, its id
	Node     int
	Status   job.Status
	Attempts int
	Result   json.RawMessage
}

// Evidence is what an evaluation came to. It is kept, and shown to people.
type Evidence struct {
	Digest string          // of the inputs
	Value  *bool           // of the condition; nil: it has none, or an error
	With   json.RawMessage // an object of the values of With; empty: none
	Error  string
}

// evaluates reports whether something is evaluated before a job runs.
func (n *Node) evaluates() bool { return n.Condition != "" || len(n.With) > 0 }

// evaluate asks the condition of a node that may run now, once, and works its
// inputs out. It reports whether the node still may run.
func (r *Resolution) evaluate(i int) bool {
	n := &r.p.Nodes[i]
	if !n.evaluates() {
		return true
	}
	in, known := r.p.Inputs[i]
	if !known {
		r.lack(&r.missing.Inputs, i)
		return false
	}
	env, values := r.inputs(in)
	in.Evidence = Evidence{Digest: values.Digest()}
	r.changes.Evaluated = append(r.changes.Evaluated, i)
	if n.Condition != "" {
		yes, err := ask(n.Condition, env, values)
		if err != nil {
			in.Evidence.Error = err.Error()
			r.end(i, job.Failed, job.ReasonConditionError)
			return false
		}
		in.Evidence.Value = &yes
		switch {
		case yes:
		case n.Unmet == job.UnmetFail:
			r.end(i, job.Failed, job.ReasonConditionFalse)
			return false
		default:
			r.end(i, job.Skipped, job.ReasonConditionFalse)
			return false
		}
	}
	with, err := workOut(n.With, env, values)
	if err != nil {
		in.Evidence.Error = err.Error()
		r.end(i, job.Failed, job.ReasonInputError)
		return false
	}
	in.Evidence.With = with
	return true
}

// inputs overlays what was loaded of the parents with what this resolution
// made of them.
func (r *Resolution) inputs(in *Inputs) (condition.Env, condition.Inputs) {
	var env condition.Env
	values := condition.Inputs{
		Parents: make(map[string]condition.Parent, len(in.Parents)), Counts: map[job.Status]int{},
		Payload: in.Payload, Metadata: in.Metadata, Now: r.p.Now,
	}
	for _, p := range in.Parents {
		if p.Node >= 0 && r.newer(p.Node) {
			n := &r.p.Nodes[p.Node]
			p.Status, p.Attempts, p.Result = n.Status, n.Attempts, n.Result
		}
		env.Parents = append(env.Parents, p.Name)
		values.Parents[p.Name] = condition.Parent{Status: p.Status, Result: p.Result, Attempts: p.Attempts}
		values.Counts[p.Status]++
	}
	return env, values
}

// newer reports whether this resolution changed what conditions read of a node.
func (r *Resolution) newer(i int) bool {
	return r.is[ended][i] || r.is[decided][i] || r.is[reset][i] || r.requeued[i]
}

func ask(source string, env condition.Env, in condition.Inputs) (bool, error) {
	e, err := condition.Parse(source, env)
	if err != nil {
		return false, err
	}
	return e.Bool(in)
}

// workOut evaluates each of with and returns an object of the values.
func workOut(with map[string]string, env condition.Env, in condition.Inputs) (json.RawMessage, error) {
	if len(with) == 0 {
		return nil, nil
	}
	object := make(map[string]json.RawMessage, len(with))
	for _, name := range slices.Sorted(maps.Keys(with)) {
		e, err := condition.ParseInput(with[name], env)
		if err != nil {
			return nil, err
		}
		if object[name], err = e.Value(in); err != nil {
			return nil, err
		}
	}
	return json.Marshal(object)
}

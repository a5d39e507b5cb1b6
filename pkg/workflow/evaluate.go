package workflow

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
	"github.com/hammerwork/hammerwork/pkg/workflow/condition"
)

// Inputs are what the condition and the inputs of a job are evaluated on. What
// these don't read, as Node.Reads says, may be left out.
type Inputs struct {
	Parents  []ParentInput // its direct parents, in any order
	Only     string        // the only one it had when others were spawned before it: bare names are of its result; empty: none were
	Payload  json.RawMessage
	Metadata json.RawMessage // of its workflow
	Evidence Evidence        // set by the evaluation
}

// ParentInput is a direct parent. Node is its place in the part if it is there,
// else -1: what the part says is newer.
type ParentInput struct {
	ID       job.ID
	Name     string // as dependencies name it: in another workflow, its id
	Node     int
	Status   job.Status
	Attempts int
	Result   json.RawMessage
	Size     int // bytes of the result where it may have been left out, else 0
}

// Evidence is what an evaluation came to. It is kept, and shown to people.
type Evidence struct {
	Digest string          // of the inputs, as far as they are read
	Value  *bool           // of the condition; nil: it has none, or an error
	With   json.RawMessage // an object of the values of With; empty: none
	Over   json.RawMessage // the list that a map is over; empty: it is none
	Error  string
}

// Reads is what the condition and the inputs of a job read besides how its
// parents ended.
type Reads struct {
	Results  []int // places in Inputs.Parents: their results
	Own      bool  // its payload or the metadata of its workflow
	Standing bool  // whether parents that have not ended run
}

// Reads says what is to be loaded for the evaluation of a node, of whose
// parents all but the results is known. Results that are too large together for
// the expression that reads them are left out: it fails without them.
func (n *Node) Reads(in *Inputs) Reads {
	env := in.environment()
	places := make(map[string]int, len(in.Parents))
	for k, p := range in.Parents {
		places[p.Name] = k
	}
	var reads Reads
	for _, source := range n.sources() {
		e, err := condition.ParseInput(source, env)
		if err != nil {
			continue // the evaluation says so
		}
		reads.Own, reads.Standing = reads.Own || e.Own(), reads.Standing || e.Standing()
		var list []int
		size := 0
		for _, name := range e.Results() {
			k := places[name]
			list = append(list, k)
			if in.Parents[k].Node < 0 { // of others this resolution may know a newer result
				size += in.Parents[k].Size
			}
		}
		if size <= condition.MaxRead {
			reads.Results = append(reads.Results, list...)
		}
	}
	slices.Sort(reads.Results)
	reads.Results = slices.Compact(reads.Results)
	return reads
}

// sources are the expressions of a node.
func (n *Node) sources() []string {
	list := slices.Collect(maps.Values(n.With))
	for _, source := range []string{n.Condition, n.Over} {
		if source != "" {
			list = append(list, source)
		}
	}
	return list
}

func (in *Inputs) environment() condition.Env {
	env := condition.Env{Parents: make([]string, len(in.Parents)), Only: in.Only}
	for k, p := range in.Parents {
		env.Parents[k] = p.Name
	}
	return env
}

// Evaluates reports whether something is evaluated before a job runs.
func (n *Node) Evaluates() bool { return n.Condition != "" || len(n.With) > 0 || n.Over != "" }

// evaluate asks the condition of a node that may run now, once, and works its
// inputs out. It reports whether the node still may run.
func (r *Resolution) evaluate(i int) bool {
	n := &r.p.Nodes[i]
	if !n.Evaluates() {
		return true
	}
	in, known := r.p.Inputs[i]
	if !known {
		r.lack(&r.missing.Inputs, i)
		return false
	}
	values := r.inputs(n, in)
	in.Evidence = Evidence{Digest: values.Digest()}
	r.changes.Evaluated = append(r.changes.Evaluated, i)
	if n.Condition != "" {
		yes, err := values.Ask(n.Condition)
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
	with, err := workOut(n.With, values)
	if err != nil {
		in.Evidence.Error = err.Error()
		r.end(i, job.Failed, job.ReasonInputError)
		return false
	}
	in.Evidence.With = with
	return n.Over == "" || r.spread(i, in, values)
}

// spread works out the list that a map is over. It reports whether there is
// anything to do: a map over nothing completes.
func (r *Resolution) spread(i int, in *Inputs, values condition.Inputs) bool {
	n := &r.p.Nodes[i]
	e, err := condition.ParseList(n.Over, values.Env())
	if err == nil {
		in.Evidence.Over, err = e.List(values)
	}
	switch {
	case err != nil:
		in.Evidence.Error = fmt.Errorf("map over: %w", err).Error()
		r.end(i, job.Failed, job.ReasonInputError)
	case string(in.Evidence.Over) == "[]":
		n.Result = in.Evidence.Over
		r.end(i, job.Completed, "")
	default:
		return true
	}
	return false
}

// inputs overlays what was loaded of the parents with what this resolution
// made of them. What no expression reads is left out.
func (r *Resolution) inputs(n *Node, in *Inputs) condition.Inputs {
	values := condition.Inputs{Now: r.p.Now, Memo: &r.memo, Only: in.Only}
	reads := n.Reads(in)
	if reads.Own {
		values.Payload, values.Metadata = in.Payload, in.Metadata
	}
	for k, p := range in.Parents {
		if p.Node >= 0 && r.newer(p.Node) {
			n := &r.p.Nodes[p.Node]
			p.Status, p.Attempts, p.Result, p.Size = n.Status, n.Attempts, n.Result, 0
		}
		if _, read := slices.BinarySearch(reads.Results, k); !read {
			p.Result = nil
		}
		values.Add(p.Name, condition.Parent{Status: p.Status, Result: p.Result, Size: p.Size, Attempts: p.Attempts})
	}
	return values
}

// newer reports whether this resolution changed what conditions read of a node.
func (r *Resolution) newer(i int) bool {
	return r.is[ended][i] || r.is[suspended][i] || r.is[decided][i] || r.is[reset][i] || r.requeued[i]
}

// workOut evaluates each of with and returns an object of the values, which are
// together as large as a payload may be: they travel with it.
func workOut(with map[string]string, in condition.Inputs) (json.RawMessage, error) {
	if len(with) == 0 {
		return nil, nil
	}
	env, object, size := in.Env(), make(map[string]json.RawMessage, len(with)), 0
	for _, name := range slices.Sorted(maps.Keys(with)) {
		e, err := condition.ParseInput(with[name], env)
		if err == nil {
			object[name], err = e.Value(in)
		}
		if err != nil {
			return nil, fmt.Errorf("with %q: %w", name, err)
		}
		if size += len(object[name]); size > job.MaxPayload {
			return nil, fmt.Errorf("the inputs have over %d bytes together; keep large data outside and pass its place", job.MaxPayload)
		}
	}
	return plainjson.Marshal(object)
}

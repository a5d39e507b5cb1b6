package condition

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/hammerwork/hammerwork/pkg/workflow/spelling"
)

// MaxLength is the longest expression, in bytes.
const MaxLength = 4 << 10

// Env is what an expression may speak of.
type Env struct {
	Parents []string // the names of the job's direct parents, in the order of its dependencies
	// Only is the parent whose result's fields bare identifiers are, where others
	// were added to the only one that the job had; empty: the only one of Parents.
	Only string
}

// only returns the parent whose result's fields bare identifiers are, if there
// is one.
func (env Env) only() (name string, found bool) {
	if env.Only != "" {
		return env.Only, slices.Contains(env.Parents, env.Only)
	}
	if len(env.Parents) != 1 {
		return "", false
	}
	return env.Parents[0], true
}

// Expression is an expression that was checked for a job. It is safe for
// concurrent use.
type Expression struct {
	*program
	only string // the one parent, whose result's fields bare identifiers are
}

// Parse checks the condition of a job. The error is an *Error with every
// fault. What says to have no other type than bool is accepted; a field of a
// result can have any type, so Bool looks again.
func Parse(source string, env Env) (*Expression, error) {
	return parse(source, env, (*program).notBool)
}

// ParseInput checks an expression of a job's `with:`, which may have any value
// that JSON can write.
func ParseInput(source string, env Env) (*Expression, error) {
	return parse(source, env, func(*program) []Fault { return nil })
}

// ParseList checks an expression that is to come to a list. What says to have
// another type is refused; List looks again.
func ParseList(source string, env Env) (*Expression, error) {
	return parse(source, env, (*program).notList)
}

// parse checks an expression; wrong finds fault with what it comes to.
func parse(source string, env Env, wrong func(p *program) []Fault) (*Expression, error) {
	if len(source) > MaxLength {
		return nil, failure("let the job compute it, and look at its result", "the expression has %d bytes; at most %d are allowed", len(source), MaxLength)
	}
	p := compiled(source)
	faults := append(slices.Clone(p.faults), p.unknownNames(env)...)
	if len(p.faults) == 0 {
		faults = append(faults, wrong(p)...)
	}
	if len(faults) > 0 {
		slices.SortStableFunc(faults, func(a, b Fault) int {
			return (a.Line-b.Line)*2*MaxLength + a.Column - b.Column
		})
		return nil, &Error{Faults: faults}
	}
	e := &Expression{program: p}
	if len(p.bare) > 0 {
		e.only, _ = env.only()
	}
	return e, nil
}

// unknownNames finds the names that this job's parents don't answer to.
func (p *program) unknownNames(env Env) []Fault {
	var faults []Fault
	known := map[string]bool{}
	for _, r := range p.deps {
		found, looked := known[r.name]
		if !looked {
			found = slices.Contains(env.Parents, r.name)
			known[r.name] = found
		}
		if !found {
			hint := didYouMean(nearestParent(r.name, env), parentsHint(env))
			if i := slices.IndexFunc(env.Parents, func(p string) bool { return strings.HasPrefix(p, r.name+".") }); i >= 0 {
				hint = "write " + written(env.Parents[i])
			}
			faults = append(faults, r.fault(hint, "the job does not depend on %s", quote(r.name)))
		}
	}
	if _, found := env.only(); found {
		return faults
	}
	for _, r := range p.bare {
		switch hint := fmt.Sprintf("write deps.NAME.result.%s", r.name); {
		case slices.Contains(env.Parents, r.name):
			faults = append(faults, r.fault("write "+written(r.name)+".result", "%s is not known here", r.name))
		case len(env.Parents) == 0:
			hint = didYouMean(spelling.Nearest(r.name, roots), "a job without parents has payload, metadata and now")
			faults = append(faults, r.fault(hint, "%s is not known here", r.name))
		default:
			if guess := spelling.Nearest(r.name, roots); guess != "" {
				hint += fmt.Sprintf(", or did you mean %q?", guess)
			}
			faults = append(faults, r.fault(hint, "%s could be a field of any parent's result, and the job has %d parents", r.name, len(env.Parents)))
		}
	}
	return faults
}

// nearestParent does not look at more parents than a person would.
func nearestParent(name string, env Env) string {
	return spelling.Nearest(name, env.Parents[:min(len(env.Parents), 1000)])
}

func parentsHint(env Env) string {
	switch n := len(env.Parents); {
	case n == 0:
		return "the job has no parents; name them in depends_on"
	case n <= 5:
		return "its parents are " + strings.Join(env.Parents, ", ")
	default:
		return fmt.Sprintf("its parents are %s and %d more", strings.Join(env.Parents[:5], ", "), n-5)
	}
}

// notBool finds fault with a condition that can't be true or false.
func (p *program) notBool() []Fault {
	switch out := p.ast.OutputType(); {
	case out.IsExactType(cel.BoolType), out.IsExactType(cel.DynType):
		return nil
	case out.TypeName() == types.OptionalType.TypeName():
		return []Fault{{Line: 1, Column: 1, Message: "the condition may have no value", Hint: "say what counts then: (…).orValue(false)"}}
	default:
		return []Fault{{Line: 1, Column: 1, Message: fmt.Sprintf("the condition is %s, not true or false", typeName(out.TypeName())), Hint: "compare it with something"}}
	}
}

// notList finds fault with what can't be a list.
func (p *program) notList() []Fault {
	switch out := p.ast.OutputType(); {
	case out.Kind() == types.ListKind, out.IsExactType(cel.DynType):
		return nil
	case out.TypeName() == types.OptionalType.TypeName():
		return []Fault{{Line: 1, Column: 1, Message: "the list may have no value", Hint: "say what counts then: (…).orValue([])"}}
	default:
		return []Fault{{Line: 1, Column: 1, Message: fmt.Sprintf("it is %s, not a list", typeName(out.TypeName())), Hint: "name a list, like deps.extract.result.files"}}
	}
}

// Results returns the parents whose result the expression may read, each once:
// nobody has to load another.
func (e *Expression) Results() []string {
	names := slices.Clone(e.results)
	if e.only != "" && !slices.Contains(names, e.only) {
		names = append(names, e.only)
	}
	return names
}

// Own reports whether the expression may read the payload or the metadata.
func (e *Expression) Own() bool { return e.uses["payload"] || e.uses["metadata"] }

// Standing reports whether the expression may speak of how parents stand.
func (e *Expression) Standing() bool { return e.counts || e.uses[statusesVar] }

// Counts reports whether the expression speaks of counts.
func (e *Expression) Counts() bool { return e.counts }

// Bool says what a condition is. The error is an *Error when the expression or
// its inputs are at fault: a missing field, a value that is not true or false,
// a cost over the limit.
func (e *Expression) Bool(in Inputs) (bool, error) {
	value, err := e.eval(in)
	if err != nil {
		return false, err
	}
	if b, ok := value.(types.Bool); ok {
		return bool(b), nil
	}
	hint := "compare it with something"
	if _, ok := value.(*types.Optional); ok {
		hint = "say what counts when it has no value: (…).orValue(false)"
	}
	return false, failure(hint, "the condition is %s, not true or false", describe(value))
}

// Value is what an expression of `with:` is, as JSON: the keys of objects are
// sorted, a double keeps its fraction (3.0), an optional without value is
// null. Errors are as those of Bool; what JSON can't write, or is over
// job.MaxPayload bytes, is one too.
func (e *Expression) Value(in Inputs) (raw json.RawMessage, err error) {
	defer contain(&err)
	value, err := e.eval(in)
	if err != nil {
		return nil, err
	}
	return encode(value)
}

// List is Value for an expression that must come to a list.
func (e *Expression) List(in Inputs) (raw json.RawMessage, err error) {
	defer contain(&err)
	value, err := e.eval(in)
	if err != nil {
		return nil, err
	}
	if _, ok := value.(traits.Lister); !ok {
		return nil, failure("", "it is %s, not a list", describe(value))
	}
	return encode(value)
}

func (e *Expression) eval(in Inputs) (value ref.Val, err error) {
	defer contain(&err)
	vars, err := e.variables(in)
	if err != nil {
		return nil, err
	}
	value, _, err = e.prg.Eval(vars)
	if err != nil {
		return nil, e.explain(err, vars)
	}
	return value, nil
}

// contain makes an error of a panic inside of CEL.
func contain(err *error) {
	if r := recover(); r != nil {
		*err = failure("this is a bug; please report the expression", "the evaluation broke off: %v", r)
	}
}

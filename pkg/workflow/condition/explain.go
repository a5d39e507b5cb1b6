package condition

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/hammerwork/hammerwork/pkg/workflow/spelling"
)

const (
	tooDear    = "let the job compute it, and look at its result"
	maxMessage = 300 // characters; CEL quotes values of any length
)

var (
	undeclared = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	overload   = regexp.MustCompile(`^found no matching overload for '(.*)' applied to '(.*)'$`)
	noKey      = regexp.MustCompile(`^no such key: (.*)$`)
	unexpected = regexp.MustCompile(`(?s)^Syntax error: (?:mismatched input|extraneous input|no viable alternative at input|token recognition error at:) ?'(.*?)'(?: expecting .*)?$`)
	missing    = regexp.MustCompile(`^Syntax error: missing '(.)' at`)
	tooMany    = regexp.MustCompile(`^expression (node )?count exceeds limit`)
	conversion = regexp.MustCompile(`^type conversion error from '?([^']*)'? to '?([^']*)'?$`)
)

// syntaxFaults are what the parser found.
func syntaxFaults(source string, issues *cel.Issues) []Fault {
	if strings.TrimSpace(source) == "" {
		return []Fault{{Line: 1, Column: 1, Message: "the expression is empty", Hint: "leave it out, or say when the job runs: rows > 0"}}
	}
	var faults []Fault
	for _, e := range issues.Errors() {
		if tooMany.MatchString(e.Message) {
			return []Fault{{Line: 1, Column: 1, Message: fmt.Sprintf("the expression has over %d parts, with those that all(), map() and the like stand for", maxNodes), Hint: tooDear}}
		}
		f := Fault{Line: max(e.Location.Line(), 1), Column: max(e.Location.Column(), 0) + 1, Message: strings.TrimPrefix(e.Message, "Syntax error: ")}
		if m := missing.FindStringSubmatch(e.Message); m != nil {
			f.Message = fmt.Sprintf("%q is missing here", m[1])
		} else if m := unexpected.FindStringSubmatch(e.Message); m != nil {
			switch word := strings.TrimSpace(m[1]); {
			case word == "<EOF>":
				f.Message, f.Hint = "the expression ends too early", "something is missing at its end"
			case strings.HasPrefix(word, "="):
				f.Message, f.Hint = quote(word)+" is not expected here", "to compare, write =="
			case strings.HasPrefix(word, `"`) || strings.HasPrefix(word, `'`):
				f.Message, f.Hint = "a text is not closed", "put a quote at its end"
			default:
				f.Message = quote(word) + " is not expected here"
				f.Hint = map[string]string{"and": "write &&", "AND": "write &&", "or": "write ||", "OR": "write ||", "&": "write &&", "|": "write ||", "is": "write =="}[word]
			}
		}
		faults = append(faults, f)
	}
	return faults
}

// typeFaults are what the checker found. With named the names have faults of
// their own, and what these left of deps is none besides.
func typeFaults(env *cel.Env, issues *cel.Issues, named bool) []Fault {
	var faults []Fault
	for _, e := range issues.Errors() {
		f := Fault{Line: e.Location.Line(), Column: e.Location.Column() + 1, Message: e.Message}
		if m := undeclared.FindStringSubmatch(e.Message); m != nil {
			if named && m[1] == "deps" {
				continue
			}
			f.Message = fmt.Sprintf("there is no function %s() that is called like this", m[1])
			f.Hint = didYouMean(nearestFunction(env, m[1]), "CEL's own functions are known, and those for texts and numbers")
		} else if m := overload.FindStringSubmatch(e.Message); m != nil {
			f.Message = fmt.Sprintf("%s does not take %s", symbol(m[1]), strings.ReplaceAll(m[2], "dyn.", "any value."))
			f.Hint = "convert with string(…), int(…) or double(…)"
		}
		if strings.Contains(e.Message, "type(") {
			f.Hint = "list, map, string, type and so on are types; write deps.NAME.result.list for a field of that name"
		}
		f.Message = shorten(f.Message, maxMessage)
		faults = append(faults, f)
	}
	return faults
}

// foreignFunctions are what other languages call CEL's functions.
var foreignFunctions = map[string]string{"len": "size", "length": "size", "count": "size", "lower": "lowerAscii", "upper": "upperAscii", "any": "exists", "float": "double", "str": "string"}

func nearestFunction(env *cel.Env, name string) string {
	if meant := foreignFunctions[name]; meant != "" {
		return meant
	}
	known := []string{"all", "exists", "exists_one", "filter", "has", "map"}
	for f := range env.Functions() {
		if !strings.HasPrefix(f, "@") {
			known = append(known, f)
		}
	}
	slices.Sort(known)
	if slices.Contains(known, name) {
		return ""
	}
	return spelling.Nearest(name, known)
}

// symbol is how an operator or a function is written.
func symbol(function string) string {
	switch function {
	case operators.Conditional:
		return `"? :"`
	case operators.Index, operators.OptIndex:
		return `"[ ]"`
	}
	if written, ok := operators.FindReverse(function); ok && written != "" {
		return fmt.Sprintf("%q", written)
	}
	return function + "()"
}

// explain says what an error of an evaluation means.
func (e *Expression) explain(err error, vars map[string]any) error {
	var cancelled interpreter.EvalCancelledError
	if errors.As(err, &cancelled) {
		return failure(tooDear, "the evaluation costs more than %d units", maxCost)
	}
	f := Fault{Message: err.Error()}
	var at *types.Err
	if !errors.As(err, &at) {
		return &Error{Faults: []Fault{f}}
	}
	if place := e.ast.NativeRep().SourceInfo().GetStartLocation(at.NodeID()); place.Line() > 0 {
		f.Line, f.Column = place.Line(), place.Column()+1
	}
	node := e.node(at.NodeID())
	message := at.String()
	switch {
	case strings.HasPrefix(message, tooLarge):
		f.Message, f.Hint = "the texts are "+message, tooDear
	case message == "division by zero", message == "modulus by zero":
		f.Message, f.Hint = "a division by zero", "guard it: x != 0 && …"
	case strings.Contains(message, "overflow"):
		f.Message, f.Hint = "a number is too large", "convert with double(…)"
	case strings.HasPrefix(message, "optional.none()"):
		f.Message, f.Hint = "an optional has no value", "say what counts then: .orValue(…)"
	case strings.HasPrefix(message, "index out of bounds: "):
		f.Message, f.Hint = "the list has no item "+strings.TrimPrefix(message, "index out of bounds: "), "guard it with size(…), items count from 0"
	case strings.HasPrefix(message, "no such overload"):
		e.explainTypes(&f, node, vars)
	default:
		if m := noKey.FindStringSubmatch(message); m != nil {
			e.explainField(&f, node, m[1], vars)
		} else if m := conversion.FindStringSubmatch(message); m != nil {
			f.Message = fmt.Sprintf("%s can't be converted to %s", typeName(m[1]), typeName(m[2]))
		}
	}
	f.Message = shorten(f.Message, maxMessage)
	return &Error{Faults: []Fault{f}}
}

// node finds a part of the expression, nil if there is none with this id.
func (e *Expression) node(id int64) (found ast.Expr) {
	ast.PostOrderVisit(e.ast.NativeRep().Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if x.ID() == id {
			found = x
		}
	}))
	return found
}

// explainField speaks of a field that is not there. The node is the selection,
// or one whose operand is.
func (e *Expression) explainField(f *Fault, node ast.Expr, key string, vars map[string]any) {
	f.Message = "there is no field " + quote(key)
	for node != nil && node.Kind() == ast.SelectKind && node.AsSelect().FieldName() != key {
		node = node.AsSelect().Operand()
	}
	if node == nil || node.Kind() != ast.SelectKind {
		f.Hint = "guard it: KEY in … && …"
		return
	}
	operand := node.AsSelect().Operand()
	whole, isOnly := e.spell(operand), operand.Kind() == ast.IdentKind && operand.AsIdent() == onlyVar
	full := whole + "." + key
	what := whole
	if isOnly {
		full, what = key, fmt.Sprintf("the result of %q", e.only)
	} else if operand.Kind() == ast.SelectKind && operand.AsSelect().Operand().Kind() == ast.IdentKind && operand.AsSelect().Operand().AsIdent() == resultsVar {
		what = fmt.Sprintf("the result of %q", operand.AsSelect().FieldName())
	}
	f.Message = fmt.Sprintf("%s has no field %q", what, key)
	f.Hint = fmt.Sprintf("guard it: has(%s) && …", full)
	values := e.trace(vars)
	value := values(operand)
	if value == nil && isOnly {
		value = types.DefaultTypeAdapter.NativeToValue(vars[onlyVar])
	}
	if value == nil {
		return
	}
	if _, isNull := value.(types.Null); isNull {
		f.Message = fmt.Sprintf("%s is null and has no field %q", what, key)
	} else if value.Type() != types.MapType {
		f.Message = fmt.Sprintf("%s is %s and has no field %q", what, describe(value), key)
	}
}

// spell writes a path as its author did.
func (e *Expression) spell(x ast.Expr) string {
	switch x.Kind() {
	case ast.IdentKind:
		return x.AsIdent()
	case ast.SelectKind:
		operand, field := x.AsSelect().Operand(), x.AsSelect().FieldName()
		if operand.Kind() == ast.IdentKind {
			switch operand.AsIdent() {
			case resultsVar:
				return written(field) + ".result"
			case onlyVar:
				return field
			}
		}
		return e.spell(operand) + "." + field
	}
	return "…"
}

// explainTypes speaks of an operator or function that does not take its
// values.
func (e *Expression) explainTypes(f *Fault, node ast.Expr, vars map[string]any) {
	f.Message, f.Hint = "the values don't go together", "convert with string(…), int(…) or double(…)"
	if node == nil || node.Kind() != ast.CallKind {
		f.Message, f.Hint = "a value is not true or false", "compare it with something"
		return
	}
	call := node.AsCall()
	parts := call.Args()
	if call.IsMemberFunction() {
		parts = append([]ast.Expr{call.Target()}, parts...)
	}
	values := e.trace(vars)
	var kinds []string
	for _, part := range parts {
		if v := values(part); v != nil {
			kinds = append(kinds, describe(v))
		}
	}
	f.Message = symbol(call.FunctionName()) + " does not take these values"
	if len(kinds) == len(parts) {
		f.Message = symbol(call.FunctionName()) + " does not take " + strings.Join(kinds, " and ")
	}
	if slices.Contains(kinds, "a whole number") && slices.Contains(kinds, "a double") {
		f.Hint = "make both the same: double(…)"
	} else if slices.Contains([]string{operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional}, call.FunctionName()) {
		f.Hint = "compare it with something"
	}
}

// trace evaluates once more and returns what the parts were.
func (e *Expression) trace(vars map[string]any) func(ast.Expr) ref.Val {
	none := func(ast.Expr) ref.Val { return nil }
	prg, err := e.plan(cel.OptTrackState)
	if err != nil {
		return none
	}
	_, details, _ := prg.Eval(vars)
	if details == nil || details.State() == nil {
		return none
	}
	return func(part ast.Expr) ref.Val {
		if part.Kind() == ast.LiteralKind {
			return part.AsLiteral()
		}
		v, _ := details.State().Value(part.ID())
		if types.IsError(v) || v == nil {
			return nil
		}
		return v
	}
}

// describe names what a value is.
func describe(v ref.Val) string { return typeName(v.Type().TypeName()) }

func typeName(name string) string {
	plain, ok := map[string]string{
		"bool": "true or false", "int": "a whole number", "uint": "an unsigned number", "double": "a double", "string": "a text", "bytes": "bytes",
		"list": "a list", "map": "an object", "null_type": "null", "type": "a type", "optional_type": "an optional value",
		"google.protobuf.Timestamp": "a time", "timestamp": "a time", "google.protobuf.Duration": "a duration", "duration": "a duration",
	}[name]
	if !ok {
		return "a " + name
	}
	return plain
}

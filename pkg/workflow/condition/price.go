package condition

import (
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/parser"
)

// CEL charges for a call when it is over, and not for what is inside of its
// arguments. So what a function looks at goes through one of these first. They
// give back what they get, and cost what is in it.
const (
	weighOwn  = "@own"  // a text by its bytes, a list or an object by its items
	weighAll  = "@all"  // with everything inside
	weighHay  = "@hay"  // what `in` searches: nothing for an object, everything for a list
	weighText = "@text" // a text for a regular expression of a size
)

const (
	textUnit   = 8     // bytes of text that cost a unit
	zoneCost   = 2_000 // of a function that loads a time zone
	freeLength = 8     // items of a literal that are not paid for
)

// weighing declares the functions.
func weighing() []cel.EnvOption {
	same := func(v ref.Val) ref.Val { return v }
	any := cel.TypeParamType("T")
	options := []cel.EnvOption{cel.Function(weighText, cel.Overload(weighText+"_value", []*cel.Type{any, cel.IntType}, any,
		cel.BinaryBinding(func(v, _ ref.Val) ref.Val { return v })))}
	for _, f := range []string{weighOwn, weighAll, weighHay} {
		options = append(options, cel.Function(f, cel.Overload(f+"_value", []*cel.Type{any}, any, cel.UnaryBinding(same))))
	}
	return options
}

// weigh puts weighing functions where they are needed.
func (n *names) weigh(root ast.Expr) {
	ast.PostOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.CallKind:
			n.weighCall(e.AsCall())
		case ast.ListKind:
			if e.AsList().Size() > freeLength {
				n.wrap(e, weighOwn)
			}
		case ast.MapKind:
			for _, entry := range e.AsMap().Entries() {
				n.wrap(entry.AsMapEntry().Key(), weighOwn)
			}
			if e.AsMap().Size() > freeLength {
				n.wrap(e, weighOwn)
			}
		}
	}))
}

func (n *names) weighCall(c ast.CallExpr) {
	args := c.Args()
	if c.IsMemberFunction() && !n.isSpace(c) {
		args = append([]ast.Expr{c.Target()}, args...)
	}
	function := weighOwn
	switch c.FunctionName() {
	case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional, operators.NotStrictlyFalse, operators.OptSelect,
		operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo, operators.Negate,
		weighOwn, weighAll, weighHay, weighText:
		return
	case operators.Index, operators.OptIndex:
		args = args[1:]
	case operators.Equals, operators.NotEquals:
		function = weighAll
	case operators.In:
		n.wrap(args[0], weighOwn)
		n.wrap(args[1], weighHay)
		return
	case "matches":
		n.pattern(args)
		return
	}
	for _, arg := range args {
		n.wrap(arg, function)
	}
}

// wrap makes a call with e as its argument of e. What cannot be large stays as
// it is, and so does the list that a macro builds, which is not looked at.
func (n *names) wrap(e ast.Expr, function string, more ...ast.Expr) {
	switch e.Kind() {
	case ast.LiteralKind:
		if s, _ := literal(e); len(s) <= freeLength*textUnit {
			return
		}
	case ast.IdentKind:
		if e.AsIdent() == parser.HiddenAccumulatorName {
			return
		}
	case ast.ListKind:
		if function == weighOwn && e.AsList().Size() <= freeLength {
			return
		}
	}
	inner := n.make.NewUnspecifiedExpr(n.place(e))
	inner.SetKindCase(e)
	e.SetKindCase(n.make.NewCall(e.ID(), function, append([]ast.Expr{inner}, more...)...))
}

// prices charges for calls.
type prices struct{}

// CallCost implements CEL's estimator.
func (prices) CallCost(function, _ string, args []ref.Val, result ref.Val) *uint64 {
	cost := 1
	switch {
	case function == weighOwn:
		cost += own(args[0])
	case function == weighHay && args[0].Type() == types.MapType:
	case function == weighAll, function == weighHay:
		cost += all(args[0], maxCost)
	case function == weighText:
		size, _ := args[1].(types.Int)
		cost += own(args[0]) * int(size)
	case len(args) == 2 && strings.HasPrefix(function, "get"):
		cost = zoneCost
	case function == "split":
		cost += own(result)
	default:
		if s, ok := result.(types.String); ok {
			cost += len(s) / textUnit
		}
	}
	units := uint64(cost)
	return &units
}

// own is the weight of a value without what its items hold.
func own(v ref.Val) int {
	switch v := v.(type) {
	case types.String:
		return len(v) / textUnit
	case types.Bytes:
		return len(v) / textUnit
	case traits.Sizer:
		n, _ := v.Size().(types.Int)
		return int(n)
	}
	return 0
}

// all is the weight of a value with everything inside. It stops counting
// beyond the limit: a value may hold the same one many times.
func all(v any, limit int) int {
	switch v := v.(type) {
	case string:
		return 1 + len(v)/textUnit
	case types.String:
		return 1 + len(v)/textUnit
	case types.Bytes:
		return 1 + len(v)/textUnit
	case []any:
		return allItems(v, limit)
	case []ref.Val:
		return allItems(v, limit)
	case []string:
		return allItems(v, limit)
	case map[string]any:
		return allEntries(v, limit)
	case map[ref.Val]ref.Val:
		return allEntries(v, limit)
	case *types.Optional:
		if v.HasValue() {
			return all(v.GetValue(), limit)
		}
	case traits.Lister:
		return all(v.Value(), limit)
	case traits.Mapper:
		return all(v.Value(), limit)
	}
	return 1
}

func allItems[T any](list []T, limit int) int {
	weight := 1
	for _, item := range list {
		if weight += all(item, limit-weight); weight > limit {
			break
		}
	}
	return weight
}

func allEntries[K comparable, V any](object map[K]V, limit int) int {
	weight := 1
	for key, value := range object {
		if weight += all(key, limit-weight) + all(value, limit-weight); weight > limit {
			break
		}
	}
	return weight
}

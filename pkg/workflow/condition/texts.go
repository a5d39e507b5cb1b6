package condition

import (
	"regexp/syntax"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"
)

const (
	maxText  = 1 << 20 // bytes that replace() and join() may write
	maxRegex = 500     // parts of a regular expression, a repeated one as often as it may occur
)

// tooLarge is the beginning of what a refused call says.
const tooLarge = "too large for "

// texts are the functions for texts whose work grows no faster than their
// input and output.
func texts() []cel.EnvOption {
	all, err := cel.NewEnv(ext.Strings())
	if err != nil {
		panic(err) // only if CEL's own library is wrong
	}
	options := []cel.EnvOption{
		cel.Function("replace", cel.MemberOverload("text_replace", []*cel.Type{cel.StringType, cel.StringType, cel.StringType}, cel.StringType,
			cel.FunctionBinding(func(args ...ref.Val) ref.Val {
				text, old, with := string(args[0].(types.String)), string(args[1].(types.String)), string(args[2].(types.String))
				if len(text)+strings.Count(text, old)*len(with) > maxText {
					return types.NewErr(tooLarge + "replace()")
				}
				return types.String(strings.ReplaceAll(text, old, with))
			}))),
		cel.Function("join",
			cel.MemberOverload("list_join", []*cel.Type{cel.ListType(cel.StringType)}, cel.StringType,
				cel.UnaryBinding(func(list ref.Val) ref.Val { return join(list, types.String("")) })),
			cel.MemberOverload("list_join_separator", []*cel.Type{cel.ListType(cel.StringType), cel.StringType}, cel.StringType,
				cel.BinaryBinding(join))),
	}
	for _, name := range []string{"lowerAscii", "split", "substring", "trim", "upperAscii"} {
		options = append(options, cel.FunctionDecls(all.Functions()[name]))
	}
	return options
}

func join(list, separator ref.Val) ref.Val {
	var out strings.Builder
	between := string(separator.(types.String))
	for it := list.(traits.Lister).Iterator(); it.HasNext() == types.True; {
		item := it.Next()
		text, ok := item.(types.String)
		if !ok {
			return types.MaybeNoSuchOverloadErr(item)
		}
		if out.Len()+len(between)+len(text) > maxText {
			return types.NewErr(tooLarge + "join()")
		}
		out.WriteString(string(text))
		if it.HasNext() == types.True {
			out.WriteString(between)
		}
	}
	return types.String(out.String())
}

// pattern looks at the regular expression of matches(), and makes the text pay
// for its size.
func (n *names) pattern(args []ast.Expr) {
	if len(args) != 2 {
		return // the checker says so
	}
	source, ok := literal(args[1])
	if !ok {
		n.fault(args[1], "", "the regular expression of matches() has to be a literal")
		return
	}
	re, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		n.fault(args[1], "", "invalid matches argument: %v", err)
		return
	}
	size := parts(re)
	if size > maxRegex {
		n.fault(args[1], tooDear, "the regular expression has %d parts; at most %d are allowed", size, maxRegex)
		return
	}
	n.wrap(args[0], weighText, n.make.NewLiteral(n.place(args[1]), types.Int(size)))
}

// parts counts what a regular expression consists of when repetitions are
// written out.
func parts(re *syntax.Regexp) int {
	size := max(1, len(re.Rune))
	if re.Op == syntax.OpCharClass {
		size = 1 + len(re.Rune)/16
	}
	for _, sub := range re.Sub {
		size += parts(sub)
	}
	if re.Op == syntax.OpRepeat {
		size *= max(1, re.Min, re.Max)
	}
	return size
}

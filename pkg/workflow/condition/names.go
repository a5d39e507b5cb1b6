package condition

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow/spelling"
)

// fieldOf stands for what a bare name in has() is a field of, until names are
// resolved.
const fieldOf = "@field"

// hasMacro is CEL's has(), which also takes a bare identifier.
var hasMacro = cel.GlobalMacro("has", 1, func(factory cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	if args[0].Kind() == ast.IdentKind {
		return factory.NewPresenceTest(factory.NewIdent(fieldOf), args[0].AsIdent()), nil
	}
	return parser.MakeHas(factory, target, args)
})

// names resolves the identifiers of an expression: those that are ours are
// rewritten to variables, faults are noted in the program.
type names struct {
	*program
	info   *ast.SourceInfo
	env    *cel.Env
	make   ast.ExprFactory
	lastID int64
	local  []string // variables of the comprehensions around
}

func (n *names) resolve(parsed *ast.AST) {
	n.make, n.lastID = ast.NewExprFactory(), ast.MaxID(parsed)
	n.walk(parsed.Expr())
}

func (n *names) walk(e ast.Expr) {
	switch e.Kind() {
	case ast.IdentKind:
		n.ident(e)
	case ast.SelectKind:
		n.selection(e)
	case ast.CallKind:
		n.call(e)
	case ast.ListKind:
		for _, element := range e.AsList().Elements() {
			n.walk(element)
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			n.walk(entry.AsMapEntry().Key())
			n.walk(entry.AsMapEntry().Value())
		}
	case ast.StructKind:
		for _, field := range e.AsStruct().Fields() {
			n.walk(field.AsStructField().Value())
		}
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		n.walk(c.IterRange())
		n.walk(c.AccuInit())
		outer := n.local
		n.local = append(slices.Clip(outer), c.AccuVar())
		inner := append(slices.Clip(n.local), c.IterVar(), c.IterVar2())
		n.walk(c.Result())
		n.local = inner
		n.walk(c.LoopCondition())
		n.walk(c.LoopStep())
		n.local = outer
	}
}

// global returns the identifier that e is, if no comprehension hides it.
func (n *names) global(e ast.Expr) (string, bool) {
	if e.Kind() != ast.IdentKind {
		return "", false
	}
	name, absolute := strings.CutPrefix(e.AsIdent(), ".")
	if !absolute && slices.Contains(n.local, name) || strings.HasPrefix(name, "@") {
		return "", false
	}
	return name, true
}

func (n *names) ident(e ast.Expr) {
	name, ok := n.global(e)
	if !ok || n.isType(name) {
		return
	}
	switch name {
	case "deps":
		n.fault(e, "write deps.NAME.status, .result or .attempts; the name has to be a literal", "deps needs the name of a parent")
	case "counts":
		n.fault(e, "write counts.completed, for example; the status has to be a literal", "counts needs a status")
	case "payload", "metadata", "now":
		n.uses[name] = true
	default:
		n.bareField(e, e, name, false)
	}
}

// bareField makes a field of the only parent's result of e.
func (n *names) bareField(e, at ast.Expr, name string, test bool) {
	n.bare = append(n.bare, n.reference(at, name))
	n.become(e, onlyVar, name, test)
}

// become makes variable.field of e.
func (n *names) become(e ast.Expr, variable, field string, test bool) {
	n.uses[variable] = true
	operand := n.variable(e, variable)
	if test {
		e.SetKindCase(n.make.NewPresenceTest(e.ID(), operand, field))
	} else {
		e.SetKindCase(n.make.NewSelect(e.ID(), operand, field))
	}
}

// variable makes an identifier that stands where e does.
func (n *names) variable(e ast.Expr, name string) ast.Expr {
	return n.make.NewIdent(n.place(e), name)
}

// place returns an id for something that stands where e does.
func (n *names) place(e ast.Expr) int64 {
	n.lastID++
	if place, ok := n.info.GetOffsetRange(e.ID()); ok {
		n.info.SetOffsetRange(n.lastID, place)
	}
	return n.lastID
}

func (n *names) selection(e ast.Expr) {
	s := e.AsSelect()
	operand, field := s.Operand(), s.FieldName()
	if operand.Kind() == ast.IdentKind && operand.AsIdent() == fieldOf {
		if slices.Contains(n.local, field) || slices.Contains(roots, field) {
			n.fault(e, "write has("+field+".NAME)", "%s is there always; has() asks for a field", field)
			return
		}
		n.bareField(e, e, strings.TrimPrefix(field, "."), s.IsTestOnly())
		return
	}
	if parent, ok := n.member(operand, "deps"); ok {
		n.dependency(e, parent, operand, field, s.IsTestOnly())
		return
	}
	switch root, _ := n.global(operand); root {
	case "deps":
		n.dependency(e, field, e, "", false)
		return
	case "counts":
		n.count(operand, e, field)
		return
	}
	if full, ok := n.qualified(e); ok && n.isType(full) {
		return
	}
	n.walk(operand)
}

// member takes root.NAME and root["NAME"] apart.
func (n *names) member(e ast.Expr, root string) (name string, ok bool) {
	switch {
	case e.Kind() == ast.SelectKind && !e.AsSelect().IsTestOnly():
		if found, _ := n.global(e.AsSelect().Operand()); found == root {
			return e.AsSelect().FieldName(), true
		}
	case e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.Index:
		args := e.AsCall().Args()
		if found, _ := n.global(args[0]); found == root {
			return literal(args[1])
		}
	}
	return "", false
}

func literal(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

// dependency rewrites deps.PARENT.FIELD.
func (n *names) dependency(e ast.Expr, parent string, at ast.Expr, field string, test bool) {
	n.deps = append(n.deps, n.reference(at, parent))
	if variable := n.field(e, parent, field); variable != "" {
		n.become(e, variable, parent, test)
	}
}

// field returns the variable that has a field of all parents.
func (n *names) field(e ast.Expr, parent, field string) string {
	switch field {
	case "status":
		return statusesVar
	case "attempts":
		return attemptsVar
	case "result":
		note(&n.results, parent)
		return resultsVar
	case "":
		n.fault(e, "write "+written(parent)+".status, .result or .attempts", "%s is no value of its own", written(parent))
	default:
		hint := "write " + written(parent) + ".result." + field
		if guess := spelling.Nearest(field, []string{"status", "result", "attempts"}); guess != "" {
			hint = didYouMean(guess, "")
		}
		n.fault(e, hint, "a parent has status, result and attempts, not %s", quote(field))
	}
	return ""
}

func (n *names) count(root, at ast.Expr, status string) {
	n.counts = true
	if strings.HasPrefix(root.AsIdent(), ".") {
		root.SetKindCase(n.make.NewIdent(root.ID(), "counts"))
	}
	n.status(at, status)
}

// status finds fault with a text that is no status of a job.
func (n *names) status(at ast.Expr, status string) {
	if job.Status(status).Valid() {
		return
	}
	var known []string
	for _, s := range statuses {
		known = append(known, string(s))
	}
	n.fault(at, didYouMean(spelling.Nearest(status, known), "the statuses are "+strings.Join(known, ", ")), "no job has the status %s", quote(status))
}

func (n *names) call(e ast.Expr) {
	c := e.AsCall()
	args := c.Args()
	switch c.FunctionName() {
	case operators.Index, operators.OptSelect, operators.OptIndex:
		if parent, ok := n.member(args[0], "deps"); ok && c.FunctionName() == operators.OptSelect {
			field, _ := literal(args[1])
			n.deps = append(n.deps, n.reference(args[0], parent))
			if variable := n.field(e, parent, field); variable != "" {
				n.uses[variable] = true
				e.SetKindCase(n.make.NewCall(e.ID(), operators.OptSelect, n.variable(e, variable), n.make.NewLiteral(args[1].ID(), types.String(parent))))
			}
			return
		}
		if status, ok := n.member(e, "counts"); ok {
			n.count(args[0], e, status)
			return
		}
		if parent, ok := n.member(e, "deps"); ok {
			n.dependency(e, parent, e, "", false)
			return
		}
	}
	if c.IsMemberFunction() && !n.isSpace(c) {
		n.walk(c.Target())
	}
	for _, arg := range args {
		n.walk(arg)
	}
	switch c.FunctionName() {
	case operators.Equals, operators.NotEquals, operators.In:
		n.comparison(args[0], args[1])
		n.comparison(args[1], args[0])
	}
}

// isSpace reports whether what stands before the dot belongs to the name of the
// function, as math in math.abs().
func (n *names) isSpace(c ast.CallExpr) bool {
	space, ok := n.qualified(c.Target())
	return ok && n.env.HasFunction(space+"."+c.FunctionName())
}

// comparison finds fault with deps.NAME.status == "complete", which is never
// true.
func (n *names) comparison(a, b ast.Expr) {
	if a.Kind() != ast.SelectKind || a.AsSelect().Operand().Kind() != ast.IdentKind || a.AsSelect().Operand().AsIdent() != statusesVar {
		return
	}
	texts := []ast.Expr{b}
	if b.Kind() == ast.ListKind {
		texts = b.AsList().Elements()
	}
	for _, text := range texts {
		if status, ok := literal(text); ok {
			n.status(text, status)
		}
	}
}

// qualified returns the dotted name that e is, if nothing hides it.
func (n *names) qualified(e ast.Expr) (string, bool) {
	if e.Kind() == ast.SelectKind && !e.AsSelect().IsTestOnly() {
		space, ok := n.qualified(e.AsSelect().Operand())
		return space + "." + e.AsSelect().FieldName(), ok
	}
	return n.global(e)
}

func (n *names) isType(name string) bool {
	_, found := n.env.CELTypeProvider().FindIdent(name)
	return found
}

func (n *names) reference(at ast.Expr, name string) reference {
	// A selection is placed at its dot, its text begins with its operand.
	for first := at; ; {
		switch {
		case first.Kind() == ast.SelectKind && !first.AsSelect().IsTestOnly():
			first = first.AsSelect().Operand()
			continue
		case first.Kind() == ast.CallKind && first.AsCall().FunctionName() == operators.Index:
			first = first.AsCall().Args()[0]
			continue
		}
		place := n.info.GetStartLocation(first.ID())
		return reference{name: name, line: place.Line(), column: place.Column() + 1}
	}
}

func (n *names) fault(at ast.Expr, hint, format string, args ...any) {
	n.faults = append(n.faults, n.reference(at, "").fault(hint, format, args...))
}

// written is how a parent is named in an expression.
func written(parent string) string {
	for i, r := range parent {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return fmt.Sprintf("deps[%q]", parent)
		}
	}
	return "deps." + parent
}

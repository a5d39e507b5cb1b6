package condition

import (
	"fmt"
	"slices"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"
	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	maxCost     = 2_000_000 // of one evaluation, in CEL's units
	maxNodes    = 500       // parts of an expression, with those that macros make
	maxFaults   = 20        // of one expression
	maxCompiled = 1_000     // expressions that the cache holds
)

// The variables that the author's names are rewritten to. An @ can't be
// written, so nothing in an expression hides them.
const (
	statusesVar = "@statuses" // name → status
	resultsVar  = "@results"  // name → result
	attemptsVar = "@attempts" // name → attempts
	onlyVar     = "@only"     // the only parent's result
)

// roots are the identifiers that mean the same in every job.
var roots = []string{"counts", "deps", "metadata", "now", "payload"}

// program is an expression that was checked as far as that needs no names of
// parents. Jobs that differ in these only share it.
type program struct {
	source  string
	faults  []Fault
	deps    []reference // names after deps, as often as they occur
	bare    []reference // fields of the only parent's result
	results []string    // names whose result is read, each once
	counts  bool
	uses    map[string]bool // payload, metadata and the variables above
	ast     *cel.Ast
	prg     cel.Program
}

// reference is a name in an expression and its place.
type reference struct {
	name         string
	line, column int
}

func (r reference) fault(hint, format string, args ...any) Fault {
	return Fault{Line: r.line, Column: r.column, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// environment is CEL with our names.
var environment = sync.OnceValue(func() *cel.Env {
	options := slices.Concat(texts(), weighing(), []cel.EnvOption{
		cel.OptionalTypes(), ext.Math(),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.Macros(hasMacro),
		cel.ExpressionNodeLimit(maxNodes), cel.EnableHiddenAccumulatorName(true),
		cel.ASTValidators(cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals()),
		cel.Variable(statusesVar, cel.MapType(cel.StringType, cel.StringType)),
		cel.Variable(resultsVar, cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable(attemptsVar, cel.MapType(cel.StringType, cel.IntType)),
		cel.Variable(onlyVar, cel.DynType),
		cel.Variable("counts", cel.MapType(cel.StringType, cel.IntType)),
		cel.Variable("payload", cel.DynType),
		cel.Variable("metadata", cel.DynType),
		cel.Variable("now", cel.TimestampType),
	})
	env, err := cel.NewEnv(options...)
	if err != nil {
		panic(err) // only if the options above contradict each other
	}
	return env
})

// cache holds the programs that were used last, faulty ones too. One workflow
// has thousands of jobs with the same condition.
var cache = sync.OnceValue(func() *lru.Cache[string, *program] {
	c, err := lru.New[string, *program](maxCompiled)
	if err != nil {
		panic(err) // only if the size is not positive
	}
	return c
})

func compiled(source string) *program {
	if p, ok := cache().Get(source); ok {
		return p
	}
	p := compile(source)
	cache().Add(source, p)
	return p
}

func compile(source string) (p *program) {
	p = &program{source: source, uses: map[string]bool{}}
	defer func() {
		var err error
		if contain(&err); err != nil {
			p.faults = append(p.faults, err.(*Error).Faults...)
		}
		p.faults = p.faults[:min(len(p.faults), maxFaults)]
	}()
	env := environment()
	parsed, issues := env.Parse(source)
	if issues.Err() != nil {
		p.faults = syntaxFaults(source, issues)
		return p
	}
	n := &names{program: p, info: parsed.NativeRep().SourceInfo(), env: env}
	n.resolve(parsed.NativeRep())
	n.weigh(parsed.NativeRep().Expr())
	checked, issues := env.Check(parsed)
	if issues.Err() != nil {
		p.faults = append(p.faults, typeFaults(env, issues, len(p.faults) > 0)...)
	}
	if len(p.faults) > 0 {
		return p
	}
	p.ast = checked
	if estimate, err := env.EstimateCost(checked, nil); err == nil && estimate.Min > maxCost {
		p.faults = []Fault{{Line: 1, Column: 1, Message: fmt.Sprintf("the expression costs at least %d; at most %d is allowed", estimate.Min, maxCost), Hint: tooDear}}
		return p
	}
	prg, err := p.plan(cel.OptOptimize)
	if err != nil {
		p.faults = []Fault{{Line: 1, Column: 1, Message: err.Error()}}
	}
	p.prg = prg
	return p
}

// plan makes a program with every limit.
func (p *program) plan(options ...cel.EvalOption) (cel.Program, error) {
	return environment().Program(p.ast,
		cel.EvalOptions(options...),
		cel.CostLimit(maxCost),
		cel.CostTracking(prices{}),
	)
}

// note adds a name to a list of names that has each once.
func note(list *[]string, name string) {
	if !slices.Contains(*list, name) {
		*list = append(*list, name)
	}
}

package main

import (
	"cmp"
	"go/ast"
	"go/token"
	"slices"
)

// Function is what was measured of one function with a body.
type Function struct {
	Name       string `json:"name"` // like net/http.(*Server).Serve, without the star
	File       string `json:"file"` // like net/http/server.go
	Line       int    `json:"line"`
	Lines      int    `json:"lines"`
	Depth      int    `json:"depth"`      // statements with a body within each other
	Complexity int    `json:"complexity"` // cyclomatic: 1 and every if, loop, case, && and ||
}

// measure measures a function that has a body.
func measure(set *token.FileSet, importPath string, fn *ast.FuncDecl) Function {
	start, end := set.Position(fn.Pos()), set.Position(fn.End())
	name := fn.Name.Name
	if receiver := receiverOf(fn); receiver != "" {
		name = receiver + "." + name
	}
	m := Function{
		Name: importPath + "." + name, File: start.Filename, Line: start.Line,
		Lines: end.Line - start.Line + 1, Complexity: 1,
	}
	// ast.Inspect reports the way down as a node and the way up as nil.
	var nests []bool
	depth := 0
	chained := map[*ast.IfStmt]bool{} // an else if is not deeper than its if
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		if n == nil {
			if nests[len(nests)-1] {
				depth--
			}
			nests = nests[:len(nests)-1]
			return true
		}
		deeper := false
		switch n := n.(type) {
		case *ast.IfStmt:
			m.Complexity++
			deeper = !chained[n]
			if next, ok := n.Else.(*ast.IfStmt); ok {
				chained[next] = true
			}
		case *ast.ForStmt, *ast.RangeStmt:
			m.Complexity++
			deeper = true
		case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt, *ast.FuncLit:
			deeper = true
		case *ast.CaseClause:
			if n.List != nil {
				m.Complexity++
			}
		case *ast.CommClause:
			if n.Comm != nil {
				m.Complexity++
			}
		case *ast.BinaryExpr:
			if n.Op == token.LAND || n.Op == token.LOR {
				m.Complexity++
			}
		}
		if deeper {
			depth++
			m.Depth = max(m.Depth, depth)
		}
		nests = append(nests, deeper)
		return true
	})
	return m
}

// topSize is how many functions each list of a Top keeps.
const topSize = 8

// Top keeps the extreme functions, each list in falling order.
type Top struct {
	Longest []Function `json:"longest"`
	Deepest []Function `json:"deepest"`
	Complex []Function `json:"complex"`
}

// add takes in more functions.
func (t *Top) add(functions ...Function) {
	t.Longest = highest(append(t.Longest, functions...), func(f Function) int { return f.Lines })
	t.Deepest = highest(append(t.Deepest, functions...), func(f Function) int { return f.Depth })
	t.Complex = highest(append(t.Complex, functions...), func(f Function) int { return f.Complexity })
}

// merge takes in another Top.
func (t *Top) merge(o Top) {
	t.Longest = highest(append(t.Longest, o.Longest...), func(f Function) int { return f.Lines })
	t.Deepest = highest(append(t.Deepest, o.Deepest...), func(f Function) int { return f.Depth })
	t.Complex = highest(append(t.Complex, o.Complex...), func(f Function) int { return f.Complexity })
}

// highest returns the first topSize functions by falling number, then by place.
func highest(functions []Function, number func(Function) int) []Function {
	slices.SortFunc(functions, func(a, b Function) int {
		return cmp.Or(number(b)-number(a), cmp.Compare(a.File, b.File), a.Line-b.Line)
	})
	return functions[:min(len(functions), topSize)]
}

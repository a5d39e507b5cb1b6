package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What applications import is shown by examples, which are compiled and run.
func TestEveryPublicCallOfTheSDKIsMadeByAnExample(t *testing.T) {
	for _, dir := range []string{"sdk/client", "sdk/worker", "sdk/hammerworktest"} {
		public, shown := publicCalls(t, dir)
		if len(public) < 5 {
			t.Errorf("%s: only %d public calls were found", dir, len(public))
		}
		for _, name := range public {
			if !shown[name] {
				t.Errorf("%s: no example calls %s", dir, name)
			}
		}
	}
}

// publicCalls returns the exported functions and methods of a package, and
// what its examples name.
func publicCalls(t *testing.T, dir string) (public []string, shown map[string]bool) {
	t.Helper()
	shown = map[string]bool{}
	files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]bool{}
	for _, path := range files {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), path, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		isExample := strings.HasPrefix(filepath.Base(path), "example") && strings.HasSuffix(path, "_test.go")
		for _, d := range syntax.Decls {
			f, ok := d.(*ast.FuncDecl)
			switch {
			case !ok:
			case isExample:
				ast.Inspect(f, func(n ast.Node) bool {
					if s, ok := n.(*ast.SelectorExpr); ok {
						shown[s.Sel.Name] = true
					}
					return true
				})
			case !strings.HasSuffix(path, "_test.go") && f.Name.IsExported() && exportedReceiver(f):
				calls[f.Name.Name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(calls)), shown
}

// exportedReceiver tells whether f is a function or a method of an exported
// type.
func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	of := f.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	name, ok := of.(*ast.Ident)
	return ok && name.IsExported()
}

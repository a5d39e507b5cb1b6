package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// People outside of this module can neither name nor make a type of internal
// packages.
func TestNothingPublicNamesAnInternalType(t *testing.T) {
	seen := 0
	for _, dir := range []string{"pkg", "sdk"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(p string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(p) != ".go" || strings.HasSuffix(p, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), p, nil, 0)
			if err != nil {
				return err
			}
			seen++
			for _, found := range internalTypes(f) {
				t.Errorf("%s: %s", p, found)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 30 {
		t.Errorf("only %d files were looked at", seen)
	}
}

func TestAnInternalTypeInSomethingPublicIsFound(t *testing.T) {
	for source, want := range map[string]int{
		"func New(b bus.Bus) *Worker { return nil }":                   1,
		"func (w *Worker) Bus() map[string]bus.Bus { return nil }":     1,
		"func (w *worker) Bus() bus.Bus { return nil }":                0,
		"func inside(b bus.Bus) { var _ bus.Bus }":                     0,
		"func Public() { var _ bus.Bus }":                              0,
		"type Config struct { Bus bus.Bus; Name string }":              1,
		"type Config struct { bus.Bus }":                               1,
		"type Config struct { bus bus.Bus }":                           0,
		"type Handler func(bus.Message) (bus.Reply, error)":            2,
		"type Sender interface { Send(bus.Message); hidden(bus.Bus) }": 1,
		"var Default bus.Bus":                                          1,
		"var hidden bus.Bus":                                           0,
		"var Err = bus.ErrClosed":                                      0,
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nimport \"github.com/hammerwork/hammerwork/internal/bus\"\n"+source, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := internalTypes(f); len(got) != want {
			t.Errorf("%s: found %v, want %d", source, got, want)
		}
	}
}

// internalTypes returns where what f exports names a type of an internal
// package.
func internalTypes(f *ast.File) (found []string) {
	var internal []string
	for _, i := range f.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil || !strings.Contains(p, "/internal/") {
			continue
		}
		name := path.Base(p)
		if i.Name != nil {
			name = i.Name.Name
		}
		internal = append(internal, name)
	}
	look := func(of string, n ast.Node) {
		if n == nil {
			return
		}
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Field:
				return len(n.Names) == 0 || slices.ContainsFunc(n.Names, (*ast.Ident).IsExported)
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && slices.Contains(internal, x.Name) {
					found = append(found, fmt.Sprintf("%s names %s.%s", of, x.Name, n.Sel.Name))
				}
			}
			return true
		})
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && exportedReceiver(d) {
				signature(d.Name.Name, d.Type, look)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					if f, ok := s.Type.(*ast.FuncType); ok && s.Name.IsExported() {
						signature(s.Name.Name, f, look)
					} else if s.Name.IsExported() {
						look(s.Name.Name, s.Type)
					}
				case *ast.ValueSpec:
					if s.Type != nil && slices.ContainsFunc(s.Names, (*ast.Ident).IsExported) {
						look(s.Names[0].Name, s.Type)
					}
				}
			}
		}
	}
	return found
}

// signature looks at every parameter and result, whatever its name.
func signature(of string, f *ast.FuncType, look func(string, ast.Node)) {
	for _, list := range []*ast.FieldList{f.TypeParams, f.Params, f.Results} {
		if list == nil {
			continue
		}
		for _, p := range list.List {
			look(of, p.Type)
		}
	}
}

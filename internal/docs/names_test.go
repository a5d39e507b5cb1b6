package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// name is a dotted name of code in backticks, like `sqlstore.Store.Claim`.
var name = regexp.MustCompile(`^[a-z]\w*(\.[A-Za-z]\w*)+$`)

// notCode are last parts of what only looks like a name of code.
var notCode = []string{"go", "yaml", "json", "md", "sql", "txt", "db", "svg"}

// aboutCode are the documents whose dotted names are names of code.
var aboutCode = regexp.MustCompile(`^(CONTRIBUTING|docs/architecture|docs/job-lifecycle|docs/decisions/.*)\.md$`)

func TestEveryNameOfCodeInADocumentExists(t *testing.T) {
	known := declared(t)
	found := 0
	for _, d := range documents(t) {
		if !aboutCode.MatchString(d.path) {
			continue
		}
		for _, n := range namesOfCode(d.text) {
			found++
			if !known[n] {
				t.Errorf("%s names %s, which no package declares", d.path, n)
			}
		}
	}
	if found < 50 {
		t.Errorf("only %d names were found; the test looks for the wrong thing", found)
	}
}

var step = regexp.MustCompile(`(?m)^\d+\. `)

func TestEveryStepOfAJobsWayNamesTheFunctionWhereItHappens(t *testing.T) {
	steps := step.Split(read(t, "docs/architecture.md").section(t, "## A job's way"), -1)[1:]
	if len(steps) < 8 {
		t.Fatalf("the section has %d steps", len(steps))
	}
	functions := declaredFunctions(t)
	for _, s := range steps {
		if !slices.ContainsFunc(namesOfCode(s), func(n string) bool { return functions[n] }) {
			t.Errorf("this step names no function: %s", strings.SplitN(s, "\n", 2)[0])
		}
	}
}

func namesOfCode(text string) []string {
	return slices.DeleteFunc(quoted(text), func(s string) bool {
		return !name.MatchString(s) || strings.HasPrefix(s, "hw.") || slices.Contains(notCode, s[strings.LastIndexByte(s, '.')+1:])
	})
}

// declared returns what the packages of the module declare: package.Name,
// package.Type.Method and package.Type.Field, exported or not.
func declared(t *testing.T) map[string]bool {
	t.Helper()
	all := declaredFunctions(t)
	for _, f := range sources(t) {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				for _, n := range specNames(s) {
					all[f.Name.Name+"."+n] = true
				}
			}
		}
	}
	return all
}

// specNames returns the names of a constant, a variable, or a type with its
// fields and methods.
func specNames(s ast.Spec) []string {
	var list []string
	switch s := s.(type) {
	case *ast.ValueSpec:
		for _, n := range s.Names {
			list = append(list, n.Name)
		}
	case *ast.TypeSpec:
		list = append(list, s.Name.Name)
		var fields *ast.FieldList
		switch t := s.Type.(type) {
		case *ast.StructType:
			fields = t.Fields
		case *ast.InterfaceType:
			fields = t.Methods
		default:
			return list
		}
		for _, f := range fields.List {
			for _, n := range f.Names {
				list = append(list, s.Name.Name+"."+n.Name)
			}
		}
	}
	return list
}

// declaredFunctions returns the functions and methods with a body.
func declaredFunctions(t *testing.T) map[string]bool {
	t.Helper()
	all := make(map[string]bool)
	for _, f := range sources(t) {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			n := fn.Name.Name
			if fn.Recv != nil {
				n = receiver(fn.Recv.List[0].Type) + "." + n
			}
			all[f.Name.Name+"."+n] = true
		}
	}
	return all
}

func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// sources parses every Go file of the module but the documents' own tests.
func sources(t *testing.T) []*ast.File {
	t.Helper()
	var files []*ast.File
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "docs") {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(p) != ".go" {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.SkipObjectResolution)
		files = append(files, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// values returns the texts of a string type's constants in a package.
func values(t *testing.T, dir, typ string) []string {
	t.Helper()
	var list []string
	matches, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range matches {
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if id, ok := v.Type.(*ast.Ident); !ok || id.Name != typ {
				return true
			}
			for _, e := range v.Values {
				if lit, ok := e.(*ast.BasicLit); ok {
					s, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					list = append(list, s)
				}
			}
			return true
		})
	}
	return list
}

package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Group is what one analyse job found.
type Group struct {
	Name     string    `json:"name"`
	Packages []Package `json:"packages"`
	Top      Top       `json:"top"`
}

// analyse parses all packages of a group.
func analyse(plan Plan, name string) (Group, error) {
	paths, ok := plan.Groups[name]
	if !ok {
		return Group{}, fmt.Errorf("there is no group %q; one of %s", name, strings.Join(slices.Sorted(maps.Keys(plan.Groups)), ", "))
	}
	g := Group{Name: name, Packages: []Package{}}
	for _, importPath := range paths {
		p, functions, err := parsePackage(plan.Source, importPath)
		if err != nil {
			return Group{}, err
		}
		if p.Files > 0 || p.Generated > 0 || p.TestLines > 0 {
			g.Packages = append(g.Packages, p)
			g.Top.add(functions...)
		}
	}
	return g, nil
}

// parsePackage counts one package and measures its functions.
func parsePackage(source, importPath string) (Package, []Function, error) {
	dir := filepath.Join(source, filepath.FromSlash(importPath))
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Package{}, nil, err
	}
	c := counter{p: Package{Path: importPath}, exported: map[string]bool{}, imports: map[string]bool{}}
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() || strings.ContainsAny(name[:1], "._") {
			continue
		}
		switch path.Ext(name) {
		case ".go":
			err = c.goFile(dir, name)
		case ".s":
			var text []byte
			text, err = os.ReadFile(filepath.Join(dir, name))
			c.p.Assembly += lines(text)
		}
		if err != nil {
			return Package{}, nil, err
		}
	}
	return c.result(), c.functions, nil
}

// counter adds up the files of one package.
type counter struct {
	p         Package
	functions []Function
	exported  map[string]bool // name → has a comment; files for other systems repeat names
	imports   map[string]bool
}

func (c *counter) result() Package {
	if c.p.Public() {
		c.p.Exported = len(c.exported)
		for _, documented := range c.exported {
			if documented {
				c.p.Documented++
			}
		}
	}
	c.p.Imports = slices.Sorted(maps.Keys(c.imports))
	return c.p
}

func (c *counter) goFile(dir, name string) error {
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, path.Join(c.p.Path, name), text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	switch {
	case ignored(f):
	case strings.HasSuffix(name, "_test.go"):
		c.testFile(f, lines(text))
	default:
		c.api(f)
		c.importsOf(f)
		if ast.IsGenerated(f) {
			c.p.Generated += lines(text)
			return nil
		}
		c.p.Files++
		c.p.Lines += lines(text)
		c.code(set, f)
	}
	return nil
}

// ignored reports whether a file is no part of its package: a program that
// generates code, mostly.
func ignored(f *ast.File) bool {
	for _, group := range f.Comments {
		if group.Pos() > f.Package {
			break
		}
		for _, line := range group.List {
			if strings.HasPrefix(line.Text, "//go:build ignore") {
				return true
			}
		}
	}
	return f.Name.Name == "main"
}

func (c *counter) testFile(f *ast.File, lines int) {
	c.p.TestLines += lines
	for _, decl := range f.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Recv != nil {
			continue
		}
		switch name := fn.Name.Name; {
		case name == "TestMain":
		case strings.HasPrefix(name, "Test"):
			c.p.Tests++
		case strings.HasPrefix(name, "Benchmark"):
			c.p.Benchmarks++
		case strings.HasPrefix(name, "Example"):
			c.p.Examples++
		case strings.HasPrefix(name, "Fuzz"):
			c.p.Fuzz++
		}
	}
}

func (c *counter) importsOf(f *ast.File) {
	for _, spec := range f.Imports {
		importPath, err := strconv.Unquote(spec.Path.Value)
		first, _, _ := strings.Cut(importPath, "/")
		if err == nil && importPath != "C" && !strings.Contains(first, ".") {
			c.imports[importPath] = true
		}
	}
}

// code counts what is in the declarations and comments of a file.
func (c *counter) code(set *token.FileSet, f *ast.File) {
	for _, group := range f.Comments {
		c.p.Comments += set.Position(group.End()).Line - set.Position(group.Pos()).Line + 1
		for _, comment := range group.List {
			if strings.HasPrefix(comment.Text, "//go:linkname ") {
				c.p.Linkname++
			}
			c.p.TODO += strings.Count(comment.Text, "TODO")
		}
	}
	for _, decl := range f.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		c.p.Functions++
		if fn.Type.TypeParams != nil {
			c.p.Generic++
		}
		if fn.Body != nil {
			c.functions = append(c.functions, measure(set, c.p.Path, fn))
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSpec:
			if n.TypeParams != nil {
				c.p.Generic++
			}
		case *ast.GoStmt:
			c.p.Go++
		case *ast.DeferStmt:
			c.p.Defer++
		case *ast.BranchStmt:
			if n.Tok == token.GOTO {
				c.p.Goto++
			}
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "panic" {
				c.p.Panic++
			}
		}
		return true
	})
}

// lines counts the lines of a text; a last one without a newline counts, too.
func lines(text []byte) int {
	n := bytes.Count(text, []byte("\n"))
	if len(text) > 0 && text[len(text)-1] != '\n' {
		n++
	}
	return n
}

package arch

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/hammerwork/hammerwork"

// file is what the rules look at in a Go file.
type file struct {
	dir       string // package directory below the module's root, with slashes
	name      string
	imports   []string // this module's packages as directories, others as they are
	comment   bool     // has a package comment
	generated bool
	lines     int
}

func (f file) path() string { return path.Join(f.dir, f.name) }
func (f file) test() bool   { return strings.HasSuffix(f.name, "_test.go") }

// own turns an import of this module into its directory.
func own(imported string) string {
	if rest, ok := strings.CutPrefix(imported, module); ok && (rest == "" || rest[0] == '/') {
		return "./" + strings.TrimPrefix(rest, "/")
	}
	return imported
}

// readModule reads every Go file of this module under root, whatever its build
// constraints. Nested modules and testdata are left out.
func readModule(root string) ([]file, error) {
	var files []file
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != root && leftOut(p, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(p) != ".go" {
			return nil
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		f, err := readFile(p, filepath.ToSlash(rel))
		files = append(files, f)
		return err
	})
	return files, err
}

func leftOut(dir, name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "node_modules" {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func readFile(p, rel string) (file, error) {
	source, err := os.ReadFile(p)
	if err != nil {
		return file{}, err
	}
	syntax, err := parser.ParseFile(token.NewFileSet(), p, source, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return file{}, err
	}
	f := file{
		dir:       path.Dir(rel),
		name:      path.Base(rel),
		comment:   strings.TrimSpace(syntax.Doc.Text()) != "",
		generated: ast.IsGenerated(syntax),
		lines:     bytes.Count(source, []byte("\n")),
	}
	for _, i := range syntax.Imports {
		imported, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return file{}, fmt.Errorf("%s: import %s: %w", rel, i.Path.Value, err)
		}
		f.imports = append(f.imports, own(imported))
	}
	return f, nil
}

func TestTheReaderSeesTheWholeModule(t *testing.T) {
	files := source(t)
	seen := map[string]bool{}
	for _, f := range files {
		seen[f.path()] = true
		if f.path() == "internal/arch/source_test.go" && (!f.test() || f.comment || f.lines < 100 || len(f.imports) < 10) {
			t.Errorf("this file was read as %+v", f)
		}
		if f.path() == "internal/arch/doc.go" && !f.comment {
			t.Error("the comment in doc.go was not seen")
		}
		if f.path() == "internal/bus/subject.go" && !slices.Contains(f.imports, "./pkg/job") {
			t.Errorf("%s imports %v", f.path(), f.imports)
		}
	}
	for _, p := range []string{"internal/arch/doc.go", "internal/arch/source_test.go", "internal/bus/subject.go", "pkg/job/job.go"} {
		if !seen[p] {
			t.Errorf("%s was not read", p)
		}
	}
}

func source(t *testing.T) []file {
	t.Helper()
	files, err := readModule(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

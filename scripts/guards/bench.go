package main

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// A bench is a test binary of a dialect that reads the dialect's statements from
// a folder as it starts. It is built once, and then each guard of a statement
// costs no more than the test.
type bench struct {
	dialect dialect
	dir     string
}

const benchFolder = "HAMMERWORK_GUARDS_STATEMENTS"

var benches = map[string]*bench{}

// benchOf returns the bench for a file of statements, or nil for any other.
func benchOf(file string) (*bench, error) {
	list := dialectsOf(file)
	if len(list) != 1 || path.Ext(file) != ".sql" || path.Base(path.Dir(file)) != "queries" {
		return nil, nil
	}
	d := list[0]
	if b := benches[d.folder]; b != nil {
		return b, nil
	}
	dir, err := os.MkdirTemp("", "guards")
	if err != nil {
		return nil, err
	}
	b := &bench{d, dir}
	benches[d.folder] = b // also when it fails: it is removed in the end
	loader := path.Join(d.pkg, "queries.go")
	data, err := os.ReadFile(loader)
	if err != nil {
		return nil, err
	}
	text := strings.NewReplacer(
		"\t\"embed\"\n", "\t\"os\"\n",
		"//go:embed queries/*.sql\nvar queryFiles embed.FS", "var queryFiles = os.DirFS(os.Getenv(\""+benchFolder+"\"))",
	).Replace(string(data))
	overlay, err := writeOverlay(dir, loader, text)
	if err != nil {
		return nil, err
	}
	out, err := exec.Command("go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", filepath.Join(dir, "bench"), d.pkg).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("build the tests of %s: %w\n%s", d.folder, err, out)
	}
	return b, nil
}

// run runs tests with the text of one file of statements changed; it returns
// the first that failed.
func (b *bench) run(file, text string, args []string) (failed string, err error) {
	folder := filepath.Join(b.dir, "queries")
	if err := os.RemoveAll(folder); err != nil {
		return "", err
	}
	if err := os.CopyFS(folder, os.DirFS(path.Dir(file))); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(folder, path.Base(file)), []byte(text), 0o644); err != nil {
		return "", err
	}
	list := []string{"-test.failfast", "-test.timeout=5m"}
	for _, a := range args {
		if a == "-run" {
			a = "-test.run"
		}
		if a != b.dialect.pkg {
			list = append(list, a)
		}
	}
	cmd := exec.Command(filepath.Join(b.dir, "bench"), list...)
	cmd.Dir = b.dialect.pkg
	cmd.Env = append(os.Environ(), benchFolder+"="+b.dir)
	out, err := cmd.CombinedOutput()
	return verdictOf(b.dialect.pkg, string(out), err)
}

// removeBenches deletes what benchOf made.
func removeBenches() {
	for _, b := range benches {
		_ = os.RemoveAll(b.dir)
	}
}

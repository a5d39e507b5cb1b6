package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Every command of the README is run, in its order, in a folder that has the
// examples and the README's own workflow file. What sets up or tests the
// repository itself is left to those who test.
func TestTheCommandsOfTheREADMEWork(t *testing.T) {
	readme := read(t, "README.md")
	work, bin := t.TempDir(), t.TempDir()
	build(t, filepath.Join(bin, "hammerwork"))
	if err := os.CopyFS(filepath.Join(work, "examples"), os.DirFS(filepath.Join(root, "examples"))); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(work, "go.mod"), "module github.com/hammerwork/hammerwork\n\ngo 1.26.0\n")
	for _, f := range readme.fences {
		if f.info == "yaml" {
			write(t, filepath.Join(work, "workflow.yaml"), f.body)
			break
		}
	}
	ran := 0
	for _, line := range commands(readme) {
		line, isRun := strings.CutPrefix(line, "go run ./cmd/")
		switch {
		case isRun || strings.HasPrefix(line, "hammerwork "):
		case line == "make test" || line == "go build ./cmd/hammerwork":
			continue
		default:
			t.Errorf("the README has %q, which this test does not know", line)
			continue
		}
		ran++
		c := exec.Command("sh", "-c", line)
		c.Dir = work
		c.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "GOFLAGS=-buildvcs=false")
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
	if ran < 5 {
		t.Errorf("only %d commands were run", ran)
	}
}

// commands returns the lines of a document's shell blocks, without comments.
func commands(d document) []string {
	var list []string
	for _, f := range d.fences {
		if f.info != "sh" {
			continue
		}
		for line := range strings.Lines(f.body) {
			line, _, _ = strings.Cut(line, " # ")
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				list = append(list, line)
			}
		}
	}
	return list
}

// TestMain lets every go command build as users do, without cgo: also where the
// tests themselves need it, for the race detector.
func TestMain(m *testing.M) {
	if err := os.Setenv("CGO_ENABLED", "0"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func build(t *testing.T, to string) {
	t.Helper()
	c := exec.Command("go", "build", "-buildvcs=false", "-o", to, "./cmd/hammerwork")
	c.Dir = root
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

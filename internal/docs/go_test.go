package docs

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// What docs/go.md tells a first-time user to do is done here, in a module of
// its own: every snippet is one of its files, every command is run.
func TestTheGoPageWorks(t *testing.T) {
	page := read(t, "docs/go.md")
	module, bin, data := t.TempDir(), t.TempDir(), t.TempDir()
	build(t, filepath.Join(bin, "hammerwork"))
	goModule(t, module)
	writeSnippets(t, module, page)
	vet := exec.Command("go", "vet", "./...")
	vet.Dir = module
	if out, err := vet.CombinedOutput(); err != nil {
		t.Fatalf("the snippets do not compile: %v\n%s", err, out)
	}
	env := append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"),
		"HAMMERWORK_DATABASE_URL=sqlite://"+filepath.ToSlash(filepath.Join(data, "hammerwork.db")))

	var id string
	ran := 0
	for _, line := range commands(page) {
		ran++
		switch line {
		case "go get github.com/hammerwork/hammerwork/sdk/...", "go install github.com/hammerwork/hammerwork/cmd/hammerwork@latest":
			// this repository is in the place of what they would fetch
		case "hammerwork dev --data-dir /tmp/shop":
			env = append(env, dev(t, module, data, env)...)
		case "go run ./worker":
			// Built first: a signal ends it, not the go command in front of it.
			shell(t, module, env, "go build -o bin/worker ./worker")
			background(t, module, env, "exec bin/worker")
		case "id=$(go run ./enqueue)":
			id = strings.TrimSpace(shell(t, module, env, "go run ./enqueue"))
		case "hammerwork workflow status $id --watch":
			if out := shell(t, module, env, "id="+id+"; "+line); !strings.Contains(out, "completed") {
				t.Errorf("the workflow did not complete:\n%s", out)
			}
		case "go run ./order":
			if out := shell(t, module, env, line); out != "completed \"small-cat.png\"\n" {
				t.Errorf("%s printed %q", line, out)
			}
		case "go test ./worker":
			shell(t, module, env, line)
		default:
			t.Errorf("the page has %q, which this test does not know", line)
		}
	}
	if ran != 8 {
		t.Errorf("%d commands were run", ran)
	}
}

// goModule makes a module that requires what this one does, and has this one in
// the place of a published version.
func goModule(t *testing.T, dir string) {
	t.Helper()
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(own), "\n")
	write(t, filepath.Join(dir, "go.mod"), "module example.com/gallery\n"+rest+
		"\nrequire github.com/hammerwork/hammerwork v0.0.0\n\nreplace github.com/hammerwork/hammerwork => "+here+"\n")
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.sum"), string(sum))
}

// snippetFile is the first line of a snippet that is a file.
var snippetFile = regexp.MustCompile(`^// ([a-z]+/[a-z_]+\.go)\n`)

func writeSnippets(t *testing.T, dir string, page document) {
	t.Helper()
	var files []string
	for _, f := range page.fences {
		if f.info != "go" {
			continue
		}
		m := snippetFile.FindStringSubmatch(f.body)
		if m == nil {
			t.Errorf("a snippet does not begin with the name of its file:\n%s", f.body)
			continue
		}
		files = append(files, m[1])
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(m[1])), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, m[1]), f.body)
	}
	if want := []string{"worker/main.go", "enqueue/main.go", "order/main.go", "worker/main_test.go"}; !slices.Equal(files, want) {
		t.Errorf("the snippets are %v", files)
	}
}

// dev starts `hammerwork dev` on ports of its own and returns where it is, for
// the environment of others.
func dev(t *testing.T, dir, data string, env []string) []string {
	t.Helper()
	out := background(t, dir, env, "exec hammerwork dev --data-dir '"+data+"' --listen 127.0.0.1:0 --nats-listen 127.0.0.1:0 2>&1")
	var found []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, url, ok := strings.Cut(lines.Text(), "workers connect to "); ok {
			found = append(found, "HAMMERWORK_NATS_URL="+url)
		}
		if url, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			go io.Copy(io.Discard, out) // it must not wait for a reader
			return append(found, "HAMMERWORK_SERVER="+url)
		}
	}
	t.Fatalf("dev ended before it was ready: %v", lines.Err())
	return nil
}

// shell runs a command and returns what it printed.
func shell(t *testing.T, dir string, env []string, line string) string {
	t.Helper()
	c := exec.Command("sh", "-c", line)
	c.Dir, c.Env = dir, env
	var errors bytes.Buffer
	c.Stderr = &errors
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", line, err, out, &errors)
	}
	return string(out)
}

// background runs a command until the test has ended and returns what it
// prints.
func background(t *testing.T, dir string, env []string, line string) *os.File {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("sh", "-c", line)
	c.Dir, c.Env, c.Stdout = dir, env, write
	c.WaitDelay = time.Minute
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	t.Cleanup(func() {
		defer read.Close()
		if err := c.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := c.Wait(); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	})
	return read
}

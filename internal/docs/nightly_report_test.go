package docs

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The commands at the beginning of the nightly report are run, in a folder that
// has it alone.
func TestTheNightlyReportDoesWhatItsBeginningSays(t *testing.T) {
	const dir = "examples/nightly-report"
	work, bin := t.TempDir(), filepath.Join(t.TempDir(), "hammerwork")
	build(t, bin)
	if err := os.CopyFS(filepath.Join(work, dir), os.DirFS(filepath.Join(root, dir))); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(work, "go.mod"), "module github.com/hammerwork/hammerwork\n\ngo 1.26.0\n")
	file, err := os.ReadFile(filepath.Join(root, dir, "workflow.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile(`(?m)^#   hammerwork (run .*)$`).FindAllStringSubmatch(string(file), -1)
	want := []struct {
		code int
		says string // parts of what is printed, each after a ";"
	}{
		{0, "totals +✓ completed .*5 of 5 items;sign-off +✓ completed;publish +✓ completed;alert +– skipped;clean +✓ completed;overseas . 2 . 23 . 1873.20"},
		{1, "sign-off +✗ failed;publish +⊘ upstream_failed;alert +✓ completed;clean +✓ completed;no report tonight"},
		{1, `totals +✗ failed .*2 of 5 items failed;  totals\[1\] +✗ dead .*no number of pieces;publish +⊘ upstream_failed;alert +✓ completed`},
	}
	if len(commands) != len(want) {
		t.Fatalf("its beginning has %d commands", len(commands))
	}
	for i, command := range commands {
		c := exec.Command(bin, strings.Fields(command[1])...)
		c.Dir = work
		c.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false")
		out, err := c.Output()
		code := 0
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			code = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		if code != want[i].code {
			t.Errorf("hammerwork %s ends with %d", command[1], code)
		}
		for _, part := range strings.Split(want[i].says, ";") {
			if !regexp.MustCompile("(?m)^.*" + part).Match(out) {
				t.Errorf("hammerwork %s prints no %q:\n%s", command[1], part, out)
			}
		}
	}
}

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"testing"
)

// TestMain builds the binary and puts it first in PATH. It has the race
// detector when the tests have it.
func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "hammerwork-e2e")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	args := []string{"build", "-buildvcs=false", "-o", filepath.Join(dir, "hammerwork")}
	if races {
		// SQLite is C translated to Go: the race detector finds nothing in it.
		args = append(args, "-race", "-gcflags=modernc.org/sqlite/lib=-race=false")
	}
	build := exec.Command("go", append(args, "github.com/hammerwork/hammerwork/cmd/hammerwork")...)
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build hammerwork: %w\n%s", err, out)
	}
	if err := os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// races says that the tests run with the race detector.
var races = func() bool {
	info, _ := debug.ReadBuildInfo()
	for _, s := range info.Settings {
		if s.Key == "-race" {
			return s.Value == "true"
		}
	}
	return false
}()

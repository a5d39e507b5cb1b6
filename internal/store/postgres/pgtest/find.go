//go:build unix

package pgtest

import (
	"cmp"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// binaries returns the folder of a server's programs: that of PATH, else the
// newest that is installed.
func binaries() (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if _, err := os.Stat(filepath.Join(filepath.Dir(initdb), "postgres")); err == nil {
			return filepath.Dir(initdb), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	version := func(p string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(p))))
		return n
	}
	if len(found) == 0 {
		return "", errors.New("no PostgreSQL server is installed: neither initdb in PATH nor /usr/lib/postgresql/*/bin; " +
			"scripts/setup installs one, or set " + Env)
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return cmp.Compare(version(a), version(b)) })), nil
}

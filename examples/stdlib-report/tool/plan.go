package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Plan says which packages there are and which job parses which of them.
type Plan struct {
	Version string              `json:"version"` // of Go, like go1.26.0
	Source  string              `json:"source"`  // directory of the standard library
	Groups  map[string][]string `json:"groups"`  // group → import paths, in order
}

// roots says which import paths each group has, including all below; the
// longest match counts. Packages that match nothing form the group "rest".
var roots = map[string][]string{
	"runtime":         {"runtime"},
	"language":        {"arena", "builtin", "cmp", "embed", "errors", "iter", "plugin", "reflect", "structs", "unique", "unsafe", "weak"},
	"sync":            {"context", "sync"},
	"internal":        {"internal"},
	"os":              {"os"},
	"syscall":         {"syscall"},
	"io":              {"bufio", "io", "path"},
	"time":            {"time"},
	"net":             {"mime", "net"},
	"net-http":        {"net/http"},
	"tls":             {"crypto/tls", "crypto/x509"},
	"crypto":          {"crypto"},
	"crypto-internal": {"crypto/internal"},
	"hash":            {"hash"},
	"encoding":        {"encoding"},
	"compress":        {"archive", "compress"},
	"database":        {"database"},
	"image":           {"image"},
	"strings":         {"bytes", "strings"},
	"fmt":             {"fmt", "strconv"},
	"text":            {"html", "index", "regexp", "text"},
	"unicode":         {"unicode"},
	"math":            {"math", "simd"},
	"collections":     {"container", "maps", "slices", "sort"},
	"go":              {"go"},
	"go-types":        {"go/types"},
	"debug":           {"debug"},
	"testing":         {"testing"},
	"logging":         {"expvar", "flag", "log"},
	"rest":            {},
}

// groupOf returns the group of an import path.
func groupOf(importPath string) string {
	best, group := "", "rest"
	for name, paths := range roots {
		for _, root := range paths {
			below := importPath == root || strings.HasPrefix(importPath, root+"/")
			if below && len(root) > len(best) {
				best, group = root, name
			}
		}
	}
	return group
}

// split asks the go command where the standard library is and shares it out.
func split() (Plan, error) {
	out, err := exec.Command("go", "env", "GOROOT", "GOVERSION").Output()
	if err != nil {
		return Plan{}, fmt.Errorf("go env: %w", err)
	}
	root, version, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return planOf(filepath.Join(root, "src"), version)
}

// planOf lists the packages below a directory: those with Go files, except
// commands, vendored packages and what the go command ignores, too.
func planOf(source, version string) (Plan, error) {
	plan := Plan{Version: version, Source: source, Groups: map[string][]string{}}
	for name := range roots {
		plan.Groups[name] = []string{}
	}
	seen := map[string]bool{}
	err := fs.WalkDir(os.DirFS(source), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if entry.IsDir() {
			if name == "cmd" || name == "vendor" || base == "testdata" || name != "." && strings.ContainsAny(base[:1], "._") {
				return fs.SkipDir
			}
			return nil
		}
		dir := path.Dir(name)
		if dir != "." && !seen[dir] && strings.HasSuffix(base, ".go") {
			group := groupOf(dir)
			plan.Groups[group] = append(plan.Groups[group], dir)
			seen[dir] = true
		}
		return nil
	})
	if err != nil {
		return Plan{}, fmt.Errorf("source of the standard library: %w", err)
	}
	if len(seen) == 0 {
		return Plan{}, fmt.Errorf("%s has no Go packages; some systems install them apart, as golang-src", source)
	}
	for _, paths := range plan.Groups {
		slices.Sort(paths)
	}
	return plan, nil
}

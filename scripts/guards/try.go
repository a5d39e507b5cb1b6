package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// dialect is a kind of database: what holds its store to the contract, and the
// simulator on it.
type dialect struct {
	folder   string
	pkg      string
	contract string
	seeds    [][]string // arguments of the simulator, one run after the other
}

const simPackage = "./sim"

var (
	onSQLite = dialect{
		folder: "sqlite", pkg: "./internal/store/sqlite", contract: "TestSQLiteKeepsTheContractOfAStore",
		seeds: [][]string{seeds("1", "20"), seeds("21", "80")},
	}
	onPostgres = dialect{
		folder: "postgres", pkg: "./internal/store/postgres", contract: "TestPostgreSQLKeepsTheContractOfAStore",
		seeds: [][]string{{simPackage, "-run", "^TestSeedsOnPostgreSQL$", "-seed=1", "-pgseeds=6"}},
	}
	onMySQL = dialect{folder: "mysql", pkg: "./internal/store/mysql", contract: "TestMySQLKeepsTheContractOfAStore"}

	dialects = []dialect{onSQLite, onPostgres, onMySQL}
)

// dialectsOf returns the dialects that a file takes part in.
func dialectsOf(file string) []dialect {
	var list []dialect
	for _, d := range dialects {
		if strings.HasPrefix(file, "internal/store/"+d.folder+"/") || strings.HasPrefix(file, "migrations/"+d.folder+"/") {
			return []dialect{d}
		}
		if strings.HasPrefix(file, sqlstore) || strings.HasPrefix(file, "pkg/") {
			list = append(list, d)
		}
	}
	return list
}

// tryWithout runs tests without a guard until one fails, and returns which. by
// is what failed last time, and runs first; quick: nothing else does.
func tryWithout(g guard, by string, quick bool) (failed string, err error) {
	text, err := g.without()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "guards")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	overlay, err := writeOverlay(dir, g.file, text)
	if err != nil {
		return "", err
	}
	b, err := benchOf(g.file)
	if err != nil {
		return "", err
	}
	runs := likeliest(by)
	if !quick {
		runs = append(runs, plan(g.file)...)
	}
	for _, args := range runs {
		if b != nil && slices.Contains(args, b.dialect.pkg) {
			failed, err = b.run(g.file, text, args)
		} else {
			failed, err = goTest(append([]string{"-overlay", overlay, "-failfast"}, args...)...)
		}
		if failed != "" || err != nil {
			return failed, err
		}
	}
	return "", nil
}

func writeOverlay(dir, file, text string) (string, error) {
	changed := filepath.Join(dir, filepath.Base(file))
	original, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, errors.Join(os.WriteFile(changed, []byte(text), 0o644), os.WriteFile(overlay, data, 0o644))
}

// likeliest returns the arguments of the run of what failed last time.
func likeliest(by string) [][]string {
	pkg, test, ok := strings.Cut(by, " ")
	if !ok {
		return nil
	}
	if seed, ok := strings.CutPrefix(test, "seed "); ok {
		return [][]string{seeds(seed, "1")}
	}
	return [][]string{{pkg, "-run", exactly(test)}}
}

// plan returns the arguments of the test runs for a guard in file.
func plan(file string) [][]string {
	var runs [][]string
	dialects := dialectsOf(file)
	pkg := "./" + path.Dir(file)
	for _, d := range dialects {
		runs = append(runs, []string{d.pkg, "-run", exactly(d.contract + "/guards")}, []string{d.pkg})
	}
	if hasTests(pkg) && !slices.ContainsFunc(dialects, func(d dialect) bool { return d.pkg == pkg }) {
		runs = append(runs, []string{pkg})
	}
	if len(dialects) == 1 {
		return append(runs, dialects[0].seeds...)
	}
	return append(runs, onSQLite.seeds...)
}

func seeds(first, count string) []string {
	return []string{simPackage, "-run", "^TestSeeds$", "-seed=" + first, "-seeds=" + count}
}

func hasTests(pkg string) bool {
	found, _ := filepath.Glob(filepath.Join(pkg, "*_test.go"))
	return len(found) > 0
}

// exactly makes a -run argument of a test's full name.
func exactly(test string) string {
	parts := strings.Split(test, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}

// baseline makes sure that all tests pass while every guard is there; a test
// that fails anyway would see everything.
func baseline() error {
	var runs [][]string
	for _, d := range dialects {
		runs = append(append(runs, d.seeds...), []string{d.pkg})
	}
	for _, args := range runs {
		failed, err := goTest(args...)
		if err != nil {
			return err
		}
		if failed != "" {
			return fmt.Errorf("a test fails with every guard in place: %s", failed)
		}
	}
	return nil
}

var (
	failedTest = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+) `)
	failedSeed = regexp.MustCompile(`\bseed (\d+)\b`)
)

// goTest runs tests of one package and returns the first that failed, as
// "PACKAGE TEST" or "PACKAGE seed N"; nothing when all passed.
func goTest(args ...string) (failed string, err error) {
	cmd := exec.Command("go", append([]string{"test", "-vet=off", "-timeout", "5m"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return "", nil
	}
	text := string(out)
	if strings.Contains(text, "[build failed]") || strings.Contains(text, "[setup failed]") {
		return "", fmt.Errorf("go test %s: %w\n%s", strings.Join(args, " "), err, text)
	}
	pkg := ""
	for _, a := range args {
		if strings.HasPrefix(a, "./") {
			pkg = a
		}
	}
	return verdictOf(pkg, text, err)
}

// verdictOf reads from what the tests of a package said which failed first.
func verdictOf(pkg, text string, err error) (failed string, _ error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "", nil
	case !errors.As(err, &exit):
		return "", fmt.Errorf("test %s: %w\n%s", pkg, err, text)
	}
	if pkg == simPackage {
		if m := failedSeed.FindStringSubmatch(text); m != nil {
			return pkg + " seed " + m[1], nil
		}
	}
	return pkg + " " + deepest(failedTest.FindAllStringSubmatch(text, -1)), nil
}

// deepest returns the longest name that goes on from the first that failed.
func deepest(found [][]string) string {
	name := "does not run"
	for i, m := range found {
		if i == 0 || strings.HasPrefix(m[1], name+"/") {
			name = m[1]
		}
	}
	return name
}

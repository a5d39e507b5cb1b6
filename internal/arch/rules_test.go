package arch

import (
	"fmt"
	"slices"
	"strings"
)

// rule finds what breaks it. Its name is a sentence, why says what is lost.
type rule struct {
	name string
	why  string
	find func(files []file) []string
}

var rules = []rule{
	{
		"outer folders import inner ones and never back",
		"cmd → sdk, services → internal → pkg: what is inside can be understood, tested and kept stable without what is outside",
		eachImport(func(f file, imported string) bool {
			to, ok := strings.CutPrefix(imported, "./")
			return !ok || slices.Contains(inner[top(f.dir)], top(to)) || f.dir == "sdk/hammerworktest" && top(to) == "services"
		}),
	},
	{
		"every top-level folder has its place in the order",
		"a folder that the rules don't know is held by none of them; give it a place in architecture and here",
		eachFile(func(f file) bool { _, known := inner[top(f.dir)]; return known }),
	},
	{
		"services never import each other",
		"services talk through the bus and the database only, so that each can run alone, in any number",
		eachImport(func(f file, imported string) bool {
			return top(f.dir) != "services" || !strings.HasPrefix(imported, "./services/") || service(f.dir) == service(imported[2:])
		}),
	},
	{
		"the language of jobs and workflows does no input or output",
		"pure decisions can be tested by millions of random graphs and give the same answer everywhere",
		eachImport(func(f file, imported string) bool {
			return f.test() || !slices.Contains(pure, f.dir) || !under(imported, "os", "net", "database", "io/fs", "io/ioutil", "syscall", "log", "embed", "plugin", "golang.org/x/sys", "golang.org/x/net")
		}),
	},
	{
		"the checker of histories knows nothing of the engine",
		"it judges by records; what shares code with the engine shares its mistakes",
		eachImport(func(f file, imported string) bool {
			return f.test() || !under(f.dir, "internal/history/check") || !strings.HasPrefix(imported, "./") ||
				slices.Contains([]string{"./internal/history", "./pkg/job", "./pkg/workflow"}, imported)
		}),
	},
	{
		"only the stores know the migrations",
		"one place decides which version of the schema runs",
		eachImport(func(f file, imported string) bool {
			return !under(imported, "./migrations") || under(f.dir, "internal/store", "migrations")
		}),
	},
	{
		"the memory bus serves tests only",
		"production and `hammerwork run` use NATS, so that what is tried at home is what runs",
		eachImport(func(f file, imported string) bool {
			return f.test() || !under(imported, "./internal/bus/membus") || under(f.dir, "internal/bus/membus")
		}),
	},
	{
		"packages named …test are imported by tests and each other only",
		"test suites and their dependencies don't belong into a binary",
		eachImport(func(f file, imported string) bool {
			return f.test() || !strings.HasPrefix(imported, "./") || !testPackage(imported) || testPackage(f.dir)
		}),
	},
	{
		"testing is imported by tests and packages named …test only",
		"a binary that links testing has its flags and calls for code paths that only tests take",
		eachImport(func(f file, imported string) bool {
			return f.test() || testPackage(f.dir) || !under(imported, "testing")
		}),
	},
	{
		"every package has exactly one package comment",
		"it is where a reader learns what the package is for; two of them drift apart",
		packageComments,
	},
	{
		"no file is over 600 lines",
		"the file everybody adds to is the one nobody can read; split it by noun",
		eachFile(func(f file) bool { return f.generated || f.lines <= 600 }),
	},
}

// inner says which top-level folders the files of a top-level folder may
// import, tests included.
var inner = map[string][]string{
	"pkg":        {"pkg"},
	"migrations": {"migrations"},
	"web":        {"web"},
	"internal":   {"internal", "pkg", "migrations"},
	"services":   {"services", "internal", "pkg", "web"},
	"sdk":        {"sdk", "internal", "pkg"}, // sdk/hammerworktest wires services too
	"cmd":        {"cmd", "sdk", "services", "internal", "pkg", "web"},
	"examples":   {"examples", "sdk", "pkg"},
	"deploy":     {"deploy", "internal", "pkg"},
	"sim":        {"sim", "sdk", "services", "internal", "pkg"}, // drives everything, like cmd
	"bench":      {"bench", "internal", "pkg"},
	"e2e":        {"e2e", "sdk", "internal", "pkg"}, // starts everything as processes
	"scripts":    {"scripts", "internal", "pkg"},    // run the tools
}

// pure are the packages that know no outside world. Packages below them, which
// read files for them, may.
var pure = []string{"pkg/job", "pkg/workflow", "pkg/workflow/condition", "pkg/event"}

func top(dir string) string { first, _, _ := strings.Cut(dir, "/"); return first }

// service returns the service a package below services belongs to.
func service(dir string) string {
	return top(strings.TrimPrefix(dir, "services/"))
}

// under tells whether p is one of roots or below one.
func under(p string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(r string) bool { return p == r || strings.HasPrefix(p, r+"/") })
}

func testPackage(dir string) bool { return strings.HasSuffix(dir, "test") }

// eachImport is a rule that every import of every file must keep.
func eachImport(ok func(f file, imported string) bool) func([]file) []string {
	return func(files []file) (broken []string) {
		for _, f := range files {
			for _, imported := range f.imports {
				if !ok(f, imported) {
					broken = append(broken, fmt.Sprintf("%s imports %s", f.path(), strings.TrimPrefix(imported, "./")))
				}
			}
		}
		return broken
	}
}

// eachFile is a rule that every file must keep.
func eachFile(ok func(f file) bool) func([]file) []string {
	return func(files []file) (broken []string) {
		for _, f := range files {
			if !ok(f) {
				broken = append(broken, fmt.Sprintf("%s (%d lines)", f.path(), f.lines))
			}
		}
		return broken
	}
}

// packageComments counts the comments of each package; tests count only where
// there is nothing else.
func packageComments(files []file) (broken []string) {
	packages := map[string]bool{} // has files besides tests
	for _, f := range files {
		packages[f.dir] = packages[f.dir] || !f.test()
	}
	comments := map[string]int{}
	for _, f := range files {
		if f.comment && f.test() != packages[f.dir] {
			comments[f.dir]++
		}
	}
	for dir := range packages {
		if comments[dir] != 1 {
			broken = append(broken, fmt.Sprintf("%s has %d package comments", dir, comments[dir]))
		}
	}
	slices.Sort(broken)
	return broken
}

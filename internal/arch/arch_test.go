package arch

import (
	"slices"
	"strings"
	"testing"
)

func TestTheSourceKeepsEveryRule(t *testing.T) {
	files := source(t)
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, broken := range r.find(files) {
				t.Errorf("%s\nwhy: %s", broken, r.why)
			}
		})
	}
}

// Each rule must find the one file that breaks it among those that don't.
func TestEveryRuleFindsWhatBreaksIt(t *testing.T) {
	cases := []struct {
		rule   string // its beginning
		broken file
	}{
		{"outer", imports("pkg/job/x.go", "./internal/store")},
		{"outer", imports("pkg/workflow/x_test.go", "./sdk/worker")},
		{"outer", imports("pkg/job/x.go", "./migrations")},
		{"outer", imports("internal/store/x.go", "./services/api")},
		{"outer", imports("internal/store/x.go", "./sdk/client")},
		{"outer", imports("internal/store/x.go", "./cmd/hammerwork/internal/cli")},
		{"outer", imports("services/api/x.go", "./sdk/client")},
		{"outer", imports("services/api/x.go", "./cmd/hammerwork")},
		{"outer", imports("sdk/client/x.go", "./services/api")},
		{"outer", imports("sdk/hammerworktest/x.go", "./cmd/hammerwork")},
		{"outer", imports("cmd/hammerwork/x.go", "./examples/etl")},
		{"outer", imports("examples/etl/x.go", "./internal/bus")},
		{"outer", imports("migrations/x.go", "./pkg/job")},
		{"every top", imports("tools/x.go")},
		{"every top", imports("./x.go")},
		{"services", imports("services/api/x.go", "./services/resolver")},
		{"services", imports("services/api/live/x.go", "./services/resolver/batch")},
		{"services", imports("services/api/x_test.go", "./services/apis")},
		{"the language", imports("pkg/job/x.go", "os")},
		{"the language", imports("pkg/workflow/x.go", "net/http")},
		{"the language", imports("pkg/workflow/x.go", "database/sql/driver")},
		{"the language", imports("pkg/event/x.go", "io/fs")},
		{"the language", imports("pkg/event/x.go", "log/slog")},
		{"the checker", imports("internal/history/check/x.go", "./internal/store")},
		{"the checker", imports("internal/history/check/x.go", "./internal/history/watch")},
		{"only the stores", imports("internal/bus/x.go", "./migrations")},
		{"only the stores", imports("internal/stores/x_test.go", "./migrations/sqlite")},
		{"the memory", imports("cmd/hammerwork/x.go", "./internal/bus/membus")},
		{"the memory", imports("internal/bus/bustest/x.go", "./internal/bus/membus")},
		{"packages named", imports("sdk/worker/x.go", "./internal/bus/bustest")},
		{"testing", imports("sdk/worker/x.go", "testing")},
		{"testing", imports("sdk/worker/x.go", "testing/fstest")},
		{"every package", file{dir: "pkg/job", name: "x.go", comment: true}},
		{"every package", file{dir: "pkg/other", name: "x.go"}},
		{"every package", file{dir: "pkg/other", name: "x_test.go"}},
		{"no file", file{dir: "pkg/job", name: "x_test.go", lines: 601}},
	}
	tried := map[string]bool{}
	for _, c := range cases {
		i := slices.IndexFunc(rules, func(r rule) bool { return strings.HasPrefix(r.name, c.rule) })
		if i < 0 {
			t.Fatalf("no rule %q", c.rule)
		}
		r := rules[i]
		tried[r.name] = true
		broken := r.find(append(slices.Clone(fine), c.broken))
		if len(broken) != 1 || !strings.Contains(broken[0], c.broken.dir) {
			t.Errorf("%s: %s %v was found as %v", r.name, c.broken.path(), c.broken.imports, broken)
		}
	}
	for _, r := range rules {
		if !tried[r.name] {
			t.Errorf("no case tries the rule: %s", r.name)
		}
		if r.why == "" {
			t.Errorf("the rule gives no reason: %s", r.name)
		}
	}
}

func TestNoRuleFindsFaultWithWhatIsAllowed(t *testing.T) {
	for _, r := range rules {
		if broken := r.find(fine); len(broken) > 0 {
			t.Errorf("%s: %v", r.name, broken)
		}
	}
}

// fine breaks no rule, and comes close to breaking each.
var fine = []file{
	documented("pkg/job/doc.go", "time", "io", "github.com/google/uuid"),
	imports("pkg/job/job_test.go", "os", "testing"),
	documented("pkg/workflow/doc.go", "./pkg/job", "errors", "osmosis.example/net"),
	documented("pkg/workflow/workflowfile/doc.go", "./pkg/workflow", "os", "io/fs"),
	documented("migrations/migrations.go", "embed"),
	documented("internal/store/sqlite/doc.go", "./internal/store", "./migrations", "database/sql"),
	documented("internal/store/storetest/run.go", "./internal/store", "testing"),
	documented("internal/bus/membus/doc.go", "./internal/bus"),
	documented("internal/history/check/doc.go", "./internal/history", "./pkg/job", "./pkg/workflow", "slices"),
	imports("internal/history/check/x_test.go", "./internal/store"),
	imports("internal/bus/membus/bus_test.go", "./internal/bus/bustest", "./internal/bus/membus"),
	documented("services/api/doc.go", "./services/api/live", "./internal/store", "./pkg/job", "./web", "net/http"),
	imports("services/api/api_test.go", "./internal/bus/membus", "testing"),
	documented("services/api/live/doc.go", "./services/api/wire"),
	documented("sdk/worker/doc.go", "./internal/bus", "./pkg/job"),
	documented("sdk/hammerworktest/doc.go", "./services/api", "./services/resolver", "./internal/store/storetest", "testing"),
	documented("cmd/hammerwork/main.go", "./services/api", "./sdk/worker", "./cmd/hammerwork/internal/cli"),
	documented("examples/etl/main.go", "./sdk/worker", "./pkg/job"),
	{dir: "internal/arch", name: "arch_test.go", comment: true, lines: 600},
	{dir: "internal/arch", name: "rules_test.go"},
	{dir: "pkg/job", name: "table.go", generated: true, lines: 5000},
}

// imports makes a file at a path with these imports.
func imports(p string, imported ...string) file {
	i := strings.LastIndex(p, "/")
	return file{dir: p[:i], name: p[i+1:], imports: imported}
}

func documented(p string, imported ...string) file {
	f := imports(p, imported...)
	f.comment = true
	return f
}

package main

import (
	"bytes"
	"testing"

	"github.com/hammerwork/hammerwork/internal/database"
	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/internal/history/check"
	"github.com/hammerwork/hammerwork/internal/history/watch"
	"github.com/hammerwork/hammerwork/internal/rigtest"
	"github.com/hammerwork/hammerwork/internal/store"
)

// past is the history of a test's processes, and what the test did to them.
type past struct {
	t        *testing.T
	dir      string
	database string
	harness  *history.Recorder
}

func newPast(t *testing.T, database string) *past {
	t.Helper()
	p := &past{t: t, dir: t.TempDir(), database: database}
	var err error
	if p.harness, err = history.Open(p.dir, "harness"); err != nil {
		t.Fatal(err)
	}
	return p
}

// flag adds to the arguments of a program that it records what it does.
func (p *past) flag(args ...string) []string { return append(args, "--history-dir", p.dir) }

// kills kills a program.
func (p *past) kills(x *rigtest.Process) {
	p.t.Helper()
	p.harness.Killed(x.PID())
	x.Kill()
}

// judged takes the final state and checks the history against it.
func (p *past) judged() check.Report {
	p.t.Helper()
	if err := p.harness.Close(); err != nil {
		p.t.Fatal(err)
	}
	s, err := database.Open(p.t.Context(), p.database, store.Options{})
	if err != nil {
		p.t.Fatal(err)
	}
	defer s.Close()
	if err := watch.Save(p.t.Context(), p.dir, s); err != nil {
		p.t.Fatal(err)
	}
	report, err := check.Dir(p.dir)
	if err != nil {
		p.t.Fatal(err)
	}
	var text bytes.Buffer
	if err := report.Print(&text); err != nil {
		p.t.Fatal(err)
	}
	p.t.Logf("the history:\n%s", &text)
	if len(report.Violations) > 0 {
		p.t.Errorf("%d promises were broken", len(report.Violations))
	}
	return report
}

package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/internal/history/check"
)

// saved is a history in which a workflow was accepted; it is stored or not.
func saved(t *testing.T, stored bool) string {
	t.Helper()
	dir := t.TempDir()
	r, err := history.Open(dir, "api-1")
	if err != nil {
		t.Fatal(err)
	}
	w := history.Workflow{ID: uuid.New(), Name: "w", Status: "completed", FinishedAt: 1}
	r.Record(history.Record{Kind: history.Enqueued, Workflow: w.ID})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	var f history.Final
	if stored {
		f.Workflows = append(f.Workflows, w)
	}
	if err := f.Save(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTheExitCodeSaysWhetherAPromiseWasBroken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{saved(t, true)}, 0, "violations           0"},
		{[]string{saved(t, false)}, 1, "lost-enqueue: workflow "},
		{[]string{t.TempDir()}, 2, "holds no history"},
		{nil, 2, "usage:"},
		{[]string{"-o", "xml", "x"}, 2, "usage:"},
	} {
		var out, errs bytes.Buffer
		if code := run(c.args, &out, &errs); code != c.code || !strings.Contains(out.String()+errs.String(), c.says) {
			t.Errorf("%v: exit code %d, want %d with %q:\n%s%s", c.args, code, c.code, c.says, &out, &errs)
		}
	}
}

func TestTheReportIsThereAsJSON(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	if code := run([]string{"-o", "json", saved(t, false)}, &out, &errs); code != 1 {
		t.Errorf("exit code %d: %s", code, &errs)
	}
	var r check.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil || !r.Has(check.LostEnqueue) || r.Records != 3 {
		t.Errorf("%v: %+v", err, r)
	}
}

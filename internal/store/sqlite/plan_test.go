package sqlite

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
)

// A scan of one of these would make a statement slower with every job that is
// stored. Leases are few and edge_check is read from its start.
var growing = regexp.MustCompile(`^SCAN (jobs|job_state|ready|timers|edges|attempts|workflows|idempotency_keys|ticks|[jskcprw]|cs|pj)\b`)

func TestNoStatementScansATableThatGrows(t *testing.T) {
	h := newHarness(t, store.Options{})
	for name, text := range statements {
		t.Run(name, func(t *testing.T) {
			var args []any
			for n := 1; strings.Contains(text, fmt.Sprintf("?%d", n)); n++ {
				args = append(args, "[]")
			}
			plan, err := h.Query("EXPLAIN QUERY PLAN "+text, args...)
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range plan {
				if detail := fmt.Sprint(step["detail"]); growing.MatchString(detail) && !strings.Contains(detail, "VIRTUAL TABLE") && detail != "SCAN r" {
					t.Errorf("%s", detail)
				}
			}
		})
	}
}

// Lists begin where they are told to, read an index in its order and end where
// it passes their bound or they have enough: no page is sorted.
func TestListsReadOneRangeOfAnIndexInItsOrder(t *testing.T) {
	h := newHarness(t, store.Options{})
	for name, want := range map[string]string{
		"list_workflows":              "SEARCH workflows USING INDEX sqlite_autoindex_workflows_1 (id>? AND id<?)",
		"last_workflow_looked_at":     "SEARCH workflows USING COVERING INDEX sqlite_autoindex_workflows_1 (id>? AND id<?)",
		"list_jobs":                   "SEARCH j USING INDEX sqlite_autoindex_jobs_1 (id>? AND id<?)",
		"last_job_looked_at":          "SEARCH jobs USING COVERING INDEX sqlite_autoindex_jobs_1 (id>? AND id<?)",
		"list_workflow_jobs":          "SEARCH j USING INDEX jobs_workflow (workflow_id=? AND position>? AND position<?)",
		"last_workflow_job_looked_at": "SEARCH jobs USING INDEX jobs_workflow (workflow_id=? AND position<?)",
		"job_parents":                 "SEARCH edges USING INDEX edges_child (child_id=?)",
		"job_children":                "SEARCH e USING PRIMARY KEY (parent_id=?)",
	} {
		plan, err := h.Query("EXPLAIN QUERY PLAN "+statements[name], 1, 1, 1, "", "", "", 1, 1, 1)
		if err != nil {
			t.Fatal(name, err)
		}
		text := ""
		for _, step := range plan {
			text += fmt.Sprintln(step["detail"])
		}
		if !strings.Contains(text, want) || strings.Contains(text, "TEMP B-TREE") && !strings.HasPrefix(name, "job_parents") {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}

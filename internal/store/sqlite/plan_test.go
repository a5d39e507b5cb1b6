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
var growing = regexp.MustCompile(`^SCAN (jobs|job_state|ready|timers|edges|attempts|workflows|idempotency_keys|[jskcprw]|cs|pj)\b`)

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

package check

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// printed bounds the violations that are shown with their records.
const printed = 20

// Print writes a summary for people: the figures, reruns by cause, violations
// by promise, and the first of them with what proves them.
func (r Report) Print(to io.Writer) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	row := func(name string, n int) { fmt.Fprintf(w, "%s\t%d\n", name, n) }
	row("records", r.Records)
	row("torn lines", r.Torn)
	row("processes", r.Processes)
	row("starts of processes", r.Instances)
	row("kills", r.Kills)
	row("workflows", r.Workflows)
	row("jobs", r.Jobs)
	row("starts of handlers", r.Starts)
	row("reruns", len(r.Explained))
	for _, cause := range mostFirst(r.Reruns) {
		row("  "+string(cause), r.Reruns[cause])
	}
	row("violations", len(r.Violations))
	byCode := map[Code]int{}
	for _, v := range r.Violations {
		byCode[v.Code]++
	}
	for _, code := range mostFirst(byCode) {
		row("  "+string(code), byCode[code])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var b strings.Builder
	for i, v := range r.Violations {
		if i == printed {
			fmt.Fprintf(&b, "\nand %d more; -o json has them all\n", len(r.Violations)-printed)
			break
		}
		fmt.Fprintf(&b, "\n%s\n", v)
		for _, p := range v.Proof {
			fmt.Fprintf(&b, "    %s\n", sentence(p))
		}
	}
	_, err := io.WriteString(to, b.String())
	return err
}

// mostFirst returns the keys of counts, the largest count first.
func mostFirst[K cmp.Ordered](counts map[K]int) []K {
	return slices.SortedFunc(maps.Keys(counts), func(a, b K) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

// sentence shows a record in a line.
func sentence(r history.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s/%s %s", at(r.Time), r.Process, r.Instance, r.Kind)
	text := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, " %s=%s", name, value)
		}
	}
	id := func(name string, id job.ID) {
		if id != (job.ID{}) {
			text(name, id.String())
		}
	}
	text("worker", r.Worker)
	id("workflow", r.Workflow)
	id("job", r.Job)
	if r.Lease != (job.ID{}) && r.Job != (job.ID{}) {
		fmt.Fprintf(&b, " epoch=%d", r.Epoch)
	}
	id("lease", r.Lease)
	if r.Attempt > 0 {
		fmt.Fprintf(&b, " attempt=%d", r.Attempt)
	}
	text("outcome", string(r.Outcome))
	text("result", r.Result)
	text("verdict", string(r.Verdict))
	text("status", r.Status)
	text("reason", string(r.Reason))
	text("cause", r.Cause)
	text("key", r.Key)
	return b.String()
}

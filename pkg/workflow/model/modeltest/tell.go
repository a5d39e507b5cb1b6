package modeltest

import (
	"fmt"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/model"
)

// tell describes a workflow in the words of the scenarios of package workflow's
// tests: what failed here can be told there.
func tell(w *workflow.Workflow) string {
	var b strings.Builder
	b.WriteString("loose")
	if w.ID != (job.ID{}) {
		b.Reset()
		fmt.Fprintf(&b, "workflow %s %s", w.Name, w.FailurePolicy)
	}
	if w.Running == workflow.CancelRunning {
		b.WriteString(" running cancel")
	}
	for _, j := range w.Jobs {
		fmt.Fprintf(&b, "\njob %s attempts %d", j.Name, j.Retry.MaxAttempts)
		for _, d := range j.DependsOn {
			fmt.Fprintf(&b, " after %s on %s", d.Name, d.On)
			if d.Optional {
				b.WriteString(" optional")
			}
		}
		switch j.Join.Rule {
		case "":
		case job.JoinQuorum:
			fmt.Fprintf(&b, " quorum %d", j.Join.Quorum)
		default:
			fmt.Fprintf(&b, " join %s", j.Join.Rule)
		}
		for word, yes := range map[string]bool{"finally": j.Finally, "catch": j.Catch, "allow_failure": j.AllowFailure, "barrier": j.Barrier} {
			if yes {
				b.WriteString(" " + word)
			}
		}
		if j.Unmet != "" {
			fmt.Fprintf(&b, " unmet %s", j.Unmet)
		}
		if j.Gate != nil {
			fmt.Fprintf(&b, " awaits %s", j.Gate.Type)
		}
		parts := workflow.PartsOf(j)
		switch {
		case parts == nil:
		case parts.Kind == workflow.PartsMap:
			fmt.Fprintf(&b, " over %s (parallel %d tolerate %d)", parts.Over, parts.MaxParallel, parts.Tolerate)
		case parts.Kind == workflow.PartsBatch:
			fmt.Fprintf(&b, " batch %s", parts.Mode)
		default:
			b.WriteString(" subworkflow")
		}
		if j.Condition != "" {
			b.WriteString(" if " + j.Condition)
		}
		if parts != nil && parts.Workflow != nil {
			b.WriteString("\n  " + strings.ReplaceAll(tell(parts.Workflow), "\n", "\n  "))
		}
	}
	return b.String()
}

func tellOutcomes(batch []model.Outcome) string {
	var list []string
	for _, o := range batch {
		text := fmt.Sprintf("j%d %s", o.Job, o.Kind)
		if o.Permanent {
			text += " for good"
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

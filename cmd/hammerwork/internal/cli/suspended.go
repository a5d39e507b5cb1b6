package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/progress"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// suspended is a job that no worker holds: an open gate, or one whose parts run.
type suspended struct {
	wire.Job
	within  string   // the path of the job whose part it is, with a slash after it; empty: none
	running []string // the names of some of its parts that run
}

// path names it and the jobs that it is within: outer/inner/gate.
func (s suspended) path() string { return s.within + s.Name }

// Bounds of what is shown of jobs that wait.
const (
	maxSuspended    = 50
	shownPartsAtOne = 3
)

// lookUp reads the first jobs of a workflow that have a status.
type lookUp func(ctx context.Context, workflow string, status job.Status, limit int) ([]wire.Job, error)

// waits collects what waits in a workflow, and within its jobs that are
// workflows, in the order of their definition.
func waits(ctx context.Context, look lookUp, id string) ([]suspended, error) {
	return waitsWithin(ctx, look, id, "", maxSuspended)
}

func waitsWithin(ctx context.Context, look lookUp, id, within string, limit int) ([]suspended, error) {
	jobs, err := look(ctx, id, job.Suspended, limit)
	if err != nil {
		return nil, err
	}
	var list []suspended
	for i := len(jobs) - 1; i >= 0 && len(list) < limit; i-- { // the newest come first
		w := suspended{Job: jobs[i], within: within}
		at := len(list)
		list = append(list, w)
		p := w.Parts
		if p == nil || p.WorkflowID == "" || workflow.Status(p.Status).Terminal() {
			continue
		}
		running, err := look(ctx, p.WorkflowID, job.Running, shownPartsAtOne)
		if err != nil {
			return nil, err
		}
		for _, r := range slices.Backward(running) {
			list[at].running = append(list[at].running, r.Name)
		}
		if p.Kind == string(workflow.PartsWorkflow) {
			inner, err := waitsWithin(ctx, look, p.WorkflowID, w.path()+"/", limit-len(list))
			if err != nil {
				return nil, err
			}
			list = append(list, inner...)
		}
	}
	return list, nil
}

// remoteLook reads jobs of a server.
func remoteLook(c *remote.Client) lookUp {
	return func(ctx context.Context, workflow string, status job.Status, limit int) ([]wire.Job, error) {
		list, err := c.Jobs(ctx, remote.JobFilter{Workflow: workflow, Status: string(status)}, remote.Page{Limit: limit})
		return list.Items, err
	}
}

// shown makes what a progress shows of jobs that wait. answer is how an open
// gate is answered.
func shown(list []suspended, now time.Time, answer func(suspended) string) []progress.Wait {
	out := make([]progress.Wait, len(list))
	for i, w := range list {
		out[i] = progress.Wait{ID: w.ID, Name: strings.Repeat("  ", strings.Count(w.within, "/")) + term.OneLine(w.Name), Text: waitText(w.Job, now), News: w.Status}
		if isOpenGate(w.Job) {
			out[i].Command = answer(w)
		}
		if p := w.Parts; p != nil {
			out[i].News = fmt.Sprint(p.WorkflowID != "", " ", notCompleted(p.Stats))
			if len(w.running) > 0 {
				out[i].Text += ": " + some(w.running, len(w.running))
			}
		}
	}
	return out
}

// waitText says in a few words what a suspended job waits for.
func waitText(j wire.Job, now time.Time) string {
	switch {
	case j.Parts != nil:
		return partsText(statusOf(j), *j.Parts)
	case j.Gate == nil:
		return ""
	case j.Gate.Type == "timer":
		if j.Gate.ExpiresAt == nil {
			return "timer"
		}
		return "timer, completes in " + term.Duration(max(0, j.Gate.ExpiresAt.Sub(now)))
	}
	text := j.Gate.Type
	if j.Gate.OpenedAt != nil {
		text += ", open for " + term.Duration(max(0, now.Sub(*j.Gate.OpenedAt)))
	}
	if j.Gate.ExpiresAt != nil {
		text += ", expires in " + term.Duration(max(0, j.Gate.ExpiresAt.Sub(now)))
	}
	return text
}

// partsText says how many parts of a job of this status have ended.
func partsText(status job.Status, p wire.Parts) string {
	noun := "item"
	if p.Kind == string(workflow.PartsWorkflow) {
		noun = "job"
	}
	switch {
	case p.WorkflowID == "" && status.Terminal():
		return p.Kind + ", no items"
	case p.WorkflowID == "":
		return p.Kind + ", its items are not made yet"
	}
	text := fmt.Sprintf("%s, %s of %s", p.Kind, term.Number(endedJobs(p.Stats)), term.Count(p.Stats.TotalJobs, noun))
	if n := notCompleted(p.Stats); n > 0 {
		text += fmt.Sprintf(", %s did not complete", term.Number(n))
	}
	return text
}

// notCompleted is how many jobs failed or were cancelled.
func notCompleted(s wire.Stats) int { return s.Failed + s.UpstreamFailed + s.Cancelled }

// gateNote says how a gate was answered.
func gateNote(g wire.Gate) string {
	a := g.Answer
	if a == nil {
		return ""
	}
	text := "approved"
	switch {
	case a.Expired:
		return "nobody answered in time"
	case g.Type == "signal":
		text = "sent"
	case !a.Approved:
		text = "rejected"
	}
	if a.Actor != "" {
		text += " by " + term.OneLine(a.Actor)
	}
	if a.Comment != "" {
		text += ": " + term.Fit(term.OneLine(a.Comment), 200)
	}
	return text
}

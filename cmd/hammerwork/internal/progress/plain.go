package progress

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// NewPlain returns a progress that writes a line when a job starts, when an
// attempt fails and when a job ends: seconds since the start, mark, name, what
// happened.
func NewPlain(w io.Writer, run Run) Progress {
	p := &plain{w: w, model: newModel(run), told: make(map[string]string)}
	start := fmt.Sprintf("%s: %s", run.Name, term.Count(run.Total, "job"))
	if n := len(run.Before); n > 0 {
		start += fmt.Sprintf(", %s ended before", term.Number(n))
	}
	p.line("·", start)
	return p
}

type plain struct {
	mu    sync.Mutex // around w and told
	w     io.Writer
	model *model
	told  map[string]string // of jobs that wait: what was told of each
}

// Waits writes a line for what is new.
func (p *plain) Waits(list []Wait) {
	for _, w := range list {
		if !p.tells(w) {
			continue
		}
		text := strings.TrimSpace(w.Name) + " waits: " + w.Text
		if w.Command != "" {
			text += "; " + w.Command
		}
		p.line(term.Mark(job.Suspended), text)
	}
}

// tells notes that something is told; false: it was before.
func (p *plain) tells(w Wait) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	news, seen := p.told[w.ID]
	p.told[w.ID] = w.News
	return !seen || news != w.News
}

func (p *plain) Job(e bus.JobEvent) { p.JobAt(p.model.clock(), e) }

func (p *plain) JobAt(at time.Time, e bus.JobEvent) {
	c := p.model.job(at, e)
	if !c.news {
		return
	}
	took := func(word string) string {
		if !c.known {
			return ""
		}
		return " " + word + " " + term.Duration(c.ran)
	}
	var what string
	switch e.Status {
	case job.Running:
		what = "started"
		if e.Attempt > 1 {
			what += fmt.Sprintf(", attempt %d", e.Attempt)
		}
	case job.Retrying:
		what = fmt.Sprintf("attempt %d failed%s, will be tried again", e.Attempt, took("after"))
	case job.Completed:
		what = "completed" + took("in")
	case job.Suspended:
		return // Waits tells more
	case job.Pending:
		return // it was given back and waits again
	default:
		what = string(e.Status)
		if e.Status.Failure() && e.Attempt > 1 {
			what += fmt.Sprintf(" after %s", term.Count(e.Attempt, "attempt"))
		} else {
			what += took("after")
		}
		if e.Reason != "" && e.Reason != job.ReasonUpstream {
			what += " (" + string(e.Reason) + ")"
		}
	}
	if text := shortError(e.Error); text != "" && e.Status != job.Completed && e.Status != job.Running {
		what += ": " + text
	}
	p.lineAt(at, term.Mark(e.Status), e.Name+" "+what)
}

func (p *plain) Notice(text string) { p.line("!", text) }

func (p *plain) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.w.Write(b)
}

func (p *plain) End(status workflow.Status) {
	mark, what := endOf(status, p.model.left)
	p.line(mark, p.model.name+" "+what)
}

// line writes one line of now.
func (p *plain) line(mark, text string) { p.lineAt(p.model.clock(), mark, text) }

// lineAt writes one line. A stream that cannot be written is not worth
// stopping a run for.
func (p *plain) lineAt(at time.Time, mark, text string) {
	text = strings.ReplaceAll(text, "\n", " ")
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = fmt.Fprintf(p.w, "%8.2fs %s %s\n", max(0, at.Sub(p.model.start)).Seconds(), mark, text)
}

// endOf returns the mark and the word for how a run ended, or for one that was
// left before.
func endOf(status workflow.Status, left string) (mark, word string) {
	switch status {
	case workflow.Completed:
		return "✓", "completed"
	case workflow.Failed:
		return "✗", "failed"
	case workflow.Cancelled:
		return "–", "cancelled"
	case workflow.Paused:
		return "‖", "paused"
	default:
		return "–", left
	}
}

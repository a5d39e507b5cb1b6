package progress

import (
	"fmt"
	"strings"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// maxWidth keeps lines short enough to read on wide screens.
const maxWidth = 100

// frame paints s in at most width columns and height lines. rows is how many
// lines the running jobs keep even when fewer run, so that what stands below
// stays where it is.
func frame(s snapshot, p term.Palette, width, height, rows int) string {
	width = min(width, maxWidth)
	if width < 1 || height < 1 {
		return ""
	}
	if height < 3 || width < 20 {
		return smallFrame(s, p, width)
	}
	lines := []string{title(s, p, width), bar(s, p, width), counts(s, p, width)}
	if s.end == "" {
		free := height - len(lines)
		var notice []string
		if s.notice != "" && free > 0 {
			notice = []string{p.Yellow(term.Fit(s.notice, width))}
			free--
		}
		failures := failureLines(s, p, width, free)
		waits := waitLines(s, p, width, free-len(failures))
		lines = append(lines, runningLines(s, p, width, free-len(failures)-len(waits), rows)...)
		lines = append(lines, waits...)
		lines = append(append(lines, failures...), notice...)
	}
	return strings.Join(lines, "\n")
}

// smallFrame is a frame of one line.
func smallFrame(s snapshot, p term.Palette, width int) string {
	mark, _ := state(s, p)
	return term.Fit(fmt.Sprintf("%s %s %s", mark, percent(s), s.name), width)
}

// title has the name on the left and the elapsed time on the right.
func title(s snapshot, p term.Palette, width int) string {
	mark, word := state(s, p)
	right := term.Clock(s.elapsed)
	if word != "" {
		right = word + "  " + right
	}
	name := term.Fit(s.name, width-term.Columns(right)-4)
	gap := width - term.Columns(name) - term.Columns(right) - 2
	return mark + " " + p.Bold(name) + strings.Repeat(" ", max(1, gap)) + p.Faint(right)
}

// state returns the mark of the whole run, and a word when it has ended.
func state(s snapshot, p term.Palette) (mark, word string) {
	if s.end == "" {
		return p.Cyan("●"), ""
	}
	mark, word = endOf(s.end, s.left)
	switch s.end {
	case workflow.Completed:
		mark = p.Green(mark)
	case workflow.Failed:
		mark = p.Red(mark)
	default:
		mark = p.Yellow(mark)
	}
	return mark, word
}

func percent(s snapshot) string {
	p := wire.Percentage(s.ended(), s.total)
	if p == 100 {
		return "100%"
	}
	return fmt.Sprintf("%.1f%%", p)
}

// bar shows what ended, by kind, and what runs, as parts of all.
func bar(s snapshot, p term.Palette, width int) string {
	right := fmt.Sprintf(" %6s", percent(s))
	cells := width - len(right)
	c := s.counts
	failed := c[job.Failed] + c[job.Dead] + c[job.TimedOut]
	parts := []struct {
		n    int
		cell string
		dye  func(string) string
	}{
		{c[job.Completed], "━", p.Green},
		{failed, "━", p.Red},
		{c[job.UpstreamFailed] + c[job.Cancelled] + c[job.Skipped], "━", p.Yellow},
		{c[job.Running], "─", p.Cyan},
		{s.total, "─", p.Faint}, // the rest
	}
	var b strings.Builder
	total, sum, drawn := max(1, s.total), 0, 0
	for _, part := range parts {
		sum = min(total, sum+part.n)
		end := cells * sum / total
		b.WriteString(part.dye(strings.Repeat(part.cell, end-drawn)))
		drawn = end
	}
	return b.String() + p.Faint(right)
}

// counts says how many jobs are in which state, leaving out what is zero.
func counts(s snapshot, p term.Palette, width int) string {
	order := []job.Status{job.Completed, job.Running, job.Retrying, job.Suspended, job.Failed, job.Dead, job.TimedOut, job.UpstreamFailed, job.Cancelled, job.Skipped}
	waiting := s.total
	var parts []string
	for _, status := range order {
		n := s.counts[status]
		waiting -= n
		if n > 0 {
			parts = append(parts, p.Status(status, term.Number(n)+" "+string(status)))
		}
	}
	if waiting > 0 {
		parts = append(parts, p.Faint(term.Number(waiting)+" waiting"))
	}
	return term.Fit(strings.Join(parts, p.Faint(" · ")), width)
}

// runningLines has a blank line, the longest running jobs, and how many more
// there are, in at most free lines.
func runningLines(s snapshot, p term.Palette, width, free, rows int) []string {
	running := s.counts[job.Running]
	rows = min(max(rows, running), free-1, shownRunning+1)
	if rows < 1 || s.total == 0 {
		return nil
	}
	lines := make([]string, 1, rows+1)
	shown := min(len(s.running), rows)
	if running > shown && shown == rows && rows > 1 {
		shown-- // the last line counts the rest
	}
	for _, a := range s.running[:shown] {
		line := fmt.Sprintf("%7s  ", term.Duration(a.ran))
		name := term.FitEnd(a.name, width-len(line)-4)
		if a.number > 1 {
			name += p.Faint(fmt.Sprintf("  attempt %d", a.number))
		}
		lines = append(lines, "  "+term.Fit(p.Cyan(line)+name, width-2))
	}
	if more := running - shown; more > 0 && len(lines) <= rows {
		lines = append(lines, p.Faint(term.Fit(fmt.Sprintf("           and %s more", term.Number(more)), width)))
	}
	for len(lines) < rows+1 {
		lines = append(lines, "")
	}
	return lines
}

// waitLines has a blank line and what jobs without a worker wait for, in at
// most two thirds of free lines.
func waitLines(s snapshot, p term.Palette, width, free int) []string {
	if free = free * 2 / 3; len(s.waits) == 0 || free < 2 {
		return nil
	}
	lines := []string{""}
	for i, w := range s.waits {
		need := 1
		if w.Command != "" {
			need = 2
		}
		if len(lines)+need > free || len(lines)+need == free && i+1 < len(s.waits) {
			return append(lines, p.Faint(fmt.Sprintf("  and %s more that wait", term.Number(len(s.waits)-i))))
		}
		name := term.FitEnd(w.Name, max(10, width/3))
		lines = append(lines, term.Fit(p.Yellow(term.Mark(job.Suspended)+" "+name)+"  "+p.Faint(w.Text), width))
		if w.Command != "" {
			lines = append(lines, term.Fit("    "+w.Command, width))
		}
	}
	return lines
}

// failureLines has a blank line and the latest failures, in at most half of
// free lines.
func failureLines(s snapshot, p term.Palette, width, free int) []string {
	n := min(len(s.failures), free/2-1)
	if n < 1 {
		return nil
	}
	lines := []string{""}
	for _, f := range s.failures[len(s.failures)-n:] {
		text := f.text
		if text == "" {
			text = string(f.status)
		}
		name := term.FitEnd(f.name, max(10, width/2))
		lines = append(lines, term.Fit(p.Status(f.status, term.Mark(f.status)+" "+name)+"  "+p.Faint(text), width))
	}
	return lines
}

package top

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// section is a part of a frame.
type section struct {
	title string
	none  string // instead of rows
	table output.Table
}

// lines is how many lines a section takes with so many of its rows.
func (s section) lines(rows int) int { return 2 + max(rows, 1) } // the title, the header or what stands for no rows

// frame paints a look in at most width columns and height lines; a height below
// 1 cuts nothing.
func frame(l *look, p term.Palette, width, height int) string {
	sections := []section{queues(l, p), workers(l, p), workflows(l, p), failed(l, p)}
	rows := everything(sections)
	if height > 0 {
		rows = fit(sections, height-1)
	}
	var b bytes.Buffer
	b.WriteString(header(l, p, width) + "\n")
	for i, s := range sections {
		if rows[i] < 0 {
			continue
		}
		title := s.title
		if all := len(s.table.Rows); all > rows[i] {
			title = fmt.Sprintf("%s (%d of %d)", s.title, rows[i], all)
		}
		b.WriteString(p.Bold(title) + "\n")
		if len(s.table.Rows) == 0 {
			b.WriteString(p.Faint(term.Fit(s.none, max(width, 20))) + "\n")
			continue
		}
		s.table.Rows = s.table.Rows[:rows[i]]
		_ = s.table.Write(&b, p, width) // a buffer takes everything
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// everything returns how many rows there are of each section.
func everything(sections []section) []int {
	rows := make([]int, len(sections))
	for i, s := range sections {
		rows[i] = len(s.table.Rows)
	}
	return rows
}

// fit returns how many rows of each section are shown, so that all of them take
// at most height lines: each gets a row in turn. One for which there is no room
// at all gets -1.
func fit(sections []section, height int) []int {
	rows := make([]int, len(sections))
	left := height
	for i, s := range sections {
		rows[i] = min(1, len(s.table.Rows))
		cost := s.lines(0)
		if len(s.table.Rows) == 0 {
			cost-- // no header
		}
		if left -= cost; left < 0 {
			left += cost
			rows[i] = -1
		}
	}
	for more := true; more && left > 0; {
		more = false
		for i, s := range sections {
			if rows[i] >= 0 && rows[i] < len(s.table.Rows) && left > 0 {
				rows[i]++
				left--
				more = true
			}
		}
	}
	return rows
}

func header(l *look, p term.Palette, width int) string {
	ready, running, slots, busy := 0, 0, 0, 0
	for _, q := range l.queues {
		ready, running = ready+q.Ready, running+q.Running
	}
	for _, w := range l.workers {
		slots, busy = slots+w.Slots, busy+w.Running
	}
	text := fmt.Sprintf("%s  %s ready, %s running, %d/%d slots busy", l.at.Local().Format("15:04:05"), term.Number(ready), term.Number(running), busy, slots)
	if l.compared {
		text += fmt.Sprintf(", %s jobs/s", decimal(l.rate))
	}
	text += "  " + l.server
	if l.err != nil {
		return p.Red(cut("the server does not answer: "+term.OneLine(l.err.Error()), width))
	}
	return p.Bold(cut(text, width))
}

func cut(s string, width int) string {
	if width < 1 {
		return s
	}
	return term.Fit(s, width)
}

// decimal writes a number with one decimal while it is small.
func decimal(f float64) string {
	if f >= 10 || f <= -10 {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprintf("%.1f", f)
}

func queues(l *look, p term.Palette) section {
	s := section{title: "Queues", none: "no queue has jobs or a worker", table: output.Table{
		Header: []string{"READY", "CHANGE/S", "RUNNING", "WORKERS", "STATE", "NAME"}, Right: []bool{true, true, true, true}, Drop: []int{1, 3}, Least: 16,
	}}
	for _, q := range l.queues {
		change := ""
		if l.compared {
			change = fmt.Sprintf("%+.1f", l.drain[q.Name])
		}
		state := output.Cell{Text: "open", Paint: p.Green}
		switch {
		case q.Paused:
			state = output.Cell{Text: "paused", Paint: p.Yellow}
		case q.Workers == 0 && q.Ready > 0:
			state = output.Cell{Text: "no worker", Paint: p.Yellow}
		case len(q.Weights) > 0:
			state.Text = "weighted"
		}
		s.table.Rows = append(s.table.Rows, []output.Cell{
			output.Text(term.Number(q.Ready)), output.Text(change), output.Text(term.Number(q.Running)), output.Text(term.Number(q.Workers)),
			state, output.Text(term.OneLine(q.Name)),
		})
	}
	return s
}

func workers(l *look, p term.Palette) section {
	s := section{title: "Workers", none: "no worker was seen within the last ten minutes", table: output.Table{
		Header: []string{"BUSY", "STATE", "SEEN", "QUEUES", "NAME"}, Right: []bool{true, false, true}, Drop: []int{3, 2}, Least: 16,
	}}
	for _, w := range l.workers {
		state := output.Cell{Text: "working", Paint: p.Green}
		switch {
		case w.LastSeenAt != nil && l.at.Sub(*w.LastSeenAt) > store.WorkerSilent:
			state = output.Cell{Text: "silent", Paint: p.Red}
		case w.Draining:
			state = output.Cell{Text: "draining", Paint: p.Yellow}
		case w.Running == 0:
			state = output.Cell{Text: "idle", Paint: p.Faint}
		}
		on := "all"
		if len(w.Queues) > 0 {
			on = term.Fit(term.OneLine(strings.Join(w.Queues, ", ")), 30)
		}
		s.table.Rows = append(s.table.Rows, []output.Cell{
			output.Text(fmt.Sprintf("%d/%d", w.Running, w.Slots)), state, output.Text(ago(w.LastSeenAt, l.at)), output.Text(on), output.Text(term.OneLine(w.Name)),
		})
	}
	return s
}

// barWidth is how many columns a progress bar takes.
const barWidth = 20

func workflows(l *look, p term.Palette) section {
	s := section{title: "Workflows", none: "no workflow is open", table: output.Table{
		Header: []string{"PROGRESS", "JOBS", "FAILED", "AGE", "STATUS", "NAME"}, Right: []bool{false, true, true, true}, Drop: []int{2, 3}, Least: 16,
	}}
	for _, w := range l.workflows {
		status := output.Cell{Text: w.Status, Paint: p.Cyan}
		if waits := waitsText(l.waits[w.ID]); waits != "" {
			status.Text = "waits: " + waits
		}
		if w.Status != "running" || len(l.waits[w.ID]) > 0 {
			status.Paint = p.Yellow
		}
		failed := output.Cell{Text: term.Number(w.Stats.Failed)}
		if w.Stats.Failed > 0 {
			failed.Paint = p.Red
		}
		s.table.Rows = append(s.table.Rows, []output.Cell{
			{Text: bar(w.Stats), Paint: p.Green},
			output.Text(fmt.Sprintf("%d/%d", endedJobs(w.Stats), w.Stats.TotalJobs)), failed,
			output.Text(ago(w.CreatedAt, l.at)), status, output.Text(term.OneLine(w.Name)),
		})
	}
	return s
}

// waitsText names the first gate of some and counts the others.
func waitsText(list []Wait) string {
	if len(list) == 0 {
		return ""
	}
	text := list[0].Type + " " + term.Fit(term.OneLine(list[0].Job), 24)
	if more := len(list) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// bar shows how many of the jobs have ended.
func bar(s wire.Stats) string {
	full := 0
	if s.TotalJobs > 0 {
		full = barWidth * endedJobs(s) / s.TotalJobs
	}
	return strings.Repeat("█", full) + strings.Repeat("░", barWidth-full)
}

func failed(l *look, p term.Palette) section {
	s := section{title: "Newest failures", none: "none of the jobs of the last 15 minutes failed", table: output.Table{
		Header: []string{"AGE", "STATUS", "NAME", "WORKFLOW", "ERROR"}, Right: []bool{true}, Drop: []int{3}, Least: 24,
	}}
	for _, j := range l.failures {
		status := job.Status(j.Status)
		s.table.Rows = append(s.table.Rows, []output.Cell{
			output.Text(ago(j.FinishedAt, l.at)),
			{Text: j.Status, Paint: func(text string) string { return p.Status(status, text) }},
			output.Text(term.Fit(term.OneLine(j.Name), 24)), output.Text(j.WorkflowID), output.Text(term.OneLine(j.Error)),
		})
	}
	return s
}

func ago(t *time.Time, now time.Time) string {
	if t == nil {
		return ""
	}
	return term.Age(max(0, now.Sub(*t)))
}

package term

import "github.com/hammerwork/hammerwork/pkg/job"

// Palette colours text with the terminal's own sixteen colours, so that it
// suits light and dark themes. The zero value leaves text as it is.
type Palette struct{ on bool }

// Coloured is a palette with colours, whatever the environment says.
var Coloured = Palette{on: true}

// The styles.
func (p Palette) Bold(s string) string   { return p.wrap("1", s) }
func (p Palette) Faint(s string) string  { return p.wrap("2", s) }
func (p Palette) Red(s string) string    { return p.wrap("31", s) }
func (p Palette) Green(s string) string  { return p.wrap("32", s) }
func (p Palette) Yellow(s string) string { return p.wrap("33", s) }
func (p Palette) Cyan(s string) string   { return p.wrap("36", s) }

func (p Palette) wrap(code, s string) string {
	if !p.on || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// Status colours s as befits a job with status.
func (p Palette) Status(status job.Status, s string) string {
	switch status {
	case job.Completed:
		return p.Green(s)
	case job.Running:
		return p.Cyan(s)
	case job.Failed, job.Dead, job.TimedOut:
		return p.Red(s)
	case job.Retrying, job.UpstreamFailed, job.Cancelled:
		return p.Yellow(s)
	default:
		return p.Faint(s)
	}
}

// Mark returns the one-column mark of a status.
func Mark(status job.Status) string {
	switch status {
	case job.Completed:
		return "✓"
	case job.Running:
		return "▸"
	case job.Failed, job.Dead, job.TimedOut:
		return "✗"
	case job.Retrying:
		return "↻"
	case job.Suspended:
		return "‖"
	case job.UpstreamFailed:
		return "⊘"
	case job.Cancelled, job.Skipped:
		return "–"
	default:
		return "·"
	}
}

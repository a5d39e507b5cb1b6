package workflow

import (
	"errors"

	"github.com/hammerwork/hammerwork/pkg/cron"
)

// CatchUp says what happens to ticks that passed while no scheduler ran.
type CatchUp string

// The values of CatchUp. CatchUpNone is the default.
const (
	CatchUpNone   CatchUp = "none"   // they are left out
	CatchUpLatest CatchUp = "latest" // only the last of them runs
	CatchUpAll    CatchUp = "all"    // each of them runs
)

// Overlap says what happens to a tick while the instance before still runs.
type Overlap string

// The values of Overlap. OverlapAllow is the default.
const (
	OverlapAllow          Overlap = "allow"           // both run
	OverlapSkip           Overlap = "skip"            // the tick is left out
	OverlapQueue          Overlap = "queue"           // it waits for the end of the one before
	OverlapCancelPrevious Overlap = "cancel_previous" // the one before is cancelled
)

// How many ticks CatchUpAll makes up for.
const (
	DefaultCatchUp = 100
	MaxCatchUp     = 1000
)

// Schedule makes a new instance of a workflow at every tick of a cron
// expression.
type Schedule struct {
	Cron       string  `json:"cron"`                   // as cron.Parse takes it; empty: the jobs' own say when
	Timezone   string  `json:"timezone,omitempty"`     // IANA name; empty: UTC
	CatchUp    CatchUp `json:"catch_up,omitempty"`     // empty: CatchUpNone
	CatchUpMax int     `json:"catch_up_max,omitempty"` // of CatchUpAll: the newest so many; 0: DefaultCatchUp
	Overlap    Overlap `json:"overlap,omitempty"`      // empty: OverlapAllow
}

// schedule checks a schedule; nil is none.
func (v *validator) schedule(path string, s *Schedule) {
	if s == nil {
		return
	}
	if s.Cron != "" || !v.w.ownCrons() {
		v.cron(path+".cron", s.Cron)
	}
	if _, err := cron.Zone(s.Timezone); err != nil {
		v.fault(CodeInvalid, path+".timezone", "use an IANA name like Europe/Berlin", "time zone %s is not known", quote(s.Timezone))
	}
	switch s.CatchUp {
	case "", CatchUpNone, CatchUpLatest, CatchUpAll:
	default:
		v.fault(CodeInvalid, path+".catch_up", "", "catch_up %s is not one of none, latest, all", quote(string(s.CatchUp)))
	}
	switch {
	case s.CatchUpMax != 0 && s.CatchUp != CatchUpAll:
		v.fault(CodeInvalid, path+".catch_up", "write {all: 100}, or leave the number out", "the number of ticks says how many catch_up all makes up for")
	case s.CatchUpMax < 0 || s.CatchUpMax > MaxCatchUp:
		v.fault(CodeInvalid, path+".catch_up", "", "catch_up of %d ticks is not between 1 and %d", s.CatchUpMax, MaxCatchUp)
	}
	switch s.Overlap {
	case "", OverlapAllow, OverlapSkip, OverlapQueue, OverlapCancelPrevious:
	default:
		v.fault(CodeInvalid, path+".overlap", "", "overlap %s is not one of allow, skip, queue, cancel_previous", quote(string(s.Overlap)))
	}
}

// cron checks an expression; nil is one with a fault.
func (v *validator) cron(path, expression string) *cron.Expression {
	parsed, err := cron.Parse(expression, "")
	var syntax *cron.SyntaxError
	switch {
	case err == nil:
	case errors.As(err, &syntax):
		v.fault(CodeInvalid, path, syntax.Hint, "cron expression %s is not valid: %s", quote(expression), syntax.Reason)
	case errors.Is(err, cron.ErrEmpty):
		v.fault(CodeInvalid, path, `write one like "0 2 * * *" or @daily`, "the schedule has no cron expression")
	case errors.Is(err, cron.ErrZone):
		v.fault(CodeInvalid, path, "put the zone into the schedule's timezone", "the cron expression names a time zone")
	case errors.Is(err, cron.ErrNever):
		v.fault(CodeInvalid, path, "no month that it names has that day", "cron expression %s never comes true", quote(expression))
	default:
		v.fault(CodeInvalid, path, "", "%v", err)
	}
	return parsed
}

package workflow

import (
	"strings"
	"time"

	"github.com/robfig/cron/v3"
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

// Schedule makes a new instance of a workflow at every tick of a cron
// expression.
type Schedule struct {
	Cron     string  `json:"cron"`               // five or six fields (seconds first), or @daily and the like
	Timezone string  `json:"timezone,omitempty"` // IANA name; empty: UTC
	CatchUp  CatchUp `json:"catch_up,omitempty"` // empty: CatchUpNone
	Overlap  Overlap `json:"overlap,omitempty"`  // empty: OverlapAllow
}

var cronParser = cron.NewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// schedule checks a schedule; nil is none.
func (v *validator) schedule(path string, s *Schedule) {
	if s == nil {
		return
	}
	v.cron(path+".cron", s.Cron)
	if !validZone(s.Timezone) {
		v.fault(CodeInvalid, path+".timezone", "use an IANA name like Europe/Berlin", "time zone %s is not known", quote(s.Timezone))
	}
	switch s.CatchUp {
	case "", CatchUpNone, CatchUpLatest, CatchUpAll:
	default:
		v.fault(CodeInvalid, path+".catch_up", "", "catch_up %s is not one of none, latest, all", quote(string(s.CatchUp)))
	}
	switch s.Overlap {
	case "", OverlapAllow, OverlapSkip, OverlapQueue, OverlapCancelPrevious:
	default:
		v.fault(CodeInvalid, path+".overlap", "", "overlap %s is not one of allow, skip, queue, cancel_previous", quote(string(s.Overlap)))
	}
}

func (v *validator) cron(path, expression string) {
	const hint = `write five fields like "0 2 * * *", six with seconds first, or @hourly, @daily, @weekly, @monthly, @yearly`
	switch {
	case expression == "":
		v.fault(CodeInvalid, path, hint, "the schedule has no cron expression")
		return
	case strings.HasPrefix(expression, "TZ="), strings.HasPrefix(expression, "CRON_TZ="):
		v.fault(CodeInvalid, path, "put the zone into timezone", "the cron expression names a time zone")
		return
	}
	parsed, err := cronParser.Parse(expression)
	switch {
	case err != nil:
		v.fault(CodeInvalid, path, hint, "cron expression %s is not valid: %v", quote(expression), err)
	case parsed.Next(time.Unix(0, 0).UTC()).IsZero():
		v.fault(CodeInvalid, path, "", "cron expression %s never comes true", quote(expression))
	}
}

// validZone reports whether name is a zone of the IANA database. "Local" is
// refused: it would mean another zone on another machine.
func validZone(name string) bool {
	if name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

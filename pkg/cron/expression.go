package cron

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Expression is a cron expression in a time zone. Its methods may be called
// from many goroutines.
type Expression struct {
	text    string
	zone    *time.Location
	fields  *cron.SpecSchedule // in UTC, for wall times; nil: every
	elapsed bool               // it follows the time that passes
	every   time.Duration
}

// Errors of Parse, besides a SyntaxError.
var (
	ErrEmpty = errors.New("the cron expression is empty")
	ErrZone  = errors.New("the cron expression names a time zone")
	ErrNever = errors.New("the cron expression never comes true")
)

var parser = cron.NewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// Parse reads five fields (minute, hour, day of month, month, day of week), six
// with seconds first, @hourly, @daily, @weekly, @monthly, @yearly, or @every
// with a duration, which ticks at its multiples since 1970. Sunday is 0 or 7. The zone is an IANA
// name; empty: UTC.
func Parse(expression, zone string) (*Expression, error) {
	location, err := Zone(zone)
	if err != nil {
		return nil, err
	}
	text := strings.TrimSpace(expression)
	switch {
	case text == "":
		return nil, ErrEmpty
	case strings.HasPrefix(text, "TZ="), strings.HasPrefix(text, "CRON_TZ="):
		return nil, ErrZone
	}
	e := &Expression{text: text, zone: location}
	if duration, is := strings.CutPrefix(text, "@every "); is {
		e.every, err = everyOf(strings.TrimSpace(duration))
	} else {
		e.fields, err = fieldsOf(text)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("cron expression %s is not valid: %w", quote(text), err)
	case e.every > 0:
		return e, nil
	}
	e.elapsed = elapsed(text)
	if e.wallAfter(time.Unix(0, 0).UTC()).IsZero() {
		return nil, fmt.Errorf("%w: %s", ErrNever, quote(text))
	}
	return e, nil
}

// everyOf reads the duration of @every.
func everyOf(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Second || d%time.Second != 0 {
		return 0, fault("write it like @every 90s, @every 5m or @every 1h30m", "@every wants whole seconds, one or more, and has %s", quote(text))
	}
	return d, nil
}

// fieldsOf reads fields, or a word that stands for some.
func fieldsOf(text string) (*cron.SpecSchedule, error) {
	isWord := strings.HasPrefix(text, "@")
	if !isWord {
		var err error
		if text, err = spell(text); err != nil {
			return nil, err
		}
	}
	parsed, err := parser.Parse(text)
	switch {
	case err != nil && isWord:
		return nil, fault(usage, "%s is not known", quote(text))
	case err != nil:
		return nil, err
	}
	s := parsed.(*cron.SpecSchedule)
	s.Location = time.UTC
	return s, nil
}

// elapsed reports whether the hour field of an expression has a *.
func elapsed(text string) bool {
	fields := strings.Fields(text)
	if len(fields) < 5 {
		return text == "@hourly"
	}
	return strings.ContainsAny(fields[len(fields)-4], "*?")
}

// Zone returns the zone of an IANA name; empty: UTC. "Local" is refused: it
// would mean another zone on another machine.
func Zone(name string) (*time.Location, error) {
	if name == "Local" {
		return nil, fmt.Errorf("time zone %q is not known", name)
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("time zone %q is not known", name)
	}
	return location, nil
}

// String returns the expression as it was parsed.
func (e *Expression) String() string { return e.text }

// Location returns the expression's zone.
func (e *Expression) Location() *time.Location { return e.zone }

// wallAfter returns the first wall time after w that the fields name, as though
// it were in UTC; zero: there is none.
func (e *Expression) wallAfter(w time.Time) time.Time {
	// The library looks five years ahead. A 29th of February may be eight away.
	for range 3 {
		if next := e.fields.Next(w); !next.IsZero() {
			return next
		}
		w = time.Date(w.Year()+5, 1, 1, 0, 0, 0, 0, time.UTC).Add(-time.Second)
	}
	return time.Time{}
}

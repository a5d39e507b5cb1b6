package cron

import (
	"sort"
	"time"
)

// Next returns the first tick after t, in the expression's zone; zero: there is
// none.
func (e *Expression) Next(t time.Time) time.Time {
	t = t.In(e.zone)
	switch {
	case e.every > 0:
		return after(t, e.every).In(e.zone)
	case e.elapsed:
		return e.nextElapsed(t)
	}
	return e.nextNamed(t)
}

// after returns the first multiple of d since 1970 after t. d is whole seconds.
func after(t time.Time, d time.Duration) time.Time {
	s := int64(d / time.Second)
	n := t.Unix() / s
	if t.Unix()%s < 0 {
		n--
	}
	return time.Unix((n+1)*s, 0)
}

// nextNamed looks for local times. What they come to never decreases, so none
// before that of t comes to an instant after t.
func (e *Expression) nextNamed(t time.Time) time.Time {
	for w := wall(t).Add(-time.Nanosecond); ; {
		if w = e.wallAfter(w); w.IsZero() {
			return w
		}
		if at := instant(w, e.zone); at.After(t) {
			return at
		}
	}
}

// nextElapsed looks for instants, from one change of the clocks to the next.
func (e *Expression) nextElapsed(t time.Time) time.Time {
	for {
		w := wall(t)
		next := e.wallAfter(w)
		if next.IsZero() {
			return next
		}
		at := t.Add(next.Sub(w))
		_, end := t.ZoneBounds()
		if end.IsZero() || at.Before(end) {
			return at
		}
		// The clocks are set before that. Their new time may itself be a tick.
		if w := wall(end); e.wallAfter(w.Add(-time.Nanosecond)).Equal(w) {
			return end
		}
		t = end
	}
}

// wall returns what clocks show at t, as though it were in UTC.
func wall(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// instant returns when clocks first show w or, where they never do, when they
// go on to what is after it.
func instant(w time.Time, zone *time.Location) time.Time {
	// A zone is never as far as two days from UTC.
	t := w.Add(-48 * time.Hour).In(zone)
	for {
		at := t.Add(w.Sub(wall(t)))
		_, end := t.ZoneBounds()
		if end.IsZero() || at.Before(end) {
			return at
		}
		if !wall(end).Before(w) {
			return end
		}
		t = end
	}
}

// Previous returns the last tick before t, in the expression's zone; zero: there
// is none in the 40 years before.
func (e *Expression) Previous(t time.Time) time.Time {
	const years = 40
	limit := int64(years * 366 * 24 * time.Hour / time.Second)
	before := func(seconds int64) time.Time { return e.Next(t.Add(-time.Duration(seconds) * time.Second)) }
	ticks := func(seconds int64) bool {
		next := before(seconds)
		return !next.IsZero() && next.Before(t)
	}
	window := int64(1)
	for !ticks(window) {
		if window *= 2; window > limit {
			return time.Time{}
		}
	}
	// The shortest window that has a tick has the last one alone.
	from := window / 2
	n := sort.Search(int(window-from), func(i int) bool { return ticks(from + int64(i)) })
	return before(from + int64(n))
}

// Between returns the ticks from from to to, both included, oldest first, at
// most max of them; more says that there are others.
func (e *Expression) Between(from, to time.Time, max int) (ticks []time.Time, more bool) {
	for t := from.Add(-time.Nanosecond); ; {
		t = e.Next(t)
		switch {
		case t.IsZero() || t.After(to):
			return ticks, false
		case len(ticks) == max:
			return ticks, true
		}
		ticks = append(ticks, t)
	}
}

// Last returns the last max ticks before to that are not before from, oldest
// first; more says that there are others.
func (e *Expression) Last(from, to time.Time, max int) (ticks []time.Time, more bool) {
	for t := to; ; {
		t = e.Previous(t)
		if t.IsZero() || t.Before(from) {
			break
		}
		if len(ticks) == max {
			more = true
			break
		}
		ticks = append(ticks, t)
	}
	for i, j := 0, len(ticks)-1; i < j; i, j = i+1, j-1 {
		ticks[i], ticks[j] = ticks[j], ticks[i]
	}
	return ticks, more
}

package cron_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hammerwork/hammerwork/pkg/cron"
)

func parse(t testing.TB, expression, zone string) *cron.Expression {
	t.Helper()
	e, err := cron.Parse(expression, zone)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// texts writes ticks as RFC 3339.
func texts(ticks []time.Time) string {
	var list []string
	for _, t := range ticks {
		list = append(list, t.Format(time.RFC3339))
	}
	return strings.Join(list, " ")
}

func TestTicksWhereClocksAreSet(t *testing.T) {
	for _, c := range []struct{ what, expression, zone, from, to, want string }{
		{
			"a fixed hour that is left out ticks when the clocks go on", "30 2 * * *", "Europe/Berlin",
			"2026-03-28T00:00:00Z", "2026-03-30T12:00:00Z",
			"2026-03-28T02:30:00+01:00 2026-03-29T03:00:00+02:00 2026-03-30T02:30:00+02:00",
		},
		{
			"several times in the gap and the one at its end are one tick", "0,30 2,3 * * *", "Europe/Berlin",
			"2026-03-29T00:00:00Z", "2026-03-29T12:00:00Z",
			"2026-03-29T03:00:00+02:00 2026-03-29T03:30:00+02:00",
		},
		{
			"a fixed hour that comes twice ticks the first time", "30 2 * * *", "Europe/Berlin",
			"2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z",
			"2026-10-25T02:30:00+02:00 2026-10-26T02:30:00+01:00",
		},
		{
			"every hour ticks in both hours of autumn", "0 * * * *", "Europe/Berlin",
			"2026-10-24T23:30:00Z", "2026-10-25T02:30:00Z",
			"2026-10-25T02:00:00+02:00 2026-10-25T02:00:00+01:00 2026-10-25T03:00:00+01:00",
		},
		{
			"every hour has no tick in the gap", "30 * * * *", "Europe/Berlin",
			"2026-03-29T00:00:00Z", "2026-03-29T02:00:00Z",
			"2026-03-29T01:30:00+01:00 2026-03-29T03:30:00+02:00",
		},
		{
			"every two hours follows what clocks show", "0 */2 * * *", "Europe/Berlin",
			"2026-03-28T23:00:00Z", "2026-03-29T05:00:00Z",
			"2026-03-29T00:00:00+01:00 2026-03-29T04:00:00+02:00 2026-03-29T06:00:00+02:00",
		},
		{
			"half an hour that comes twice", "45 1 * * *", "Australia/Lord_Howe",
			"2026-04-04T00:00:00Z", "2026-04-05T12:00:00Z",
			"2026-04-05T01:45:00+11:00",
		},
		{
			"half an hour that is left out", "15 2 * * *", "Australia/Lord_Howe",
			"2026-10-03T00:00:00Z", "2026-10-04T12:00:00Z",
			"2026-10-04T02:30:00+11:00",
		},
		{
			"a day that is left out", "0 12 * * *", "Pacific/Apia",
			"2011-12-29T12:00:00Z", "2012-01-01T12:00:00Z",
			"2011-12-29T12:00:00-10:00 2011-12-31T00:00:00+14:00 2011-12-31T12:00:00+14:00 2012-01-01T12:00:00+14:00",
		},
		{
			"midnight that is left out", "@daily", "America/Santiago",
			"2026-09-05T12:00:00Z", "2026-09-07T12:00:00Z",
			"2026-09-06T01:00:00-03:00 2026-09-07T00:00:00-03:00",
		},
		{
			"leap days eight years apart", "0 0 29 2 *", "UTC",
			"2096-02-01T00:00:00Z", "2110-01-01T00:00:00Z",
			"2096-02-29T00:00:00Z 2104-02-29T00:00:00Z 2108-02-29T00:00:00Z",
		},
		{
			"six fields begin with seconds", "*/20 59 23 31 12 *", "UTC",
			"2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
			"2026-12-31T23:59:00Z 2026-12-31T23:59:20Z 2026-12-31T23:59:40Z",
		},
		{
			"7 is Sunday", "0 0 * * 7", "UTC",
			"2026-05-04T00:00:00Z", "2026-05-18T00:00:00Z",
			"2026-05-10T00:00:00Z 2026-05-17T00:00:00Z",
		},
		{
			"a range of days may end with Sunday", "0 0 * * 6-7", "UTC",
			"2026-05-04T00:00:00Z", "2026-05-18T00:00:00Z",
			"2026-05-09T00:00:00Z 2026-05-10T00:00:00Z 2026-05-16T00:00:00Z 2026-05-17T00:00:00Z",
		},
		{
			"a step reaches Sunday or does not", "0 0 * * 1-7/3,fri-7/3", "UTC",
			"2026-05-04T00:00:00Z", "2026-05-10T00:00:00Z",
			"2026-05-04T00:00:00Z 2026-05-07T00:00:00Z 2026-05-08T00:00:00Z 2026-05-10T00:00:00Z",
		},
		{
			"a range of days may end with Sunday by its name", "0 0 * * FRI-SUN", "UTC",
			"2026-05-04T00:00:00Z", "2026-05-11T00:00:00Z",
			"2026-05-08T00:00:00Z 2026-05-09T00:00:00Z 2026-05-10T00:00:00Z",
		},
		{
			"a step may be as large as the field", "*/60 */24 */31 */12 *", "UTC",
			"2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z",
			"2026-01-01T00:00:00Z 2027-01-01T00:00:00Z 2028-01-01T00:00:00Z",
		},
		{
			"@every counts from 1970", "@every 90m", "UTC",
			"1970-01-01T00:00:00Z", "1970-01-01T04:00:00Z",
			"1970-01-01T00:00:00Z 1970-01-01T01:30:00Z 1970-01-01T03:00:00Z",
		},
	} {
		from, _ := time.Parse(time.RFC3339, c.from)
		to, _ := time.Parse(time.RFC3339, c.to)
		ticks, more := parse(t, c.expression, c.zone).Between(from, to, 10)
		if got := texts(ticks); got != c.want || more {
			t.Errorf("%s:\n got %s\nwant %s", c.what, got, c.want)
		}
		last, _ := parse(t, c.expression, c.zone).Last(from, to.Add(time.Nanosecond), 10)
		if got := texts(last); got != c.want {
			t.Errorf("%s, backwards:\n got %s\nwant %s", c.what, got, c.want)
		}
	}
}

func TestWhatIsNoExpressionIsRefused(t *testing.T) {
	for expression, want := range map[string]error{
		"": cron.ErrEmpty, " ": cron.ErrEmpty, "TZ=UTC 0 0 * * *": cron.ErrZone, "0 0 30 2 *": cron.ErrNever,
	} {
		if _, err := cron.Parse(expression, ""); !errors.Is(err, want) {
			t.Errorf("%q: %v", expression, err)
		}
	}
	for _, zone := range []string{"Local", "Europe/Nowhere", "../etc/passwd"} {
		if _, err := cron.Parse("@daily", zone); err == nil {
			t.Errorf("zone %q is taken", zone)
		}
	}
}

// brute holds the rules against each minute of a time, without the code that is
// tested. Expressions have lists of numbers or *.
type brute struct {
	minute, hour, dom, month, dow map[int]bool
	anyHour, anyDom, anyDow       bool
}

func newBrute(expression string) brute {
	f := strings.Fields(expression)
	set := func(text string, low, high int) (map[int]bool, bool) {
		m := make(map[int]bool)
		step := 1
		rest, isStar := strings.CutPrefix(text, "*")
		if isStar {
			if s, ok := strings.CutPrefix(rest, "/"); ok {
				step, _ = strconv.Atoi(s)
			}
			for i := low; i <= high; i += step {
				m[i] = true
			}
			return m, true
		}
		for s := range strings.SplitSeq(text, ",") {
			n, _ := strconv.Atoi(s)
			m[n] = true
		}
		return m, false
	}
	var b brute
	b.minute, _ = set(f[0], 0, 59)
	b.hour, b.anyHour = set(f[1], 0, 23)
	b.dom, b.anyDom = set(f[2], 1, 31)
	b.month, _ = set(f[3], 1, 12)
	b.dow, b.anyDow = set(f[4], 0, 6)
	return b
}

func (b brute) matches(t time.Time) bool {
	day := b.dom[t.Day()] && b.dow[int(t.Weekday())]
	if !b.anyDom && !b.anyDow {
		day = b.dom[t.Day()] || b.dow[int(t.Weekday())]
	}
	return b.minute[t.Minute()] && b.hour[t.Hour()] && b.month[int(t.Month())] && day
}

// ticks goes through the minutes from from to to. Local times are counted
// through as a clock without a zone does, and each is looked up among the
// minutes that were seen.
func (b brute) ticks(from, to time.Time, zone *time.Location) []time.Time {
	var list []time.Time
	if b.anyHour {
		for t := from; !t.After(to); t = t.Add(time.Minute) {
			if b.matches(t.In(zone)) {
				list = append(list, t)
			}
		}
		return list
	}
	// naive is what clocks show, as minutes of a clock without a zone.
	naive := func(t time.Time) int64 {
		t = t.In(zone)
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, time.UTC).Unix() / 60
	}
	first := make(map[int64]time.Time)
	begin, end := from.Add(-72*time.Hour), to.Add(72*time.Hour)
	for t := begin; !t.After(end); t = t.Add(time.Minute) {
		if n := naive(t); first[n].IsZero() {
			first[n] = t
		}
	}
	for w, last := naive(begin)+1440, naive(end)-1440; w <= last; w++ {
		if !b.matches(time.Unix(w*60, 0).UTC()) {
			continue
		}
		at := first[w]
		for v := w; at.IsZero(); { // left out: the next that is shown
			v++
			at = first[v]
		}
		if !at.Before(from) && !at.After(to) {
			list = append(list, at)
		}
	}
	slices.SortFunc(list, time.Time.Compare)
	return slices.CompactFunc(list, time.Time.Equal)
}

var zones = []string{
	"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "America/Santiago",
	"Asia/Kathmandu", "Africa/Cairo", "America/Nuuk", "Europe/Dublin",
}

func TestEveryMinuteOfYearsIsATickOrNotAsTheRulesSay(t *testing.T) {
	from := time.Date(2009, 12, 1, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(2, 2, 0)
	for _, zone := range zones[:7] {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, expression := range []string{"30 0,1,2,3 * * *", "15 */3 1,15 * 1"} {
			want := newBrute(expression).ticks(from, to, location)
			got, more := parse(t, expression, zone).Between(from, to, len(want)+10)
			if more || !slices.EqualFunc(got, want, time.Time.Equal) {
				for i := range want {
					if i >= len(got) || !got[i].Equal(want[i]) {
						t.Errorf("%s in %s: tick %d of %d (%d) is not %s", expression, zone, i, len(got), len(want), want[i].In(location))
						break
					}
				}
			}
		}
	}
}

// anExpression draws an expression that brute understands.
func anExpression(t *rapid.T) string {
	field := func(name string, low, high int, stars ...string) string {
		if s := rapid.SampledFrom(append(stars, "")).Draw(t, name); s != "" {
			return s
		}
		var list []string
		for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(low, high), 1, 4, rapid.ID[int]).Draw(t, name) {
			list = append(list, strconv.Itoa(n))
		}
		return strings.Join(list, ",")
	}
	return strings.Join([]string{
		field("minute", 0, 59, "*", "*/15"), field("hour", 0, 23, "*", "*/2", "*/5"), field("dom", 1, 31, "*", "*"),
		field("month", 1, 12, "*", "*"), field("dow", 0, 6, "*", "*"),
	}, " ")
}

func TestTicksAreWhatTheRulesSayForwardsAndBackwards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		expression, zone := anExpression(t), rapid.SampledFrom(zones).Draw(t, "zone")
		e, err := cron.Parse(expression, zone)
		if errors.Is(err, cron.ErrNever) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		from := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 9000).Draw(t, "day")).
			Add(time.Duration(rapid.IntRange(0, 1439).Draw(t, "minute")) * time.Minute)
		to := from.Add(time.Duration(rapid.IntRange(1, 10*1440).Draw(t, "minutes")) * time.Minute)
		want := newBrute(expression).ticks(from, to, e.Location())
		got, more := e.Between(from, to, len(want))
		if more || !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Fatalf("got %s\nwant %s", texts(got), texts(want))
		}
		last, more := e.Last(from, to.Add(time.Second), min(5, len(want)))
		if more != (len(want) > 5) || !slices.EqualFunc(last, want[len(want)-min(5, len(want)):], time.Time.Equal) {
			t.Fatalf("backwards: got %s\nwant the last of %s", texts(last), texts(want))
		}
	})
}

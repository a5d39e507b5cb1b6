package cron

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// field is what one field of an expression may hold.
type field struct {
	name      string
	low, high int
	names     []string // of the values from low up; nil: numbers alone
	unit      string   // of @every; empty: there is none for such a field
}

// sixFields are the fields in their order. The first may be left out.
var sixFields = [...]field{
	{"second", 0, 59, nil, "s"},
	{"minute", 0, 59, nil, "m"},
	{"hour", 0, 23, nil, "h"},
	{"day of month", 1, 31, nil, ""},
	{"month", 1, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}, ""},
	{"day of week", 0, 7, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, ""},
}

// span is what an element of a field names.
type span struct {
	all            bool // it is a *
	from, to, step int
}

// last is the last of the different values. Sunday is the first, too.
func (f field) last() int {
	if f.names != nil {
		return f.low + len(f.names) - 1
	}
	return f.high
}

// isWeek reports whether f is the day of week.
func (f field) isWeek() bool { return f.high > f.last() }

// read reads one element: *, a value or a range, each with a step or none.
func (f field) read(element string) (span, error) {
	text, step, stepped := strings.Cut(element, "/")
	s := span{step: 1}
	if stepped {
		n, isNumber := number(step)
		count := f.last() - f.low + 1
		switch {
		case !isNumber || n < 1:
			return s, fault("write a whole number from 1 up after the /, as in */5", "%s %s has no step", f.name, quote(element))
		case n > count && f.unit != "":
			return s, fault(fmt.Sprintf("@every %s%s goes on across the hours and days", limited(step), f.unit), "%s %s steps over all of the %d %ss", f.name, quote(element), count, f.name)
		case n > count:
			return s, fault("steps begin anew with each month, year or week", "%s %s steps over all of its %d values", f.name, quote(element), count)
		}
		s.step = n
	}
	low, high, ranged := strings.Cut(text, "-")
	switch {
	case text == "*" || text == "?":
		s.all = true
		return s, nil
	case low == "*" || low == "?":
		return s, fault("write * alone, or a range of two values", "%s %s is a range that begins with %s", f.name, quote(element), low)
	case ranged && strings.Contains(high, "-"):
		return s, fault("put commas between ranges", "%s %s has more than one -", f.name, quote(element))
	case ranged && (low == "" || high == ""):
		return s, fault("a range has two ends, as in 1-5", "%s %s is not one of %s", f.name, quote(element), f.values())
	}
	var err error
	if s.from, err = f.value(low); err != nil {
		return s, err
	}
	if s.to = s.from; !ranged {
		return s, nil
	}
	if s.to, err = f.value(high); err != nil {
		return s, err
	}
	if f.isWeek() && s.to == 0 && s.from > 0 {
		s.to = 7
	}
	if s.from > s.to {
		return s, fault(f.upwards(low, s), "%s %s ends before it begins", f.name, quote(element))
	}
	return s, nil
}

// value reads one value, a number or a name.
func (f field) value(text string) (int, error) {
	if i := slices.Index(f.names, strings.ToLower(text)); i >= 0 {
		return f.low + i, nil
	}
	n, isNumber := number(text)
	if isNumber && n >= f.low && n <= f.high {
		return n, nil
	}
	return 0, fault(f.hint(text, n, isNumber), "%s %s is not one of %s", f.name, quote(text), f.values())
}

// hint tells what the author of a value that f does not have may have meant.
func (f field) hint(text string, n int, isNumber bool) string {
	lower := strings.ToLower(text)
	bare := strings.TrimRight(lower, "lw")
	_, numbered := number(bare)
	switch {
	case isNumber && f.isWeek():
		return "Sunday is 0 or 7"
	case isNumber && n == 0:
		return "the first is 1"
	case isNumber && n == f.high+1 && f.low == 0:
		return fmt.Sprintf("write 0, which comes after %d", f.high)
	case !isNumber && (bare == "" || numbered || slices.Contains(f.names, bare) || strings.Contains(text, "#")):
		return "L, W and # of other schedulers are not known here"
	case !isNumber && len(lower) > 3 && slices.Contains(f.names, lower[:3]):
		return "write " + lower[:3]
	}
	return usage
}

// values says what f may hold.
func (f field) values() string {
	numbers := fmt.Sprintf("%d-%d", f.low, f.high)
	if f.names == nil {
		return numbers
	}
	return numbers + ", " + f.names[0] + "-" + f.names[len(f.names)-1]
}

// upwards is the hint for a range that ends before it begins, which is written
// with names if its low end is one.
func (f field) upwards(low string, s span) string {
	spelt := strconv.Itoa
	if _, plain := number(low); !plain {
		spelt = func(value int) string { return f.names[value-f.low] }
	}
	rest := spelt(f.low) + "-" + spelt(s.to)
	if s.from > f.last() {
		return "write " + rest
	}
	return "write two ranges: " + spelt(s.from) + "-" + spelt(f.last()) + "," + rest
}

// number reads a number. One that no int holds is the largest.
func number(text string) (n int, ok bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil || errors.Is(err, strconv.ErrRange)
}

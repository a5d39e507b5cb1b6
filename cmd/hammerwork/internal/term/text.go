package term

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// Clean makes text from outside safe to show: of the control characters only
// line ends and tabs stay, so that nothing moves the cursor or changes colours.
func Clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if hidden(r) {
			return -1
		}
		return r
	}, ansi.Strip(s))
}

// hidden reports whether r is a control character, or one that reorders or
// hides text.
func hidden(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r))
}

// OneLine is Clean with every run of white space made one space.
func OneLine(s string) string { return strings.Join(strings.Fields(Clean(s)), " ") }

// Fit cuts s to at most width columns; what is cut ends in "…". Colours in s
// are kept.
func Fit(s string, width int) string {
	if width <= 0 {
		return ""
	}
	return ansi.Truncate(s, width, "…")
}

// FitEnd cuts s to at most width columns from its start, keeping its end.
func FitEnd(s string, width int) string {
	over := Columns(s) - width
	if over <= 0 {
		return s
	}
	if width <= 1 {
		return Fit(s, width)
	}
	cut := ansi.TruncateLeft(s, over+1, "…")
	if Columns(cut) > width { // a character of two columns stood at the cut
		cut = ansi.TruncateLeft(s, over+2, "…")
	}
	return cut
}

// Columns returns how many columns s takes, colours not counted.
func Columns(s string) int { return ansi.StringWidth(s) }

// Rows returns the lines of s, cleaned and broken so that none takes more than
// width columns.
func Rows(s string, width int) []string {
	s = strings.ReplaceAll(strings.TrimRight(Clean(s), "\n"), "\t", "    ")
	return strings.Split(ansi.Hardwrap(s, max(1, width), true), "\n")
}

// Duration writes d in at most seven characters: 340µs, 12ms, 3.4s, 2m05s,
// 1h02m. Negative durations, which clocks that were set make, are 0s.
func Duration(d time.Duration) string {
	switch {
	case d <= 0:
		return "0s"
	case d < time.Millisecond:
		return fmt.Sprintf("%dµs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < 59950*time.Millisecond:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Hour-time.Second/2:
		s := int(d.Round(time.Second) / time.Second)
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	default:
		m := int(d.Round(time.Minute) / time.Minute)
		return fmt.Sprintf("%dh%02dm", m/60, m%60)
	}
}

// Clock writes d as a stopwatch does: 0:07, 12:34, 1:02:03.
func Clock(d time.Duration) string {
	s := int(max(0, d) / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// Count writes n with its noun: "1 job", "2 jobs", "12,345 jobs".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Number(n) + " " + noun + "s"
}

// Number writes n with a comma between groups of three digits.
func Number(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Age writes how long ago something was in at most four characters, for a
// table: 5s, 3m, 2h, 4d. The future is 0s.
func Age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(0, d)/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	default:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
}

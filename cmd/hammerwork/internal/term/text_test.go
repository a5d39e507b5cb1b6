package term_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
)

func TestTextFromOutsideCannotControlTheTerminal(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext\n":                  "plain\ttext\n",
		"red \x1b[31malert\x1b[0m":       "red alert",
		"title \x1b]0;evil\x07done":      "title done",
		"back\b\bspace \x00 \x7f":        "backspace  ",
		"c1 \u009b31m":                   "c1 31m",
		"reversed \u202Egnp.exe":         "reversed gnp.exe",
		"windows\r\nline":                "windows\nline",
		"broken \xff\xfe utf-8":          "broken \uFFFD utf-8",
		"日本語 and 🎉 stay":                 "日本語 and 🎉 stay",
		"unfinished escape \x1b[":        "unfinished escape ",
		"carriage return over\rwritten!": "carriage return overwritten!",
	} {
		if got := term.Clean(in); got != want {
			t.Errorf("Clean(%q) = %q; want %q", in, got, want)
		}
	}
}

func TestOneLineHasNoLineEnds(t *testing.T) {
	if got := term.OneLine("  exit status 2:\n\tno such\r\n  file "); got != "exit status 2: no such file" {
		t.Errorf("got %q", got)
	}
}

func TestFittedTextNeverTakesMoreColumnsThanAllowed(t *testing.T) {
	for _, s := range []string{"", "a", "abcdefghij", "日本語日本語", term.Coloured.Red("abcdefghij"), "e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301"} {
		for width := -1; width < 14; width++ {
			for name, fit := range map[string]func(string, int) string{"Fit": term.Fit, "FitEnd": term.FitEnd} {
				if got := fit(s, width); term.Columns(got) > max(0, width) {
					t.Errorf("%s(%q, %d) = %q takes %d columns", name, s, width, got, term.Columns(got))
				}
			}
		}
	}
	if got := term.FitEnd("NFCORE.RNASEQ.STAR_ALIGN_12", 10); got != "…_ALIGN_12" {
		t.Errorf("FitEnd keeps %q", got)
	}
}

func TestDurationsAreShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 340 * time.Microsecond: "340µs", 12 * time.Millisecond: "12ms",
		3400 * time.Millisecond: "3.4s", 59949 * time.Millisecond: "59.9s", 59960 * time.Millisecond: "1m00s",
		125 * time.Second: "2m05s", 3599900 * time.Millisecond: "1h00m", 3720 * time.Second: "1h02m", 1000 * time.Hour: "1000h00m",
	} {
		if got := term.Duration(d); got != want {
			t.Errorf("Duration(%d) = %q; want %q", d, got, want)
		}
	}
}

func TestClocksShowHoursOnlyWhenThereAreAny(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0:00", 7900 * time.Millisecond: "0:07", 754 * time.Second: "12:34", 3723 * time.Second: "1:02:03"} {
		if got := term.Clock(d); got != want {
			t.Errorf("Clock(%s) = %q; want %q", d, got, want)
		}
	}
}

func TestNumbersAreGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 100000: "100,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := term.Number(n); got != want {
			t.Errorf("Number(%d) = %q; want %q", n, got, want)
		}
	}
	if got := term.Count(1, "job") + ", " + term.Count(2, "job"); got != "1 job, 2 jobs" {
		t.Errorf("got %q", got)
	}
}

func TestWithoutColoursTextStaysAsItIs(t *testing.T) {
	if got := (term.Palette{}).Red("x"); got != "x" {
		t.Errorf("got %q", got)
	}
	if got := term.Coloured.Red("x"); !strings.Contains(got, "\x1b[31m") {
		t.Errorf("got %q", got)
	}
}

func TestRowsFitAndLoseNothing(t *testing.T) {
	got := term.Rows("ab\tc 日本語 defgh\n\x1b[31mx\n", 6)
	if strings.Join(got, "|") != "ab    |c 日本|語 def|gh|x" {
		t.Errorf("got %q", got)
	}
}

func TestAgesAreShorterThanDurations(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "0s", 0: "0s", 59900 * time.Millisecond: "59s", time.Minute: "1m", 59*time.Minute + 59*time.Second: "59m",
		time.Hour: "1h", 47*time.Hour + time.Minute: "47h", 48 * time.Hour: "2d", 999 * 24 * time.Hour: "999d",
	} {
		if got := term.Age(d); got != want {
			t.Errorf("Age(%s) = %q; want %q", d, got, want)
		}
	}
}

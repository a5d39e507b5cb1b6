package handler

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestTheEndOfLongOutputIsValidTextFromAWholeCharacterOn(t *testing.T) {
	for shift := range 4 {
		out := &tail{max: 100}
		for range 50 {
			_, _ = out.Write([]byte("héllo 🙂 "))
		}
		_, _ = out.Write([]byte("end" + strings.Repeat("!", shift) + "\n"))
		s := out.String()
		if !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError) {
			t.Errorf("%q is not whole characters", s)
		}
		if !strings.HasPrefix(s, "…") || !strings.HasSuffix(s, "end"+strings.Repeat("!", shift)) {
			t.Errorf("%q is not an ellipsis and the end", s)
		}
	}
}

func TestBytesThatAreNoTextAreReplaced(t *testing.T) {
	out := &tail{max: 100}
	_, _ = out.Write([]byte(" a\xffb\x00c \n"))
	if got := out.String(); got != "a\uFFFDb\uFFFDc" {
		t.Errorf("got %q", got)
	}
}

func TestTheStartOfLongOutputIsKeptAndItsExcessReportedOnce(t *testing.T) {
	calls := 0
	out := &head{max: 5, full: func() { calls++ }}
	for range 3 {
		if n, err := out.Write([]byte("abcd")); n != 4 || err != nil {
			t.Errorf("write: %d, %v", n, err)
		}
	}
	if out.kept.String() != "abcda" || calls != 1 {
		t.Errorf("kept %q, reported %d times", out.kept.String(), calls)
	}
}

func TestAResultIsKeptWhenItIsJSONAndWrappedElse(t *testing.T) {
	for out, want := range map[string]string{
		" {\"a\": 1}\n": `{"a": 1}`,
		"12":            `12`,
		"null\n":        `null`,
		"1\n2\n":        `{"stdout":"1\n2\n"}`,
		"<b> & co":      `{"stdout":"<b> & co"}`,
		"":              `{"stdout":""}`,
		"\xff":          `{"stdout":"` + "\uFFFD" + `"}`,
		"\"\xff\"":      `"` + "\uFFFD" + `"`,
	} {
		got, err := resultOf([]byte(out), "stdout")
		if err != nil || string(got) != want {
			t.Errorf("output %q made %q, %v; want %q", out, got, err, want)
		}
	}
}

func TestATextThatIsTooLongOnlyAsJSONIsRefused(t *testing.T) {
	_, err := resultOf([]byte(strings.Repeat("\n", job.MaxResult-10)), "stdout")
	wantError(t, err, true, "the result has over")
}

package telemetry_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/telemetry"
)

func TestALogThatIsNoTerminalIsJSONWithUTCTimes(t *testing.T) {
	for _, format := range []string{"", telemetry.FormatAuto, telemetry.FormatJSON, "unknown"} {
		var b bytes.Buffer
		telemetry.NewLogger(&b, "info", format).Info("hello", "job", 7)
		var entry struct {
			Time time.Time
			Msg  string
			Job  int
		}
		if err := json.Unmarshal(b.Bytes(), &entry); err != nil {
			t.Fatalf("%q: %v: %s", format, err, &b)
		}
		if entry.Msg != "hello" || entry.Job != 7 || entry.Time.Location() != time.UTC || !strings.Contains(b.String(), `Z"`) {
			t.Errorf("%q: %s", format, &b)
		}
	}
}

func TestATextLogHasNoColoursOutsideATerminal(t *testing.T) {
	var b bytes.Buffer
	telemetry.NewLogger(&b, "", telemetry.FormatText).Warn("hello", "job", 7)
	if s := b.String(); !strings.Contains(s, "hello job=7") || strings.Contains(s, "\x1b") {
		t.Errorf("got %q", s)
	}
}

func TestALogLeavesOutWhatIsBelowItsLevel(t *testing.T) {
	for level, want := range map[string]int{"debug": 4, "info": 3, "": 3, "WARN": 2, "error": 1, "unknown": 3} {
		for _, format := range []string{telemetry.FormatText, telemetry.FormatJSON} {
			var b bytes.Buffer
			log := telemetry.NewLogger(&b, level, format)
			for _, l := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
				log.Log(t.Context(), l, "x")
			}
			if got := strings.Count(b.String(), "\n"); got != want {
				t.Errorf("level %q, format %s: %d lines, want %d", level, format, got, want)
			}
		}
	}
}

func TestUnknownLogSettingsAreNamed(t *testing.T) {
	for _, ok := range [][2]string{{"", ""}, {"debug", "auto"}, {"INFO", "text"}, {"error", "json"}} {
		if err := telemetry.CheckLog(ok[0], ok[1]); err != nil {
			t.Errorf("%v: %v", ok, err)
		}
	}
	for _, bad := range [][2]string{{"loud", ""}, {"info", "xml"}} {
		if telemetry.CheckLog(bad[0], bad[1]) == nil {
			t.Errorf("%v passes", bad)
		}
	}
}

package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"
)

// Formats of a log.
const (
	FormatAuto = "auto" // text on a terminal, else JSON; what an empty format means too
	FormatText = "text" // for people; coloured on a terminal unless NO_COLOR is set
	FormatJSON = "json" // an object a line, times in UTC
)

// NewLogger returns a log to w. level is debug, info, warn or error, in any
// case; an empty one means info. CheckLog tells what is wrong with settings
// that come from a user; here an unknown level means info, an unknown format
// auto.
func NewLogger(w io.Writer, level, format string) *slog.Logger {
	min, err := parseLevel(level)
	if err != nil {
		min = slog.LevelInfo
	}
	terminal := isTerminal(w)
	if format == FormatText || format != FormatJSON && terminal {
		return slog.New(tint.NewTextHandler(w, &tint.Options{
			Level:      min,
			TimeFormat: "15:04:05.000",
			NoColor:    !terminal || os.Getenv("NO_COLOR") != "",
		}))
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: min, ReplaceAttr: utc}))
}

// CheckLog says why level and format cannot be used for a log, or nil.
func CheckLog(level, format string) error {
	if _, err := parseLevel(level); err != nil {
		return err
	}
	switch format {
	case "", FormatAuto, FormatText, FormatJSON:
		return nil
	}
	return fmt.Errorf("log format is %q; it must be auto, text or json", format)
}

func parseLevel(level string) (slog.Level, error) {
	var l slog.Level
	if level == "" {
		return slog.LevelInfo, nil
	}
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return l, fmt.Errorf("log level is %q; it must be debug, info, warn or error", level)
	}
	return l, nil
}

// utc makes the time of an entry UTC.
func utc(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
		a.Value = slog.TimeValue(a.Value.Time().In(time.UTC))
	}
	return a
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

package service_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
)

// logged collects lines without their times.
func logged() (*slog.Logger, func() string) {
	var b bytes.Buffer
	log := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	return log, func() string {
		defer b.Reset()
		return strings.TrimSpace(b.String())
	}
}

func TestAnOutageIsLoggedWhenItBeginsNowAndThenAndWhenItEnds(t *testing.T) {
	log, lines := logged()
	f := service.Failures{Log: log, Service: "resolver"}
	now := time.Now()
	away := fmt.Errorf("resolve: %w", store.ErrUnavailable)
	f.Note(now, "resolve", nil)
	equal(t, "while it works", lines(), "")
	f.Note(now, "resolve", away, "try", 1)
	equal(t, "at first", lines(), `level=ERROR msg=resolve service=resolver try=1 error="resolve: the database cannot be reached"`)
	for range 99 {
		now = now.Add(100 * time.Millisecond)
		f.Note(now, "check edges", away)
	}
	equal(t, "within ten seconds", lines(), "")
	now = now.Add(100 * time.Millisecond)
	f.Note(now, "resolve", away)
	equal(t, "after ten seconds", lines(), `level=ERROR msg="the database is still away" service=resolver since=10s errors=100 call=resolve error="resolve: the database cannot be reached"`)
	f.Note(now.Add(time.Millisecond), "resolve", nil) // it began before
	f.Note(now.Add(2*time.Millisecond), "resolve", away)
	equal(t, "when one of them works", lines(), "")
	now = now.Add(2 * time.Second)
	f.Note(now, "resolve", nil)
	equal(t, "at the end", lines(), `level=INFO msg="the database is back" service=resolver after=12s errors=1`)
	f.Note(now, "resolve", nil)
	equal(t, "afterwards", lines(), "")
	f.Note(now, "resolve", away)
	equal(t, "at the next one", strings.HasPrefix(lines(), "level=ERROR msg=resolve "), true)
}

func TestEveryOtherErrorIsLogged(t *testing.T) {
	log, lines := logged()
	f := service.Failures{Log: log, Service: "scheduler"}
	now := time.Now()
	for range 3 {
		f.Note(now, "purge", errors.New("no such table"))
		equal(t, "line", lines(), `level=ERROR msg=purge service=scheduler error="no such table"`)
	}
	f.Note(now, "purge", store.ErrUnavailable)
	lines()
	f.Note(now, "purge", errors.New("no such table"))
	equal(t, "during an outage", lines(), `level=ERROR msg=purge service=scheduler error="no such table"`)
}

package service

import (
	"errors"
	"log/slog"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
)

const (
	awayEvery = 10 * time.Second // between two lines that say that the database is still away
	backAfter = time.Second      // without an error, and what works then says that it is back
)

// Failures logs what becomes of a machine's calls to the store. While the
// database is away every call fails, several times a second: of these the first
// is logged, then one line for all that came within ten seconds, and one when
// the database is back. Other errors are all logged. It belongs to one machine.
type Failures struct {
	Log     *slog.Logger
	Service string

	since, said, last time.Time // of the first error, the last line, the last error; zero: the database is there
	count             int       // errors since the last line
}

// Note notes what a call came to; with says more about one that failed.
func (f *Failures) Note(now time.Time, call string, err error, with ...any) {
	switch {
	case err == nil:
		f.worked(now)
	case !errors.Is(err, store.ErrUnavailable):
		f.Log.Error(call, f.about(err, with)...)
	case f.since.IsZero():
		f.since, f.said, f.last = now, now, now
		f.Log.Error(call, f.about(err, with)...)
	default:
		f.last = now
		f.count++
		if now.Sub(f.said) >= awayEvery {
			f.Log.Error("the database is still away", "service", f.Service, "since", now.Sub(f.since).Round(time.Second), "errors", f.count, "call", call, "error", err)
			f.said, f.count = now, 0
		}
	}
}

func (f *Failures) worked(now time.Time) {
	if f.since.IsZero() || now.Sub(f.last) < backAfter {
		return
	}
	f.Log.Info("the database is back", "service", f.Service, "after", now.Sub(f.since).Round(time.Second), "errors", f.count)
	*f = Failures{Log: f.Log, Service: f.Service}
}

func (f *Failures) about(err error, with []any) []any {
	return append(append([]any{"service", f.Service}, with...), "error", err)
}

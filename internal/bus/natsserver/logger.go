package natsserver

import (
	"fmt"
	"log/slog"
	"sync"
)

// logger passes the server's log on: notices at debug level, all that is worse
// as warnings. The server's own process would end on a fatal entry; here it is
// kept for Start.
type logger struct {
	log *slog.Logger

	mu    sync.Mutex
	fatal error // the first fatal entry
}

func (l *logger) Noticef(format string, v ...any) { l.write(l.log.Debug, format, v) }
func (l *logger) Warnf(format string, v ...any)   { l.write(l.log.Warn, format, v) }
func (l *logger) Errorf(format string, v ...any)  { l.write(l.log.Warn, format, v) }

// Debugf and Tracef never have anything to say: they are not turned on.
func (l *logger) Debugf(string, ...any) {}
func (l *logger) Tracef(string, ...any) {}

func (l *logger) Fatalf(format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fatal == nil {
		l.fatal = fmt.Errorf(format, v...)
	}
}

func (l *logger) write(level func(msg string, args ...any), format string, v []any) {
	level("embedded nats", "message", fmt.Sprintf(format, v...))
}

// failed returns the first fatal entry, or nil.
func (l *logger) failed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fatal
}

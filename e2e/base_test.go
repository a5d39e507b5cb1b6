package e2e

import (
	"syscall"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
)

// server is a database server of a test's own.
type server struct {
	url   string
	pid   func() int
	stop  func(how stop)
	start func()
}

// stop is a way in which a server ends.
type stop struct {
	name   string
	signal syscall.Signal
}

// base is a database that Hammerwork runs on.
type base struct {
	name  string
	start func(t *testing.T) *server
	stops []stop
}

var bases = []base{
	{"PostgreSQL", postgreSQL, []stop{{"fast", pgtest.Fast}, {"immediate", pgtest.Immediate}}},
}

func postgreSQL(t *testing.T) *server {
	t.Helper()
	s := pgtest.Own(t)
	return &server{url: s.URL, pid: s.PID, stop: func(how stop) { s.Stop(how.signal) }, start: s.Start}
}

// everyBase runs a test on each database, side by side.
func everyBase(t *testing.T, test func(t *testing.T, b base)) {
	for _, b := range bases {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			test(t, b)
		})
	}
}

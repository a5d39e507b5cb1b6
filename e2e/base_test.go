package e2e

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store/mysql/mysqltest"
	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
)

// server is a database server of a test's own.
type server struct {
	url   string
	stop  func(how stop)
	start func()
	slow  func(f *fleet) []statement // those that took longer than slow
}

// slow is from when on a server notes statements.
const slow = 100 * time.Millisecond

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
	flags []string // for its services
}

var bases = []base{
	{name: "PostgreSQL", start: postgreSQL, stops: []stop{{"fast", pgtest.Fast}, {"immediate", pgtest.Immediate}}},
	{name: "MariaDB", start: mariaDB, stops: []stop{{"SIGTERM", syscall.SIGTERM}, {"SIGKILL", syscall.SIGKILL}}},
}

func postgreSQL(t *testing.T) *server {
	t.Helper()
	s := pgtest.Own(t, fmt.Sprintf("log_min_duration_statement=%d", slow.Milliseconds()), "log_parameter_max_length=0",
		"log_lock_waits=on", fmt.Sprintf("deadlock_timeout=%d", slow.Milliseconds()))
	before := len(read(t, s.LogFile)) // of the making of the database
	return &server{
		url: s.URL, stop: func(how stop) { s.Stop(how.signal) }, start: s.Start,
		slow: func(f *fleet) []statement {
			return withNames(f.t, "postgres", postgresLog(read(f.t, s.LogFile)[before:]))
		},
	}
}

func mariaDB(t *testing.T) *server {
	t.Helper()
	s := mysqltest.Own(t, "--slow-query-log", "--slow-query-log-file=slow", fmt.Sprintf("--long-query-time=%g", slow.Seconds()), "--log-slow-admin-statements=OFF")
	return &server{
		url: s.URL, stop: func(how stop) { s.Stop(how.signal) }, start: s.Start,
		slow: func(f *fleet) []statement {
			return withNames(f.t, "mysql", mysqlLog(read(f.t, filepath.Join(filepath.Dir(s.LogFile), "data", "slow"))))
		},
	}
}

// sqlite is a base without a server, for one process.
var sqlite = base{name: "SQLite", flags: []string{"--slow-statement", slow.String()}, start: func(t *testing.T) *server {
	return &server{url: sqliteScheme + filepath.Join(t.TempDir(), "hammerwork.db"), slow: (*fleet).slow}
}}

const sqliteScheme = "sqlite://"

// everyBase runs a test on each database, side by side.
func everyBase(t *testing.T, test func(t *testing.T, b base)) {
	for _, b := range bases {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			test(t, b)
		})
	}
}

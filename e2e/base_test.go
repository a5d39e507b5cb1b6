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
	slow  func(t *testing.T) []statement // those that took longer than slow
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
}

var bases = []base{
	{"PostgreSQL", postgreSQL, []stop{{"fast", pgtest.Fast}, {"immediate", pgtest.Immediate}}},
	{"MariaDB", mariaDB, []stop{{"SIGTERM", syscall.SIGTERM}, {"SIGKILL", syscall.SIGKILL}}},
}

func postgreSQL(t *testing.T) *server {
	t.Helper()
	s := pgtest.Own(t, fmt.Sprintf("log_min_duration_statement=%d", slow.Milliseconds()), "log_parameter_max_length=0")
	before := len(read(t, s.LogFile)) // of the making of the database
	return &server{
		url: s.URL, stop: func(how stop) { s.Stop(how.signal) }, start: s.Start,
		slow: func(t *testing.T) []statement { return postgresLog(read(t, s.LogFile)[before:]) },
	}
}

func mariaDB(t *testing.T) *server {
	t.Helper()
	s := mysqltest.Own(t, "--slow-query-log", "--slow-query-log-file=slow", fmt.Sprintf("--long-query-time=%g", slow.Seconds()), "--log-slow-admin-statements=OFF")
	return &server{
		url: s.URL, stop: func(how stop) { s.Stop(how.signal) }, start: s.Start,
		slow: func(t *testing.T) []statement {
			return mysqlLog(read(t, filepath.Join(filepath.Dir(s.LogFile), "data", "slow")))
		},
	}
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

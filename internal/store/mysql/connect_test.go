package mysql

import (
	"context"
	"errors"
	"maps"
	"net"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/mysql/mysqltest"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestAConnectionThatIsNotAsItMustBeIsRefused(t *testing.T) {
	good := map[string]string{
		"version": "10.6.1-MariaDB", "tx_isolation": "READ-COMMITTED", "time_zone": "+00:00", "sql_mode": "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION",
		"max_recursive_iterations": "100000000", "max_allowed_packet": "16777216", "log_bin": "ON", "binlog_format": "MIXED",
	}
	if err := fit(good); err != nil {
		t.Error(err)
	}
	mysql8 := map[string]string{
		"version": "8.0.36", "transaction_isolation": "READ-COMMITTED", "time_zone": "+00:00", "sql_mode": "STRICT_ALL_TABLES",
		"cte_max_recursion_depth": "100000000", "max_allowed_packet": "67108864", "log_bin": "ON", "binlog_format": "ROW",
	}
	if err := fit(mysql8); err != nil {
		t.Error(err)
	}
	for name, value := range map[string]string{
		"version": "10.5.9-MariaDB-log", "tx_isolation": "REPEATABLE-READ", "time_zone": "SYSTEM", "sql_mode": "NO_ENGINE_SUBSTITUTION",
		"max_recursive_iterations": "1000", "max_allowed_packet": "1048576", "binlog_format": "STATEMENT",
	} {
		bad := maps.Clone(good)
		bad[name] = value
		if err := fit(bad); err == nil || unavailable(err) {
			t.Errorf("%s = %s: %v", name, value, err)
		}
	}
	if supported("5.7.44") || !supported("9.1.0") || !supported("11.4.2-MariaDB") {
		t.Error("versions are not told apart")
	}
}

func TestEveryConnectionIsSetUp(t *testing.T) {
	url := mysqltest.URL(t)
	if _, err := mysqltest.Raw(t, url).ExecContext(t.Context(), "SET SESSION time_zone = '+05:00'"); err != nil {
		t.Fatal(err)
	}
	s := opened(t, url, store.Options{})
	for range 3 { // of the pool
		conn, err := s.db.pool.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var zone, mode string
		var wait int
		if err := conn.QueryRowContext(t.Context(), "SELECT @@time_zone, @@sql_mode, @@innodb_lock_wait_timeout").Scan(&zone, &mode, &wait); err != nil {
			t.Fatal(err)
		}
		if zone != "+00:00" || !strings.Contains(mode, "STRICT_ALL_TABLES") || wait != 10 {
			t.Errorf("%s, %s, %d", zone, mode, wait)
		}
	}
}

func TestAURLSaysWhatItHasToAndItsErrorsHideThePassword(t *testing.T) {
	c, err := parse("mysql://u%40x:p%2Fw@h/d?tls=skip-verify&pool_max_conns=7&connect_timeout=3&lock_wait_timeout=2")
	if err != nil {
		t.Fatal(err)
	}
	if d := c.driver; d.User != "u@x" || d.Passwd != "p/w" || d.Addr != "h:3306" || d.DBName != "d" || d.TLSConfig != "skip-verify" || d.Timeout.Seconds() != 3 || c.connections != 7 || c.lockWait != 2 {
		t.Errorf("%+v %+v", c, d)
	}
	if c, err := parse("mysql://u@/d?socket=/run/s"); err != nil || c.driver.Net != "unix" || c.driver.Addr != "/run/s" {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := parse("mysql://u@h:99999/d"); err == nil || err.Error() != "its port is not between 1 and 65535" {
		t.Errorf("the error is %v", err)
	}
	s := opened(t, "mysql://hush:hush@127.0.0.1:1/d", store.Options{})
	if err := s.Ready(t.Context()); !errors.Is(err, store.ErrUnavailable) || strings.Contains(err.Error(), "hush") {
		t.Error(err)
	}
	if err := s.db.hide(errors.New("hush, hush")); err.Error() != "xxxxx, xxxxx" {
		t.Error(err)
	}
}

func TestAServerThatSaysNothingIsGivenUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := opened(t, "mysql://u@"+l.Addr().String()+"/d?connect_timeout=1", store.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), silence/2)
	defer cancel()
	if err := s.Ready(ctx); !errors.Is(err, store.ErrUnavailable) || ctx.Err() != nil {
		t.Errorf("the error is %v", err)
	}
}

func TestADatabaseWithoutASchemaIsAnOlderOne(t *testing.T) {
	s := opened(t, mysqltest.Empty(t), store.Options{})
	if err := s.Ready(t.Context()); !errors.Is(err, store.ErrOlderSchema) {
		t.Errorf("the error is %v", err)
	}
	if _, err := s.Claim(t.Context(), []store.Grant{{Lease: job.NewID(), Worker: "w", Limit: 1}}, false); code(err) != codeNoTable {
		t.Errorf("the error is %v", err)
	}
}

// A connection that the server ends in the middle of a transaction is not used
// again, and what it did is gone.
func TestATransactionWhoseConnectionIsKilledIsAnErrorAndLeavesNothing(t *testing.T) {
	url := mysqltest.URL(t)
	s := opened(t, url, store.Options{})
	raw := mysqltest.Raw(t, url)
	err := s.db.Write(t.Context(), func(x sqlstore.Tx) error {
		if _, err := x.Exec("pause_queue", "q", int64(1)); err != nil {
			return err
		}
		var id int64
		x.(*tx).add(step{name: "id", sql: "SELECT CONNECTION_ID()", want: anyNumber, scan: func(r sqlstore.Row) error { return r.Scan(&id) }})
		if err := x.Flush(); err != nil {
			return err
		}
		_, err := raw.ExecContext(t.Context(), "KILL ?", id)
		return err
	})
	if !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("the error is %v", err)
	}
	if queues, err := s.Queues(t.Context()); err != nil || len(queues) != 0 {
		t.Errorf("it left %+v, %v", queues, err)
	}
}

func TestAListThatIsTooLongForAStatementGoesInParts(t *testing.T) {
	s := opened(t, mysqltest.URL(t), store.Options{})
	before := s.db.trips.Load()
	var jobs []*job.Job
	payload := `"` + strings.Repeat(`\"`, 120_000) + `"`
	for range 60 {
		jobs = append(jobs, job.New("q", []byte(payload)))
	}
	for _, j := range jobs {
		j.Payload = []byte(payload)
	}
	if _, err := s.EnqueueJobs(t.Context(), jobs, nil); err != nil {
		t.Fatal(err)
	}
	if trips := s.db.trips.Load() - before; trips < 4 || trips > 20 {
		t.Errorf("%d round trips", trips)
	}
	for _, j := range []*job.Job{jobs[0], jobs[59]} {
		if got, err := s.Job(t.Context(), j.ID); err != nil || string(got.Payload) != payload {
			t.Errorf("%d bytes came back, %v", len(got.Payload), err)
		}
	}
}

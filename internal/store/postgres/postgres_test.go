package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/pkg/job"
)

const password = "open-sesame"

func opened(t *testing.T, rawURL string) *Store {
	t.Helper()
	s, err := Open(t.Context(), rawURL, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestAServerThatCannotBeReachedIsUnavailableAndNoErrorShowsThePassword(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	s := opened(t, "postgres://hammerwork:"+password+"@"+nobody+"/hammerwork")
	_, claimed := s.Claim(t.Context(), []store.Grant{{Lease: job.NewID(), Worker: "w", Limit: 1}}, false)
	for call, err := range map[string]error{"ready": s.Ready(t.Context()), "claim": claimed} {
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: %v", call, err)
		}
		if strings.Contains(fmt.Sprint(err), password) {
			t.Errorf("%s shows the password: %v", call, err)
		}
	}
}

func TestAServerThatEndsAConnectionIsUnavailable(t *testing.T) {
	s := opened(t, pgtest.URL(t))
	err := s.db.Write(t.Context(), func(x sqlstore.Tx) error {
		if _, err := x.Now(); err != nil {
			return err
		}
		pid := x.(*tx).conn.PID()
		if _, err := s.db.pool.Exec(t.Context(), "SELECT pg_terminate_backend($1)", int(pid)); err != nil {
			t.Error(err)
		}
		_, err := x.Now()
		return err
	})
	if !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("the error is %v", err)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestAServerThatAnswersWithAnErrorIsThere(t *testing.T) {
	s := opened(t, pgtest.URL(t))
	err := s.db.Write(t.Context(), func(x sqlstore.Tx) error {
		_, err := x.Exec("forget_workers", 1, 2)
		return err
	})
	if code(err) != "08P01" || errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a parameter too many: %v", err)
	}
	for e, want := range map[pgconn.PgError]bool{
		{Code: "08P01", SeverityUnlocalized: "FATAL"}: true, // a pooler without a server
		{Code: "08P01", SeverityUnlocalized: "ERROR"}: false,
		{Code: "57P03", SeverityUnlocalized: "FATAL"}: true,
		{Code: "53300", SeverityUnlocalized: "FATAL"}: true,
		{Code: "28P01", SeverityUnlocalized: "FATAL"}: false,
		{Code: "42P01", SeverityUnlocalized: "ERROR"}: false,
	} {
		if unavailable(&e) != want {
			t.Errorf("%s %s: unavailable is not %v", e.SeverityUnlocalized, e.Code, want)
		}
	}
}

func TestACallWhoseCallerGaveUpSaysSo(t *testing.T) {
	s := opened(t, pgtest.URL(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Resolve(ctx, []job.Outcome{{}}); !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrUnavailable) {
		t.Errorf("the error is %v", err)
	}
}

func TestAURLThatCannotBeReadIsRefusedWithoutIt(t *testing.T) {
	for _, bad := range []string{
		"postgres://hammerwork:" + password + "@host:port/hammerwork",
		"postgres://hammerwork:" + password + "@host/hammerwork?sslmode=sometimes",
		"postgres://hammerwork:" + password + "@host/hammerwork?pool_max_conns=many",
		"postgres://hammerwork:" + password + "%zz@host/hammerwork",
	} {
		_, err := Open(t.Context(), bad, store.Options{})
		if err == nil || strings.Contains(err.Error(), password) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestAURLSaysWhichParameterIsNoNumber(t *testing.T) {
	for _, name := range []string{"pool_max_conns", "connect_timeout"} {
		if _, err := Config("postgres://u@h/d?" + name + "=many"); err == nil || err.Error() != "its "+name+" is no number" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPoolHasTenConnectionsUnlessTheURLSaysOtherwise(t *testing.T) {
	for query, want := range map[string]int32{"": 10, "?pool_max_conns=3": 3} {
		config, err := Config("postgres://u@h/d" + query)
		if err != nil || config.MaxConns != want {
			t.Errorf("%q: %d connections, %v", query, config.MaxConns, err)
		}
	}
}

func TestConnectionsThatWereMadeTogetherEndApartUnlessTheURLSaysOtherwise(t *testing.T) {
	for query, want := range map[string]time.Duration{
		"": 15 * time.Minute, "?pool_max_conn_lifetime=4m": time.Minute, "?pool_max_conn_lifetime_jitter=3s": 3 * time.Second,
	} {
		config, err := Config("postgres://u@h/d" + query)
		if err != nil || config.MaxConnLifetimeJitter != want {
			t.Errorf("%q: %s apart, %v; want %s", query, config.MaxConnLifetimeJitter, err, want)
		}
	}
}

func TestConnectionsHaveTheirSettingsUnlessTheURLSaysOtherwise(t *testing.T) {
	u, err := url.Parse(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("application_name", "mine")
	u.RawQuery = q.Encode()
	s := opened(t, u.String())
	for name, want := range map[string]string{"application_name": "mine", "statement_timeout": "30s", "jit": "off", "plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"} {
		var got string
		if err := s.db.pool.QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
}

func TestReadySaysWhichSchemaTheDatabaseHas(t *testing.T) {
	address := pgtest.Empty(t)
	s := opened(t, address)
	if err := s.Ready(t.Context()); !errors.Is(err, store.ErrOlderSchema) {
		t.Errorf("of an empty database: %v", err)
	}
	m, err := OpenMigrator(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	done, err := m.Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("when it is up to date: %v", err)
	}
	newest := done[len(done)-1].Version
	if _, err := s.db.pool.Exec(t.Context(), "INSERT INTO hammerwork_migrations (version_id, is_applied) VALUES ($1, true)", newest+1); err != nil {
		t.Fatal(err)
	}
	if err := s.Ready(t.Context()); !errors.Is(err, store.ErrNewerSchema) {
		t.Errorf("when it is newer: %v", err)
	}
	if _, err := m.Up(t.Context()); !errors.Is(err, store.ErrNewerSchema) {
		t.Errorf("migrate when it is newer: %v", err)
	}
	if _, err := m.Down(t.Context()); !errors.Is(err, store.ErrNewerSchema) {
		t.Errorf("migrate down when it is newer: %v", err)
	}
}

func TestATransactionThatMeetsAnotherRunsAgain(t *testing.T) {
	other := errors.New("another error")
	for _, c := range []struct {
		errs  []error // of one try after the other; then nil
		tries int
		want  error
	}{
		{nil, 1, nil},
		{[]error{&pgconn.PgError{Code: "40001"}, &pgconn.PgError{Code: "40P01"}, &pgconn.PgError{Code: "55P03"}, &pgconn.PgError{Code: "23505"}}, 5, nil},
		{[]error{&pgconn.PgError{Code: "0A000"}, &pgconn.PgError{Code: "26000"}}, 3, nil}, // after a migration
		{[]error{sqlstore.ErrConflict, fmt.Errorf("wrapped: %w", sqlstore.ErrConflict)}, 3, nil},
		{[]error{sqlstore.ErrConflict, other}, 2, other},
		{[]error{&pgconn.PgError{Code: "23502"}}, 1, &pgconn.PgError{}},
		{slices.Repeat([]error{sqlstore.ErrConflict}, 2*conflictTries), conflictTries, sqlstore.ErrConflict},
	} {
		tries := 0
		err := (&database{}).retry(t.Context(), func() error {
			tries++
			if tries <= len(c.errs) {
				return c.errs[tries-1]
			}
			return nil
		})
		var server *pgconn.PgError
		if tries != c.tries || !errors.Is(err, c.want) && !errors.As(err, &server) {
			t.Errorf("%d tries and %v, want %d and %v", tries, err, c.tries, c.want)
		}
	}
}

func TestALockThatSomebodyHoldsIsTriedForSecondsNotForEver(t *testing.T) {
	held := &pgconn.PgError{Code: codeLockUnavailable}
	for _, c := range []struct {
		holds, atLeast, atMost time.Duration
		want                   error
	}{
		{2 * time.Second, 2 * time.Second, 3 * time.Second, nil},
		{time.Hour, 2500 * time.Millisecond, 6 * time.Second, held},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			err := (&database{}).retry(t.Context(), func() error {
				if time.Since(began) < c.holds {
					return held
				}
				return nil
			})
			if took := time.Since(began); !errors.Is(err, c.want) || took < c.atLeast || took > c.atMost {
				t.Errorf("held for %s: %v after %s", c.holds, err, took)
			}
		})
	}
}

func TestAMigrationWhileServicesRunTakesNoStatementFromThem(t *testing.T) {
	s := opened(t, pgtest.Fresh(t))
	j := job.New("q", json.RawMessage("1")).WithName("a")
	if _, err := s.EnqueueJobs(t.Context(), []*job.Job{j}, nil); err != nil {
		t.Fatal(err)
	}
	claim := func() {
		t.Helper()
		if _, err := s.Claim(t.Context(), []store.Grant{{Lease: job.NewID(), Worker: "w", Limit: 1}}, false); err != nil {
			t.Error(err)
		}
	}
	claim()
	for _, statement := range []string{"ALTER TABLE workflows ADD COLUMN later integer", "ALTER TABLE jobs ADD COLUMN later integer", "ALTER TABLE leases ADD COLUMN later integer"} {
		if _, err := s.db.pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
		claim()
		if _, err := s.ExpireLeases(t.Context(), 10); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Job(t.Context(), j.ID); err != nil {
		t.Error(err)
	}
}

func TestARoundTripIsTakenForWhatCanTravelTogether(t *testing.T) {
	s := opened(t, strings.Replace(pgtest.URL(t), "pool_max_conns=4", "pool_max_conns=1", 1))
	trips := func(f func()) int64 {
		before := s.db.trips.Load()
		f()
		return s.db.trips.Load() - before
	}
	j := job.New("q", json.RawMessage("1")).WithName("a")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := trips(func() { _, err := s.EnqueueJobs(t.Context(), []*job.Job{j}, nil); must(err) }); n != 2 {
		t.Errorf("an enqueue takes %d", n)
	}
	var leases []store.Lease
	if n := trips(func() {
		var err error
		leases, err = s.Claim(t.Context(), []store.Grant{{Lease: job.NewID(), Worker: "w", Queues: []string{"q"}, Limit: 1}}, false)
		must(err)
	}); n != 3 {
		t.Errorf("a claim takes %d", n)
	}
	if n := trips(func() {
		_, err := s.Extend(t.Context(), []store.Beat{{Lease: leases[0].ID, Worker: "w"}})
		must(err)
	}); n != 2 {
		t.Errorf("a heartbeat takes %d", n)
	}
	if n := trips(func() {
		r, err := s.Resolve(t.Context(), []job.Outcome{{Fence: leases[0].Jobs[0].Fence, Kind: job.KindCompleted}})
		must(err)
		if r.Verdicts[0] != job.Committed {
			t.Errorf("the verdict is %s", r.Verdicts[0])
		}
	}); n != 2 {
		t.Errorf("a resolve takes %d", n)
	}
	if n := trips(func() { _, err := s.ExpireLeases(t.Context(), 10); must(err) }); n != 2 {
		t.Errorf("a look for expired leases takes %d", n)
	}
	if n := trips(func() { _, _, err := s.FireTimers(t.Context(), 10); must(err) }); n != 1 {
		t.Errorf("a look for timers takes %d", n)
	}
}

func TestThousandsOfJobsGoByCopy(t *testing.T) {
	s := opened(t, pgtest.URL(t))
	var jobs []*job.Job
	for i := range copyRows {
		jobs = append(jobs, job.New("q", json.RawMessage(`"\u0000"`)).WithName(fmt.Sprint(i)).WithDeadline(time.Hour))
	}
	var list []string
	s.db.trace = func(sql string) { list = append(list, sql) }
	_, err := s.EnqueueJobs(t.Context(), jobs, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.db.trace = nil
	for _, c := range copies {
		if !slices.Contains(list, c.sql) {
			t.Errorf("%q is not among what ran", c.sql)
		}
	}
	if _, err := s.EnqueueJobs(t.Context(), jobs, nil); !errors.Is(err, store.ErrExists) {
		t.Errorf("for the second time: %v", err)
	}
	rec, err := s.Job(t.Context(), jobs[7].ID)
	if err != nil || rec.Name != "7" || string(rec.Payload) != `"\u0000"` || rec.Status != job.Pending || rec.CreatedAt.IsZero() {
		t.Errorf("stored is %+v, %v", rec, err)
	}
}

// A transaction that holds locks of jobs must wait for no more of them.
func TestWhatFollowsFromAFailureWaitsForNobody(t *testing.T) {
	s := opened(t, pgtest.URL(t))
	jobs := []*job.Job{job.New("q", 1), job.New("q", 2), job.New("q", 3)}
	jobs[1].DependsOnJobs(jobs[0])
	jobs[2].DependsOnJobs(jobs[1])
	if _, err := s.EnqueueJobs(t.Context(), jobs, nil); err != nil {
		t.Fatal(err)
	}
	leases, err := s.Claim(t.Context(), []store.Grant{{Lease: job.NewID(), Worker: "w", Limit: 1}}, false)
	if err != nil || len(leases) != 1 {
		t.Fatal(leases, err)
	}
	outcomes := []job.Outcome{{Fence: leases[0].Jobs[0].Fence, Kind: job.KindFailed, Permanent: true, Error: "no"}}
	other, err := s.db.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(t.Context(), "SELECT FROM job_state WHERE id = $1 FOR UPDATE", jobs[2].ID[:]); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := s.Resolve(ctx, outcomes); code(err) != codeLockUnavailable {
		t.Errorf("while another holds a job behind it: %v", err)
	}
	if err := other.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Resolve(t.Context(), outcomes); err != nil || r.Verdicts[0] != job.Committed || len(r.Jobs) != 3 {
		t.Errorf("afterwards: %+v, %v", r, err)
	}
}

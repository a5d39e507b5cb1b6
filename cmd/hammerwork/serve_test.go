package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/hammerwork/hammerwork/internal/rigtest"
	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
	"github.com/hammerwork/hammerwork/internal/wire"
)

// cluster is services in processes of their own, on PostgreSQL and a
// nats-server.
type cluster struct {
	t        *testing.T
	database string
	natsURL  string
	server   string // of the API
	services map[string]*rigtest.Process
}

// serveSome starts a process that serves the named services.
func (c *cluster) serveSome(names ...string) *rigtest.Process {
	c.t.Helper()
	args := append([]string{"serve"}, names...)
	args = append(args, "--listen", strings.TrimPrefix(c.server, "http://"))
	p := rigtest.Start(c.t, []string{"HAMMERWORK_DATABASE_URL=" + c.database, "HAMMERWORK_NATS_URL=" + c.natsURL, "HAMMERWORK_AUTH=none"}, "hammerwork", args...)
	for _, name := range names {
		c.services[name] = p
	}
	return p
}

// newCluster starts the services, each group of names in a process.
func newCluster(t *testing.T, database, natsURL string, groups ...[]string) *cluster {
	t.Helper()
	c := &cluster{t: t, database: database, natsURL: natsURL, server: "http://" + rigtest.FreeAddress(t), services: map[string]*rigtest.Process{}}
	for _, names := range groups {
		c.serveSome(names...)
	}
	for _, p := range c.services {
		p.Says(`"msg":"ready"`)
	}
	return c
}

var (
	together = []string{"all"}
	apart    = [][]string{{"scheduler"}, {"resolver"}, {"dispatcher"}, {"api"}}
)

// workers starts workers and waits until they are connected.
func (c *cluster) workers(n int, args ...string) []*rigtest.Process {
	c.t.Helper()
	list := workers(c.t, n, append(args, "--nats-url", c.natsURL)...)
	for _, w := range list {
		w.Says("worker connected")
	}
	return list
}

func TestServeAllRunsWorkflowsInOrder(t *testing.T) {
	t.Parallel()
	natsURL, _ := rigtest.NATS(t, 0)
	c := newCluster(t, pgtest.Fresh(t), natsURL, together)
	c.workers(2)
	big := create(t, c.server, file(t, shape("mosaic", time.Millisecond, 48, 198, 3, 48, 3, 1)))
	small := create(t, c.server, file(t, shape("chain", 10*time.Millisecond, 1, 1, 1, 1, 1)))
	checkOrder(t, wait(t, c.server, big), 301)
	checkOrder(t, wait(t, c.server, small), 5)
}

func TestServicesInProcessesOfTheirOwnRunWorkflowsInOrder(t *testing.T) {
	t.Parallel()
	natsURL, _ := rigtest.NATS(t, 0)
	c := newCluster(t, pgtest.Fresh(t), natsURL, apart...)
	c.workers(2)
	big := create(t, c.server, file(t, shape("mosaic", time.Millisecond, 48, 198, 3, 48, 3, 1)))
	checkOrder(t, wait(t, c.server, big), 301)
	for name, p := range c.services {
		if code := p.Stop(); code != 0 {
			t.Errorf("%s ended with exit code %d", name, code)
		}
	}
}

func TestServeOnSQLiteTakesOnlyAllAndOnlyOnce(t *testing.T) {
	t.Parallel()
	natsURL, _ := rigtest.NATS(t, 0)
	url := "sqlite://" + t.TempDir() + "/hammerwork.db"
	common := []string{"--database-url", url, "--nats-url", natsURL, "--auth", "none"}
	_, stderr := call(t, 2, append([]string{"serve", "resolver"}, common...)...)
	if !strings.Contains(stderr, "hint: serve all") {
		t.Errorf("it said:\n%s", stderr)
	}
	c := newCluster(t, url, natsURL, together)
	c.workers(1)
	checkOrder(t, wait(t, c.server, create(t, c.server, file(t, shape("chain", time.Millisecond, 1, 1, 1)))), 3)
	_, stderr = call(t, 4, append([]string{"serve", "all", "--listen", "127.0.0.1:0"}, common...)...)
	if !strings.Contains(stderr, "another process uses the data") {
		t.Errorf("it said:\n%s", stderr)
	}
}

func TestASchemaOfAnotherVersionIsRefusedWithAHint(t *testing.T) {
	t.Parallel()
	natsURL, _ := rigtest.NATS(t, 0)
	database := pgtest.Empty(t)
	args := []string{"serve", "all", "--database-url", database, "--nats-url", natsURL, "--auth", "none", "--listen", "127.0.0.1:0"}
	_, stderr := call(t, 4, args...)
	if !strings.Contains(stderr, "schema is older") || !strings.Contains(stderr, "hammerwork migrate up") {
		t.Errorf("an empty database: it said:\n%s", stderr)
	}
	call(t, 0, "migrate", "up", "--database-url", database)
	call(t, 0, "migrate", "up", "--database-url", database)
	execSQL(t, database, "INSERT INTO hammerwork_migrations (version_id, is_applied) VALUES (999, true)")
	_, stderr = call(t, 4, args...)
	if !strings.Contains(stderr, "newer version") || !strings.Contains(stderr, "hint: use that version") {
		t.Errorf("a newer schema: it said:\n%s", stderr)
	}
}

func TestSettingsThatWouldLoseJobsAreRefused(t *testing.T) {
	t.Parallel()
	bad := []string{"--accept-ttl", "500ms", "--cancel-grace", "-1s", "--scheduler-reap-hold", "-1s", "--listen", "127.0.0.1:0", "--auth", "none"}
	for _, args := range [][]string{
		{"serve", "all", "--database-url", "postgres://u@127.0.0.1:1/d", "--nats-url", "nats://127.0.0.1:1"},
		{"dev"},
	} {
		_, stderr := call(t, 2, append(args, bad...)...)
		for _, setting := range []string{"accept_ttl is 500ms", "cancel_grace is -1s", "scheduler.reap_hold is -1s", "hint: "} {
			if !strings.Contains(stderr, setting) {
				t.Errorf("%s: it does not say %q:\n%s", args[0], setting, stderr)
			}
		}
	}
}

// The schema may change under a process that runs; its API says so.
func TestASchemaThatWentBackIsNamedByTheAPI(t *testing.T) {
	t.Parallel()
	natsURL, _ := rigtest.NATS(t, 0)
	database := pgtest.Fresh(t)
	c := newCluster(t, database, natsURL, together)
	for gone := ""; !strings.Contains(gone, "workers"); {
		gone, _ = call(t, 0, "migrate", "down", "--yes", "--database-url", database)
	}
	_, stderr := call(t, 4, "worker", "list", "--server", c.server)
	if !strings.Contains(stderr, "schema") || !strings.Contains(stderr, "hint: ") {
		t.Errorf("it said:\n%s", stderr)
	}
	resp, err := http.Get(c.server + "/api/v1/workers")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var p wire.Problem
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || p.Code != wire.CodeSchemaTooOld {
		t.Errorf("%v, %+v", err, p)
	}
}

// A process that lacks something is alive, says what, and goes on by itself.
func TestAnAbsentNATSAndAnAbsentDatabaseAreWaitedFor(t *testing.T) {
	t.Parallel()
	database := pgtest.Fresh(t)
	proxy := newProxy(t, database)
	proxy.refuse()
	natsPort := rigtest.FreePort(t)
	healthAddress, listen := rigtest.FreeAddress(t), rigtest.FreeAddress(t)
	p := rigtest.Start(t, []string{"HAMMERWORK_AUTH=none"}, "hammerwork", "serve", "all", "--database-url", proxy.url,
		"--nats-url", fmt.Sprintf("nats://127.0.0.1:%d", natsPort), "--listen", listen, "--health-listen", healthAddress)
	p.Says("waiting for the database")
	readiness(t, healthAddress, http.StatusServiceUnavailable, `"database":"not reachable"`)
	alive(t, healthAddress)
	proxy.allow()
	readiness(t, healthAddress, http.StatusServiceUnavailable, `"database":"ok"`)
	// The API needs NATS for hints only.
	rigtest.Until(t, "the API listens", func() bool {
		conn, err := net.Dial("tcp", listen)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	early := create(t, "http://"+listen, file(t, shape("early", time.Millisecond, 1, 1)))
	natsURL, server := rigtest.NATS(t, natsPort)
	p.Says(`"msg":"ready"`)
	readiness(t, healthAddress, http.StatusOK, `"status":"ready"`)
	c := &cluster{t: t, natsURL: natsURL, server: "http://" + listen}
	c.workers(1)
	checkOrder(t, wait(t, c.server, early), 2)
	checkOrder(t, wait(t, c.server, create(t, c.server, file(t, shape("first", time.Millisecond, 1, 1)))), 2)

	// Both go away and come back.
	server.Kill()
	readiness(t, healthAddress, http.StatusServiceUnavailable, `"nats":"not connected"`)
	proxy.refuse()
	readiness(t, healthAddress, http.StatusServiceUnavailable, `"database":"not reachable"`)
	alive(t, healthAddress)
	proxy.allow()
	rigtest.NATS(t, natsPort)
	readiness(t, healthAddress, http.StatusOK, `"status":"ready"`)
	checkOrder(t, wait(t, c.server, create(t, c.server, file(t, shape("second", time.Millisecond, 1, 1)))), 2)
	if code := p.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// A worker is no reason to fail either.
func TestAWorkerWaitsForNATS(t *testing.T) {
	t.Parallel()
	port := rigtest.FreePort(t)
	w := rigtest.Hammerwork(t, "worker", "--all-queues", "--nats-url", fmt.Sprintf("nats://127.0.0.1:%d", port))
	w.Says("worker connects")
	rigtest.NATS(t, port)
	w.Says("worker connected")
	if code := w.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// readiness asks /readyz until it answers as wanted.
func readiness(t *testing.T, address string, code int, part string) {
	t.Helper()
	rigtest.Until(t, fmt.Sprintf("/readyz says %d with %s", code, part), func() bool {
		resp, err := http.Get("http://" + address + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode == code && strings.Contains(string(body), part)
	})
}

func alive(t *testing.T, address string) {
	t.Helper()
	resp, err := http.Get("http://" + address + "/livez")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("/livez: %s", resp.Status)
	}
}

// The first signal lets running jobs end; the second does not wait for them.
func TestASecondSignalEndsAWorkerAtOnce(t *testing.T) {
	t.Parallel()
	server, _ := dev(t)
	for range 10 {
		w := workers(t, 1, "--server", server)[0]
		w.Says("worker connected")
		id := create(t, server, file(t, "name: long\njobs:\n  - {name: a, queue: q, payload: {sleep_ms: 600000}}\n"))
		running(t, server, id)
		w.Signal(syscall.SIGTERM)
		// What comes right after the first is taken for its echo.
		for ended := false; !ended; {
			w.Signal(syscall.SIGTERM)
			select {
			case <-w.Ended:
				ended = true
			case <-time.After(50 * time.Millisecond):
			}
		}
		switch code := w.Exit(); code {
		case 1:
			return
		case 0: // the job was claimed for it and had not reached it
		default:
			t.Fatalf("exit code %d", code)
		}
	}
	t.Error("it never ended at once")
}

// Each service has connections of its own.
func TestRequestsThatHoldEveryConnectionOfTheAPIKeepNoJobWaiting(t *testing.T) {
	t.Parallel()
	natsURL, _ := rigtest.NATS(t, 0)
	database := pgtest.Fresh(t)
	separator := "?"
	if strings.Contains(database, "?") {
		separator = "&"
	}
	c := newCluster(t, database+separator+"pool_max_conns=1", natsURL, together)
	c.workers(1)
	pool, err := pgxpool.New(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	lock, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec(t.Context(), "LOCK TABLE idempotency_keys IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	// Only requests with a key look at keys.
	id := create(t, c.server, file(t, shape("free", 500*time.Millisecond, 1, 1, 1, 1)))
	// The server gives a request up in the end. Then another one, that has waited
	// for the connection, holds it.
	over, end := context.WithCancel(t.Context())
	var held sync.WaitGroup
	defer held.Wait()
	defer lock.Rollback(context.Background()) // they end then
	defer end()
	for range 4 {
		held.Go(func() {
			for over.Err() == nil {
				try("job", "enqueue", "--queue", "q", "--idempotency-key", "k", "--server", c.server)
			}
		})
	}
	status := ""
	waits := func() (n int) {
		if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database AND datname = current_database() WHERE NOT granted").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	again(t, func() bool { return waits() > 0 })
	again(t, func() bool {
		if err := pool.QueryRow(t.Context(), "SELECT status FROM workflows WHERE id = $1", id).Scan(&status); err != nil {
			t.Fatal(err)
		}
		return status == "completed"
	})
	again(t, func() bool { return waits() > 0 }) // to the end
	end()
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}

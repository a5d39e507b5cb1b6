package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/hammerwork/hammerwork/internal/history/check"
	"github.com/hammerwork/hammerwork/internal/rigtest"
	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
	"github.com/hammerwork/hammerwork/internal/wire"
)

// leaseTTL is the lease in these tests: short, so that they are.
const leaseTTL = 4 * time.Second

// diary is a folder in which commands note that they started.
type diary struct{ path string }

func newDiary(t *testing.T) diary {
	return diary{filepath.Join(t.TempDir(), "log")}
}

// command is the payload of a job that notes its start with the time and its
// attempt, and then takes a while.
func (d diary) command(name, takes string) string {
	return fmt.Sprintf(`{command: [sh, -c, 'echo %s $HAMMERWORK_ATTEMPT $(date +%%s.%%N) >> %s; sleep %s; echo "{\"attempt\": $HAMMERWORK_ATTEMPT}"']}`, name, d.path, takes)
}

// starts returns the times at which a job started.
func (d diary) starts(t *testing.T, name string) []time.Time {
	t.Helper()
	text, err := os.ReadFile(d.path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var list []time.Time
	for line := range strings.Lines(string(text)) {
		var n string
		var attempt int
		var seconds, nanos int64
		if _, err := fmt.Sscanf(line, "%s %d %d.%d", &n, &attempt, &seconds, &nanos); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if n == name {
			list = append(list, time.Unix(seconds, nanos))
		}
	}
	return list
}

// started waits until a job has started n times.
func (d diary) started(t *testing.T, name string, n int) []time.Time {
	t.Helper()
	var list []time.Time
	rigtest.Until(t, fmt.Sprintf("%s has started %d times", name, n), func() bool {
		list = d.starts(t, name)
		return len(list) >= n
	})
	return list
}

// leasing starts services with a short lease that have been up for longer than
// one.
func leasing(t *testing.T, database, natsURL string, args ...string) *cluster {
	t.Helper()
	c := &cluster{t: t, database: database, natsURL: natsURL, server: "http://" + rigtest.FreeAddress(t), services: map[string]*rigtest.Process{}}
	p := rigtest.Start(t, []string{"HAMMERWORK_DATABASE_URL=" + database, "HAMMERWORK_NATS_URL=" + natsURL, "HAMMERWORK_AUTH=none"},
		"hammerwork", append([]string{"serve", "all", "--listen", strings.TrimPrefix(c.server, "http://"), "--lease-ttl", leaseTTL.String(), "--scheduler-reap-hold", leaseTTL.String()}, args...)...)
	p.Says(`"msg":"ready"`)
	return c
}

func TestTheJobsOfAKilledWorkerStartAgainWithinALeaseAndASecond(t *testing.T) {
	t.Parallel()
	natsURL, _ := rigtest.NATS(t, 0)
	database := pgtest.Fresh(t)
	past := newPast(t, database)
	c := leasing(t, database, natsURL, past.flag()...)
	d := newDiary(t)
	first := c.workers(1, past.flag("--handler", "exec")...)[0]
	id := create(t, c.server, file(t, fmt.Sprintf(`
name: killed
jobs:
  - {name: a, queue: q, payload: %s}
  - {name: b, queue: q, payload: %s}
  - {name: c, queue: q, depends_on: [a, b], payload: %s}
`, d.command("a", "8"), d.command("b", "8"), d.command("c", "0"))))
	d.started(t, "a", 1)
	d.started(t, "b", 1)
	accepted(t, c.database)
	c.workers(1, past.flag("--handler", "exec", "--name", "w2")...)
	worst := lateness(t)
	killed := time.Now()
	past.kills(first)
	for _, name := range []string{"a", "b"} {
		// The kill comes at any time between two heartbeats. Six processes in turn
		// have something to do until the job starts: the scheduler, the database,
		// the dispatcher, the database, the worker, the command.
		again := d.started(t, name, 2)[1].Sub(killed)
		if late := 6 * worst(); again > leaseTTL+time.Second+late {
			t.Errorf("%s started again %s after the kill; the lease is %s, and the machine is late by %s", name, again, leaseTTL, late)
		}
	}
	w := wait(t, c.server, id)
	for _, j := range w.Jobs {
		want := map[string]int{"a": 2, "b": 2, "c": 1}[j.Name]
		if j.Status != "completed" || j.Attempt != want || len(d.starts(t, j.Name)) != want {
			t.Errorf("%s is %s, attempt %d, started %d times; want %d", j.Name, j.Status, j.Attempt, len(d.starts(t, j.Name)), want)
		}
	}
	if r := past.judged(); r.Starts != 5 || len(r.Explained) != 2 || r.Reruns[check.WorkerKilled] != 2 {
		t.Errorf("the history tells of %d starts and the reruns %v", r.Starts, r.Explained)
	}
}

// accepted waits until the heartbeats have come that accept the jobs that run.
func accepted(t *testing.T, database string) {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	rigtest.Until(t, "every lease is accepted", func() bool {
		var open int
		if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM leases WHERE NOT accepted").Scan(&open); err != nil {
			t.Fatal(err)
		}
		return open == 0
	})
}

// lateness returns how long a process that does nothing takes at worst from now
// on: what a busy machine adds to each step of a way that is timed.
func lateness(t *testing.T) (worst func() time.Duration) {
	t.Helper()
	var longest atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for began := time.Now(); ctx.Err() == nil; began = time.Now() {
			// It fails when the test has ended, which is as well.
			_ = exec.CommandContext(ctx, "sleep", "0.1").Run()
			longest.Store(max(longest.Load(), int64(time.Since(began)-100*time.Millisecond)))
		}
	}()
	t.Cleanup(func() { stop(); <-ended })
	return func() time.Duration { return time.Duration(longest.Load()) }
}

func TestTheLateOutcomeOfASuspendedWorkerChangesNothing(t *testing.T) {
	t.Parallel()
	natsURL, _ := rigtest.NATS(t, 0)
	database := pgtest.Fresh(t)
	past := newPast(t, database)
	c := leasing(t, database, natsURL, past.flag()...)
	d := newDiary(t)
	first := c.workers(1, past.flag("--handler", "exec")...)[0]
	id := create(t, c.server, file(t, fmt.Sprintf("name: suspended\njobs:\n  - {name: a, queue: q, payload: %s}\n", d.command("a", "9"))))
	d.started(t, "a", 1)
	accepted(t, c.database)
	past.harness.Suspended(first.PID())
	first.Signal(syscall.SIGSTOP)
	c.workers(1, past.flag("--handler", "exec", "--name", "w2")...)
	w := wait(t, c.server, id)
	before := w.Jobs[0]
	if before.Status != "completed" || before.Attempt != 2 || before.Worker != "w2" {
		t.Fatalf("the second worker made of it: %+v, result %s", before, before.Result)
	}
	var result struct{ Attempt int }
	decode(t, string(before.Result), &result)
	if result.Attempt != 2 {
		t.Errorf("the result is that of attempt %d", result.Attempt)
	}
	first.Signal(syscall.SIGCONT)
	past.harness.Resumed(first.PID())
	// It finds out that its lease is lost, and goes on working.
	second := create(t, c.server, file(t, "name: after\njobs:\n  - {name: x, queue: q, payload: {command: [\"true\"]}}\n"))
	wait(t, c.server, second)
	if code := first.Stop(); code != 0 {
		t.Errorf("the first worker ended with exit code %d", code)
	}
	if after := show(t, c.server, id).Jobs[0]; !same(before, after) {
		t.Errorf("the late outcome changed the job:\n%+v\n%+v", before, after)
	}
	if n := len(d.starts(t, "a")); n != 2 {
		t.Errorf("the job started %d times", n)
	}
	if r := past.judged(); r.Reruns[check.WorkerHalted] != 1 || len(r.Explained) != 1 {
		t.Errorf("the history tells of the reruns %v", r.Explained)
	}
}

func same(a, b wire.Job) bool {
	return a.Status == b.Status && a.Attempt == b.Attempt && a.Worker == b.Worker && string(a.Result) == string(b.Result) && a.FinishedAt.Equal(*b.FinishedAt)
}

// NATS comes back empty, on another port of those that everybody was told.
func TestNATSThatComesBackElsewhereCostsNoJobAnotherRun(t *testing.T) {
	t.Parallel()
	one, other := rigtest.FreePort(t), rigtest.FreePort(t)
	both := fmt.Sprintf("nats://127.0.0.1:%d,nats://127.0.0.1:%d", one, other)
	_, server := rigtest.NATS(t, one)
	c := newCluster(t, pgtest.Fresh(t), both, together)
	c.workers(2, "--concurrency", "5")
	id := create(t, c.server, file(t, shape("moved", 300*time.Millisecond, 20, 20, 20, 1)))
	running(t, c.server, id)
	server.Kill()
	rigtest.NATS(t, other)
	checkOrder(t, wait(t, c.server, id), 61)
}

// Heartbeats cannot come through, and the workers live.
func TestNATSThatIsAwayForLongerThanALeaseCostsNoJobAnotherRun(t *testing.T) {
	t.Parallel()
	port := rigtest.FreePort(t)
	natsURL, server := rigtest.NATS(t, port)
	c := leasing(t, pgtest.Fresh(t), natsURL, "--scheduler-reap-hold", (3 * leaseTTL).String()) // a slow machine's heartbeats come late
	d := newDiary(t)
	c.workers(1, "--handler", "exec")
	id := create(t, c.server, file(t, fmt.Sprintf("name: away\njobs:\n  - {name: a, queue: q, payload: %s}\n", d.command("a", "15"))))
	d.started(t, "a", 1)
	accepted(t, c.database)
	server.Kill()
	<-time.After(2 * leaseTTL)
	rigtest.NATS(t, port)
	w := wait(t, c.server, id)
	if j := w.Jobs[0]; j.Status != "completed" || j.Attempt != 1 || len(d.starts(t, "a")) != 1 {
		t.Errorf("it is %s, attempt %d, started %d times", j.Status, j.Attempt, len(d.starts(t, "a")))
	}
}

// What was committed without anybody being told happens once; what was not
// happens after all.
func TestCutsOfTheDatabaseConnectionAtACommitLoseAndRepeatNothing(t *testing.T) {
	t.Parallel()
	natsURL, _ := rigtest.NATS(t, 0)
	p := newProxy(t, pgtest.Fresh(t))
	c := newCluster(t, p.url, natsURL, together)
	c.workers(2, "--concurrency", "10")
	path := file(t, shape("cut", 20*time.Millisecond, 10, 20, 20, 20, 1))
	p.cutCommits(true)
	var ids []string
	for i := range 3 {
		key := fmt.Sprintf("order-%d", i)
		ids = append(ids, createOnce(t, c.server, path, key))
	}
	for _, id := range ids {
		again(t, func() bool { _, ok := try("workflow", "wait", id, "--server", c.server); return ok })
	}
	p.cutCommits(false)
	for _, id := range ids {
		checkOrder(t, show(t, c.server, id), 71)
	}
	before, behind := p.made()
	t.Logf("connections cut: %d before the commit got to the server, %d behind it", before, behind)
	if before < 5 || behind < 5 {
		t.Errorf("only %d and %d cuts", before, behind)
	}
	out, _ := call(t, 0, "workflow", "list", "--server", c.server, "-o", "json")
	var list wire.List[wire.WorkflowItem]
	decode(t, out, &list)
	if len(list.Items) != 3 {
		t.Errorf("%d workflows are stored, want 3", len(list.Items))
	}
}

// createOnce enqueues a file under a key, again and again until there is an
// answer, as a careful client does.
func createOnce(t *testing.T, server, path, key string) string {
	t.Helper()
	var created wire.Created
	again(t, func() bool {
		out, ok := try("workflow", "create", "--file", path, "--idempotency-key", key, "--server", server, "-o", "json")
		if ok {
			decode(t, out, &created)
		}
		return ok
	})
	return created.ID
}

// again does something until it succeeds.
func again(t *testing.T, do func() bool) {
	t.Helper()
	rigtest.Until(t, "it succeeds", do)
}

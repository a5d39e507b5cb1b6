package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/rigtest"
	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
)

// What was under way when the database hung goes on when it does: also a look
// for expired leases, before the heartbeats that were held up with it.
func TestADatabaseThatHangsForLongerThanALeaseCostsNoJobAnotherRun(t *testing.T) {
	t.Parallel()
	natsURL, _ := rigtest.NATS(t, 0)
	p := newProxy(t, pgtest.Fresh(t))
	c := leasing(t, p.url, natsURL, "--scheduler-reap-hold", (3 * leaseTTL).String()) // a slow machine's heartbeats come late
	d := newDiary(t)
	c.workers(2, "--handler", "exec", "--concurrency", "6")
	var b strings.Builder
	b.WriteString("name: hung\njobs:\n")
	for i := range 12 {
		fmt.Fprintf(&b, "  - {name: j%d, queue: q, payload: %s}\n", i, d.command(fmt.Sprintf("j%d", i), "14"))
	}
	id := create(t, c.server, file(t, b.String()))
	for i := range 12 {
		d.started(t, fmt.Sprintf("j%d", i), 1)
	}
	accepted(t, c.database)
	p.freeze()
	<-time.After(2 * leaseTTL)
	p.thaw()
	checkOrder(t, wait(t, c.server, id), 12)
	for i := range 12 {
		if n := len(d.starts(t, fmt.Sprintf("j%d", i))); n != 1 {
			t.Errorf("j%d started %d times", i, n)
		}
	}
}

// The same when it is away, and a scheduler starts meanwhile that remembers
// nothing.
func TestASchedulerThatStartsDuringAnOutageCostsNoJobAnotherRun(t *testing.T) {
	t.Parallel()
	natsURL, _ := rigtest.NATS(t, 0)
	p := newProxy(t, pgtest.Fresh(t))
	c := leasing(t, p.url, natsURL, "--scheduler-reap-hold", (3 * leaseTTL).String()) // a slow machine's heartbeats come late
	d := newDiary(t)
	c.workers(1, "--handler", "exec")
	id := create(t, c.server, file(t, fmt.Sprintf("name: away\njobs:\n  - {name: a, queue: q, payload: %s}\n", d.command("a", "15"))))
	d.started(t, "a", 1)
	accepted(t, c.database)
	p.refuse()
	late := rigtest.Start(t, []string{"HAMMERWORK_DATABASE_URL=" + p.url, "HAMMERWORK_NATS_URL=" + natsURL}, "hammerwork",
		"serve", "scheduler", "--lease-ttl", leaseTTL.String(), "--scheduler-reap-hold", (3 * leaseTTL).String())
	late.Says("waiting for the database")
	<-time.After(2 * leaseTTL)
	p.allow()
	late.Says(`"msg":"ready"`)
	checkOrder(t, wait(t, c.server, id), 1)
	if n := len(d.starts(t, "a")); n != 1 {
		t.Errorf("it started %d times", n)
	}
}

func TestEveryServiceEndsInTimeWhileTheDatabaseHangs(t *testing.T) {
	t.Parallel()
	natsURL, _ := rigtest.NATS(t, 0)
	p := newProxy(t, pgtest.Fresh(t))
	c := newCluster(t, p.url, natsURL, apart...)
	c.workers(1)
	create(t, c.server, file(t, shape("cut off", 50*time.Millisecond, 4, 4, 4, 4, 4, 4)))
	p.freeze()
	<-time.After(2 * time.Second) // every service has asked it something
	for _, s := range c.services {
		s.Signal(syscall.SIGTERM)
	}
	const stopTimeout = 30 * time.Second // the default
	began := time.Now()
	for name, s := range c.services {
		s.Exit()
		if took := time.Since(began); took > stopTimeout+10*time.Second {
			t.Errorf("%s ended after %s", name, took)
		}
	}
}

func TestASecondSignalEndsAServiceAtOnce(t *testing.T) {
	t.Parallel()
	natsURL, _ := rigtest.NATS(t, 0)
	p := newProxy(t, pgtest.Fresh(t))
	c := newCluster(t, p.url, natsURL, []string{"resolver"})
	p.freeze()
	s := c.services["resolver"]
	<-time.After(1500 * time.Millisecond) // it has asked for its share
	s.Signal(syscall.SIGTERM)
	// What comes right after the first is taken for its echo.
	for ended := false; !ended; {
		s.Signal(syscall.SIGTERM)
		select {
		case <-s.Ended:
			ended = true
		case <-time.After(50 * time.Millisecond):
		}
	}
	s.Says("stopped at once")
	if code := s.Exit(); code != 1 {
		t.Errorf("exit code %d", code)
	}
}

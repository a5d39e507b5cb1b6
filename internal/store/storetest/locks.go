package storetest

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// lockOrder is the order in which a transaction may come to lock these tables.
var lockOrder = []string{"workflows", "leases", "job_state"}

var (
	spaces    = regexp.MustCompile(`(--[^\n]*\n|\s)+`)
	ordered   = regexp.MustCompile(`(?i)ORDER BY (\w+\.)?id\b`)
	locking   = regexp.MustCompile(`(?i)\bFOR (NO KEY )?UPDATE\b`)
	writing   = regexp.MustCompile(`(?i)\b(INSERT INTO|UPDATE|DELETE FROM)\b`)
	skipping  = regexp.MustCompile(`(?i)\bSKIP LOCKED\b`)
	beginning = regexp.MustCompile(`(?i)^(BEGIN|START TRANSACTION)`)
	ending    = regexp.MustCompile(`(?i)^(COMMIT|ROLLBACK)`)
)

// locks reports whether a statement locks rows of a table: it changes them,
// or selects them for update.
func locks(statement, table string) bool {
	changes := regexp.MustCompile(`(?i)\b(UPDATE|DELETE FROM) ` + table + `\b`)
	reads := regexp.MustCompile(`(?i)\b(FROM|JOIN) ` + table + `\b`)
	return changes.MatchString(statement) || locking.MatchString(statement) && reads.MatchString(statement)
}

// transactions splits what a store ran at the beginnings and ends of its
// transactions, and leaves out those that only read.
func transactions(statements []string) [][]string {
	var all [][]string
	var current []string
	closeCurrent := func() {
		if slices.ContainsFunc(current, writing.MatchString) {
			all = append(all, current)
		}
		current = nil
	}
	for _, s := range statements {
		s = strings.TrimSpace(spaces.ReplaceAllString(s, " "))
		if beginning.MatchString(s) {
			closeCurrent()
		}
		current = append(current, s)
		if ending.MatchString(s) {
			closeCurrent()
		}
	}
	closeCurrent()
	return all
}

// checkLocks holds what f runs to the lock order.
func (r *rig) checkLocks(f func()) {
	r.Helper()
	all := transactions(r.Statements(f))
	if len(all) == 0 {
		r.Fatalf("the harness saw no transaction that writes")
	}
	for _, statements := range all {
		r.checkLockOrder(statements)
	}
}

// checkLockOrder holds one transaction to the lock order. A transaction that
// begins as the only writer holds every lock there is.
func (r *rig) checkLockOrder(statements []string) {
	r.Helper()
	if strings.EqualFold(statements[0], "BEGIN IMMEDIATE") {
		return
	}
	if !slices.ContainsFunc(statements, locking.MatchString) {
		r.Errorf("no statement locks what the transaction changes:\n%s", strings.Join(statements, "\n"))
	}
	reached := 0 // the statement that first locks a row of an earlier table
	for i, table := range lockOrder {
		first := slices.IndexFunc(statements, func(s string) bool { return locks(s, table) })
		if first < 0 {
			continue
		}
		if first < reached {
			r.Errorf("%s is locked too late; the order is %v:\n%s", lockOrder[i-1], lockOrder, strings.Join(statements, "\n"))
		}
		reached = first
		for _, s := range statements {
			if locking.MatchString(s) && locks(s, table) && !skipping.MatchString(s) && !ordered.MatchString(s) {
				r.Errorf("rows of %s are not locked in the order of their ids:\n%s", table, s)
			}
		}
	}
}

func testLocks(t *testing.T, open Opener) {
	check(t, open, "resolving locks workflows, then leases, then jobs, each by id", func(r *rig) {
		r.start(fan(3)...)
		r.checkLocks(func() { r.complete(r.claimOne()) })
		r.checkLocks(func() { r.complete(r.claimAll()...) })
	})

	check(t, open, "resolving failures locks workflows, then leases, then jobs, each by id", func(r *rig) {
		r.start(append(fan(3), task("free"))...)
		got := r.claimNamed("first", "free")
		r.checkLocks(func() { r.commit(failed(got["free"])) })
		r.checkLocks(func() { r.commit(failedForGood(got["first"])) })
	})

	check(t, open, "a cancel locks workflows, then leases, then jobs, each by id", func(r *rig) {
		id := r.start(fan(3)...)
		r.claimOne()
		r.checkLocks(func() { r.cancel(id) })
	})

	check(t, open, "a job's cancel locks workflows, then leases, then jobs, each by id", func(r *rig) {
		jobs := append(fan(3), task("free"))
		r.start(jobs...)
		r.checkLocks(func() { r.cancelJob(jobs[5].ID) })
		c := r.claimOne()
		r.checkLocks(func() { r.cancelJob(c.Fence.Job) })
		r.Advance(grace + slack)
		r.checkLocks(func() { r.fire() })
	})

	check(t, open, "timers lock workflows, then leases, then jobs, each by id", func(r *rig) {
		w := graph(task("delayed").WithDelay(time.Hour), task("late").WithDeadline(time.Hour), task("held")).WithTimeout(time.Hour)
		r.enqueue(w)
		r.claim(1)
		cancelled := r.start(task("a"), task("b"))
		r.claim(2)
		r.cancel(cancelled)
		r.Advance(2 * time.Hour)
		r.checkLocks(func() { r.fire() })
	})

	check(t, open, "expiry locks workflows, then leases, then jobs, each by id", func(r *rig) {
		r.start(fanIn(3)...)
		r.claimInLeases(3)
		r.Advance(acceptTTL + slack)
		r.checkLocks(func() { r.expire() })
	})

	check(t, open, "edge checks lock workflows, then leases, then jobs, each by id", func(r *rig) {
		parent := task("parent")
		r.enqueueJobs(parent)
		r.runToEnd()
		r.start(task("child", parent))
		r.checkLocks(func() { r.checkEdges() })
	})

	check(t, open, "batches in opposite orders don't hold each other up", func(r *rig) {
		for round := range 20 {
			one, two := r.start(fanIn(6)...), r.start(fanIn(6)...)
			claimed := r.claimAll()
			forth := endings(claimed, completed1)
			back := slices.Clone(forth)
			slices.Reverse(back)
			batches := [][]job.Outcome{forth, back}
			r.each(2, func(i int, s store.Store) error {
				_, err := s.Resolve(r.ctx, batches[i])
				return err
			})
			r.equal("jobs run", r.runToEnd(), 2)
			r.wantWorkflow(one, "completed")
			r.wantWorkflow(two, "completed")
			if r.Failed() {
				r.Fatalf("in round %d", round)
			}
		}
	})
}

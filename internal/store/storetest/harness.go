package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
)

// Harness is one empty, migrated database and what the suite needs beside the
// store to look at it. Nothing else uses the database.
type Harness interface {
	// Store is the store under test.
	Store() store.Store
	// Second is another, independent handle on the same database with the same
	// options: the other one of two of anything.
	Second() store.Store
	// Advance moves the database's clock by d. Where the clock cannot be set it
	// moves every stored time back by d instead.
	Advance(d time.Duration)
	// Now is the database's clock, in the terms of the times stored now.
	Now() time.Time
	// Query runs a SELECT with ? for each argument and returns its rows by
	// lower-case column name.
	Query(query string, args ...any) ([]map[string]any, error)
	// Exec runs a statement that changes rows, with ? for each argument: what no
	// call of a store does.
	Exec(query string, args ...any) error
	// InTx runs f in a transaction of a user's, on a connection that has none of
	// the store's settings, and commits it if f returns nil.
	InTx(f func(tx CallerTx) error) error
	// Before calls hook before each statement of Store, with the statement's
	// name, which is the same in every dialect, and its SQL, until it is set
	// anew; nil ends it. exec changes rows in the statement's own transaction:
	// what another transaction does that a lock did not hold off.
	Before(hook func(name, sql string, exec func(query string, args ...any)))
	// Statements returns what Store ran while f ran, in order. The beginning
	// and the end of each transaction are among them as BEGIN, BEGIN IMMEDIATE,
	// COMMIT and ROLLBACK.
	Statements(f func()) []string
	// BreakCommit makes the next commit of Store return an error.
	BreakCommit(mode BreakMode)
}

// BreakMode says what becomes of a transaction whose commit is broken.
type BreakMode int

// The ways a commit breaks. The caller cannot tell them apart.
const (
	CommitHappened BreakMode = iota // the transaction is committed
	CommitRefused                   // the transaction is rolled back
	CommitWorks                     // it does not break: takes back what was asked for
)

// Opener makes a fresh Harness for one test. It registers its own clean-up
// with t.
type Opener func(t *testing.T, o store.Options) Harness

// Times of every test that doesn't choose its own: far longer than a test
// takes, and far enough from each other.
const (
	leaseTTL  = 30 * time.Minute
	acceptTTL = 10 * time.Minute
	grace     = 20 * time.Minute
	slack     = time.Minute // what the clock of a real server may add while a test runs
)

// Run holds a store to the contract. open is called once for each test.
func Run(t *testing.T, open func(t *testing.T, o store.Options) Harness) {
	for _, part := range []struct {
		name string
		run  func(*testing.T, Opener)
	}{
		{"enqueue", testEnqueue},
		{"digest", testDigest},
		{"building", testBuilding},
		{"barrier", testBarrier},
		{"wide", testWide},
		{"wide parent", testWideParent},
		{"claim", testClaim},
		{"lease", testLease},
		{"expiry", testExpiry},
		{"resolve", testResolve},
		{"fence", testFence},
		{"graph", testGraph},
		{"condition", testCondition},
		{"statements", testStatements},
		{"retry", testRetry},
		{"failure", testFailure},
		{"cancel", testCancel},
		{"canceljob", testCancelJob},
		{"retryjob", testRetryJob},
		{"spawn", testSpawn},
		{"spawn again", testSpawnAgain},
		{"spawn names", testSpawnNames},
		{"newpayload", testNewPayload},
		{"timer", testTimer},
		{"deadline", testDeadline},
		{"edgecheck", testEdgeCheck},
		{"parents", testParents},
		{"list", testList},
		{"queues", testQueues},
		{"pause", testPause},
		{"weights", testWeights},
		{"inherit", testInherit},
		{"events", testEvents},
		{"schedules", testSchedules},
		{"explain", testExplain},
		{"workers", testWorkers},
		{"partitions", testPartitions},
		{"idempotency", testIdempotency},
		{"callertx", testCallerTx},
		{"progress", testProgress},
		{"text", testText},
		{"definition", testDefinition},
		{"time", testTime},
		{"purge", testPurge},
		{"view", testView},
		{"concurrency", testConcurrency},
		{"crowd", testCrowd},
		{"counters", testCounters},
		{"locks", testLocks},
		{"commit", testCommit},
		{"model", testModel},
		{"modelparts", testModelOfParts},
		{"reopen", testReopen},
		{"steer", testSteer},
		{"gate", testGate},
		{"batch", testBatch},
		{"map", testMap},
		{"within", testWithin},
		{"parts storm", testPartsStorm},
		{"guards", testGuards},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, open) })
	}
}

// RunCallerTx is the part of Run about callers' transactions.
func RunCallerTx(t *testing.T, open func(t *testing.T, o store.Options) Harness) {
	testCallerTx(t, open)
}

// rig is one test's store with the helpers of this package. Its methods end
// the test on any error that the test didn't ask for; they belong to the
// test's own goroutine.
type rig struct {
	*testing.T
	Harness
	ctx context.Context
	s   store.Store
}

// check runs one test of the contract with the suite's times.
func check(t *testing.T, open Opener, sentence string, f func(r *rig)) {
	checkWith(t, open, store.Options{}, sentence, f)
}

// checkWith is check with options of the test's own; the suite's times fill
// the fields that are zero.
func checkWith(t *testing.T, open Opener, o store.Options, sentence string, f func(r *rig)) {
	t.Run(sentence, func(t *testing.T) {
		t.Parallel() // each has a database of its own
		if o.LeaseTTL == 0 {
			o.LeaseTTL = leaseTTL
		}
		if o.AcceptTTL == 0 {
			o.AcceptTTL = acceptTTL
		}
		if o.CancelGrace == 0 {
			o.CancelGrace = grace
		}
		h := open(t, o)
		f(&rig{T: t, Harness: h, ctx: t.Context(), s: h.Store()})
	})
}

package sqlstore

import (
	"context"
	"time"
)

// observed tells how long each statement takes, and each transaction to begin:
// on SQLite it waits for the one write lock there. Statements do not travel
// together then, so that each has a time of its own.
type observed struct {
	Database
	observe func(statement string, took time.Duration)
}

// Write implements Database.
func (o observed) Write(ctx context.Context, f func(Tx) error) error {
	return o.Database.Write(ctx, o.within(f))
}

// Read implements Database.
func (o observed) Read(ctx context.Context, f func(Tx) error) error {
	return o.Database.Read(ctx, o.within(f))
}

func (o observed) within(f func(Tx) error) func(Tx) error {
	called, begun := time.Now(), false
	return func(tx Tx) error {
		if !begun { // later it runs again
			begun = true
			o.observe("begin", time.Since(called))
		}
		return f(observedTx{tx, o.observe})
	}
}

type observedTx struct {
	Tx
	observe func(statement string, took time.Duration)
}

// time runs what f queues and tells how long that took.
func (t observedTx) time(name string, f func()) {
	if t.Flush() != nil {
		return
	}
	began := time.Now()
	f()
	if t.Flush() == nil {
		t.observe(name, time.Since(began))
	}
}

// QueueQuery implements Tx.
func (t observedTx) QueueQuery(name string, scan func(Row) error, args ...any) {
	t.time(name, func() { t.Tx.QueueQuery(name, scan, args...) })
}

// QueueExec implements Tx.
func (t observedTx) QueueExec(name string, args ...any) {
	t.time(name, func() { t.Tx.QueueExec(name, args...) })
}

// QueueGuarded implements Tx.
func (t observedTx) QueueGuarded(name string, n int, args ...any) {
	t.time(name, func() { t.Tx.QueueGuarded(name, n, args...) })
}

// Query implements Tx.
func (t observedTx) Query(name string, scan func(Row) error, args ...any) (err error) {
	t.QueueQuery(name, scan, args...)
	return t.Flush()
}

// Exec implements Tx.
func (t observedTx) Exec(name string, args ...any) (changed int64, err error) {
	err = t.Flush()
	t.time(name, func() { changed, err = t.Tx.Exec(name, args...) })
	return changed, err
}

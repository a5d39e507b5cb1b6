package sqlstore

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/hammerwork/hammerwork/internal/store"
)

// Database runs named statements of one dialect.
type Database interface {
	// Write runs f in one transaction that takes its locks as it goes (READ
	// COMMITTED) or all at once, commits when f returns nil and rolls back
	// otherwise. f runs again from the start after a conflict with another
	// transaction, so it must not keep anything from an earlier run.
	Write(ctx context.Context, f func(Tx) error) error
	// Read runs f on one consistent snapshot, without blocking writers.
	Read(ctx context.Context, f func(Tx) error) error
	// Ready is store.Store's.
	Ready(ctx context.Context) error
	Close() error
}

// Tx is a running transaction. What is queued travels together: at the latest
// with Flush, Query, Exec, Now or the end of the transaction, in the order in
// which it was queued. After an error nothing runs any more, and Flush returns
// that error.
//
// A []job.ID or a slice of structs among args is a bulk parameter, which each
// dialect encodes in its own way.
type Tx interface {
	// QueueQuery queues a statement; scan is called for each row of its answer.
	QueueQuery(name string, scan func(Row) error, args ...any)
	// QueueExec queues a statement that changes any number of rows.
	QueueExec(name string, args ...any)
	// QueueGuarded queues a statement that must change n rows. If it does not,
	// the transaction fails, also when it is on its way to its commit.
	QueueGuarded(name string, n int, args ...any)
	// QueueNow queues a read of the database's clock, in microseconds since
	// 1970 UTC.
	QueueNow(now *int64)
	// Flush runs what is queued.
	Flush() error

	// Query is QueueQuery and Flush.
	Query(name string, scan func(Row) error, args ...any) error
	// Exec runs a statement at once and returns how many rows it changed.
	Exec(name string, args ...any) (int64, error)
	// Now is QueueNow and Flush.
	Now() (int64, error)
}

// Row is one row of an answer.
type Row interface{ Scan(dest ...any) error }

// ErrGuard says that a guarded statement changed other rows than those read
// under lock. It rolls the transaction back; nothing is half done.
var ErrGuard = errors.New("a guarded statement changed other rows than expected")

// ErrConflict says that another transaction came in between. A Database runs
// the whole transaction again.
var ErrConflict = errors.New("another transaction came in between")

// Store implements store.Store on a Database.
type Store struct {
	db    Database
	opts  store.Options
	turns turns

	failedEdge failedEdge
	// schedules that the last look left to others, since their cron or zone is not
	// known here: due ones, those with ticks, those with backfills
	undecided, unmade, unfilled atomic.Int64
}

var _ store.Store = (*Store)(nil)

// New returns a store on db.
func New(db Database, opts store.Options) *Store {
	if opts.Observe != nil {
		db = observed{db, opts.Observe}
	}
	opts = opts.WithDefaults()
	return &Store{db: db, opts: opts, turns: turns{random: opts.Random}}
}

// Ready implements store.Store.
func (s *Store) Ready(ctx context.Context) error { return s.db.Ready(ctx) }

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

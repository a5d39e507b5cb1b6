package sqlstore

import (
	"context"
	"errors"

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

// Tx is a running transaction.
type Tx interface {
	// Exec runs a statement and returns how many rows it changed.
	Exec(name string, args ...any) (int64, error)
	// Query calls scan for each row of a statement's answer.
	Query(name string, scan func(Row) error, args ...any) error
	// Now reads the database's clock, in microseconds since 1970 UTC.
	Now() (int64, error)
}

// Row is one row of an answer.
type Row interface{ Scan(dest ...any) error }

// errGuard says that a guarded statement changed other rows than those read
// under lock. It rolls the transaction back; nothing is half done.
var errGuard = errors.New("a guarded statement changed other rows than expected")

// Store implements store.Store on a Database.
type Store struct {
	db   Database
	opts store.Options
}

var _ store.Store = (*Store)(nil)

// New returns a store on db.
func New(db Database, opts store.Options) *Store {
	return &Store{db: db, opts: opts.WithDefaults()}
}

// Ready implements store.Store.
func (s *Store) Ready(ctx context.Context) error { return s.db.Ready(ctx) }

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

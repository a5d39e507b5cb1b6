package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/migrations"
)

// Store is a store in a SQLite file.
type Store struct {
	*sqlstore.Store
	db *database
}

func init() {
	// The seed page's SQL asks for NOW(). The view shows times as this text.
	sqlite.MustRegisterScalarFunction("NOW", 0, func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
		return time.Now().UTC().Format("2006-01-02 15:04:05.000000"), nil
	})
}

// Open opens the file at path, creates it if need be and brings its schema up
// to date. Several handles, also of other processes, may be open at once.
func Open(ctx context.Context, path string, opts store.Options) (*Store, error) {
	return openStore(ctx, path, opts, "FULL")
}

// OpenVolatile is Open without waiting for the disk: commits survive the death
// of the process, not of the machine. It is for simulations and tests.
func OpenVolatile(ctx context.Context, path string, opts store.Options) (*Store, error) {
	return openStore(ctx, path, opts, "OFF")
}

func openStore(ctx context.Context, path string, opts store.Options, synchronous string) (*Store, error) {
	opts = opts.WithDefaults()
	if err := private(path); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db := &database{now: opts.Now}
	var err error
	if db.writer.DB, err = open(path, "immediate", synchronous, 1); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if db.reader.DB, err = open(path, "deferred", synchronous, 4); err != nil {
		db.writer.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := db.migrate(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("migrate %s: %w", path, err)
	}
	return &Store{Store: sqlstore.New(db, opts), db: db}, nil
}

// private makes the file, for its owner only: payloads are nobody else's
// business. SQLite gives its other files the same mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func open(path, txlock, synchronous string, connections int) (*sql.DB, error) {
	q := url.Values{"_txlock": {txlock}, "_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(" + synchronous + ")", "foreign_keys(1)", "temp_store(MEMORY)", "cache_size(-32768)",
	}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// pool is the connections of one kind, with the statements prepared that ran
// before: compiling one costs more than running it, and most runs of a program
// need few of them.
type pool struct {
	*sql.DB
	prepared sync.Map // name → *sql.Stmt
}

// prepare prepares statements for the transactions to come. Where that fails
// the next one tries again.
func (p *pool) prepare(ctx context.Context, names []string) {
	for _, name := range names {
		if _, known := p.prepared.Load(name); known {
			continue
		}
		s, err := p.PrepareContext(ctx, statements[name])
		if err != nil {
			return
		}
		if _, known := p.prepared.LoadOrStore(name, s); known {
			s.Close()
		}
	}
}

// database runs the statements: one connection writes, a few read.
type database struct {
	writer, reader pool
	now            func() time.Time

	// Set by tests only. trace sees every statement before it runs;
	// breakCommit may make a commit fail, before or after it happens.
	trace       func(sql string)
	breakCommit func(commit func() error) error
}

func (d *database) migrate(ctx context.Context) error {
	p, err := sqlstore.NewProvider(goose.DialectSQLite3, d.writer.DB, migrations.SQLite())
	if err != nil {
		return err
	}
	_, err = sqlstore.MigrateUp(ctx, p)
	return err
}

// Ready implements sqlstore.Database. The schema was brought up to date when
// the file was opened.
func (d *database) Ready(ctx context.Context) error { return d.reader.PingContext(ctx) }

// Close closes all connections.
func (d *database) Close() error {
	return errors.Join(d.writer.Close(), d.reader.Close())
}

// Write implements sqlstore.Database: BEGIN IMMEDIATE takes the one write
// lock, so transactions run one after the other.
func (d *database) Write(ctx context.Context, f func(sqlstore.Tx) error) error {
	return d.retry(ctx, func() error { return d.run(ctx, &d.writer, "BEGIN IMMEDIATE", f) })
}

// Read implements sqlstore.Database.
func (d *database) Read(ctx context.Context, f func(sqlstore.Tx) error) error {
	return d.retry(ctx, func() error { return d.run(ctx, &d.reader, "BEGIN", f) })
}

func (d *database) run(ctx context.Context, p *pool, begin string, f func(sqlstore.Tx) error) error {
	d.tracing(begin)
	t, err := p.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	running := &tx{ctx: ctx, d: d, p: p, t: t}
	err = f(running)
	if err == nil {
		err = running.Flush()
	}
	err = d.end(p, t, err)
	p.prepare(ctx, running.unprepared) // the connection is free again
	return err
}

// end commits a transaction, or takes it back after an error.
func (d *database) end(p *pool, t *sql.Tx, err error) error {
	if err != nil {
		d.tracing("ROLLBACK")
		return errors.Join(err, t.Rollback())
	}
	d.tracing("COMMIT")
	commit := t.Commit
	if d.breakCommit != nil && p == &d.writer {
		commit = func() error { return d.breakCommit(t.Commit) }
	}
	if err := commit(); err != nil {
		// Committed or not: without a transaction Rollback does nothing.
		_ = t.Rollback()
		return err
	}
	return nil
}

func (d *database) tracing(sql string) {
	if d.trace != nil {
		d.trace(sql)
	}
}

const (
	conflictTries = 8
	conflictDelay = 10 * time.Millisecond
)

// retry runs f again, a little later each time, while another process holds
// the file.
func (d *database) retry(ctx context.Context, f func() error) error {
	for try := 1; ; try++ {
		err := f()
		if err == nil || !busy(err) || try == conflictTries {
			return err
		}
		wait := time.NewTimer(time.Duration(float64(conflictDelay) * float64(try) * (0.5 + rand.Float64())))
		select {
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		case <-wait.C:
		}
	}
}

// busy says that a transaction met another one and may run again.
func busy(err error) bool {
	if errors.Is(err, sqlstore.ErrConflict) {
		return true
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return true
	}
	return false
}

// ExpireEmbeddedLeases lets the leases of embedded workers expire now. It is
// for an engine that has just taken the lock of the file: no such worker of an
// earlier one is alive.
func (s *Store) ExpireEmbeddedLeases(ctx context.Context) error {
	return s.db.Write(ctx, func(t sqlstore.Tx) error {
		now, err := t.Now()
		if err != nil {
			return err
		}
		_, err = t.Exec("expire_embedded_leases", now)
		return err
	})
}

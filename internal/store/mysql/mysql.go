package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/migrations"
)

// Store is a store in a MySQL or MariaDB database.
type Store struct {
	*sqlstore.Store
	db *database
}

// Open returns a store in the database at a URL, see parse. It does not wait
// for the server: Store.Ready says whether the database can be used.
func Open(rawURL string, o store.Options) (*Store, error) {
	c, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	pool, err := c.pool(func(c driver.Connector) driver.Connector { return c })
	if err != nil {
		return nil, err
	}
	db := &database{pool: pool, name: c.driver.DBName, password: c.driver.Passwd}
	return &Store{Store: sqlstore.New(db, o), db: db}, nil
}

// OpenSimulated is Open on the clock of o instead of the server's. It is for
// simulations and tests.
func OpenSimulated(rawURL string, o store.Options) (*Store, error) {
	s, err := Open(rawURL, o)
	if err == nil {
		s.db.clock = func(int64) int64 { return o.WithDefaults().Now().UnixMicro() }
	}
	return s, err
}

// database implements sqlstore.Database.
type database struct {
	pool     *sql.DB
	name     string
	password string // to be kept out of errors

	trips     atomic.Int64 // round trips so far, without those of connecting
	deadlocks atomic.Int64

	// Set by tests only. clock replaces the server's time; trace sees every
	// statement before it runs; breakCommit may make a commit fail, before or
	// after it happens.
	clock       func(server int64) int64
	trace       func(sql string)
	breakCommit func(commit func() error) error
}

// Close closes all connections. Those that the server has ended are closed.
func (d *database) Close() error {
	if err := d.pool.Close(); err != nil && !unavailable(err) {
		return err
	}
	return nil
}

// Ready implements sqlstore.Database.
func (d *database) Ready(ctx context.Context) error {
	known, err := migrations.Newest(migrations.MySQL())
	if err != nil {
		return err
	}
	var stored int64
	err = d.pool.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM "+sqlstore.VersionTable+" WHERE is_applied").Scan(&stored)
	switch {
	case code(err) == codeNoTable:
		stored = 0
	case err != nil:
		return d.translate(ctx, err)
	}
	switch {
	case stored < known:
		return fmt.Errorf("%w: its schema is %d, this one needs %d", store.ErrOlderSchema, stored, known)
	case stored > known:
		return fmt.Errorf("%w: its schema is %d, this one knows %d", store.ErrNewerSchema, stored, known)
	}
	return nil
}

var (
	beginWrite = []string{"BEGIN"}
	beginRead  = []string{"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"}
)

// Write implements sqlstore.Database.
func (d *database) Write(ctx context.Context, f func(sqlstore.Tx) error) error {
	return d.retry(ctx, func() error { return d.run(ctx, beginWrite, true, f) })
}

// Read implements sqlstore.Database.
func (d *database) Read(ctx context.Context, f func(sqlstore.Tx) error) error {
	return d.retry(ctx, func() error { return d.run(ctx, beginRead, false, f) })
}

func (d *database) run(ctx context.Context, begin []string, writes bool, f func(sqlstore.Tx) error) error {
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		return d.translate(ctx, err)
	}
	defer conn.Close()
	t := &tx{ctx: ctx, d: d, conn: conn}
	for _, text := range begin {
		t.add(step{name: "begin", sql: text, want: anyNumber})
	}
	err = f(t)
	if err == nil {
		commit := t.commit
		if writes && d.breakCommit != nil {
			commit = func() error { return d.breakCommit(t.commit) }
		}
		err = commit()
	}
	if err != nil {
		t.rollback(conn)
		if t.err != nil && errors.Is(err, t.err) { // what f said itself stays
			err = d.translate(ctx, err)
		}
	}
	return err
}

// commit sends the commit with what is queued; alone when that has to be
// counted first.
func (t *tx) commit() error {
	for t.unfinished() {
		t.later, t.queue = nil, append(t.later, t.queue...)
		if err := t.Flush(); err != nil {
			return err
		}
	}
	t.add(step{name: "commit", sql: "COMMIT", want: anyNumber})
	return t.Flush()
}

// rollback ends the transaction, whatever the server thinks of it: after some
// errors it is rolled back already, after others only its last statement.
func (t *tx) rollback(conn *sql.Conn) {
	t.d.tracing("ROLLBACK")
	if !t.sent {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), time.Second)
	defer cancel()
	if _, err := conn.ExecContext(ctx, "ROLLBACK"); err != nil {
		// Who closes the connection rolls back, too.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}

func (d *database) tracing(sql string) {
	if d.trace != nil {
		d.trace(sql)
	}
}

// A transaction that met another one is run again after a pause that grows by
// conflictDelay with each try: half a second in all, and four where somebody
// holds a lock that is not waited for.
const (
	conflictTries = 10
	lockTries     = 28
	conflictDelay = 10 * time.Millisecond
)

// retry runs f again, a little later each time, while it meets other
// transactions.
func (d *database) retry(ctx context.Context, f func() error) error {
	began := time.Now()
	for try := 1; ; try++ {
		err := f()
		tries := conflictTries
		if code(err) == codeDeadlock {
			d.deadlocks.Add(1)
		}
		if c := code(err); c == codeLockUnavailable || c == codeLockTimeout {
			tries = lockTries
		}
		if err == nil || !conflict(err) || try >= tries || time.Since(began) > lockPatience {
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

// lockPatience bounds the tries of a transaction that waits for locks in each.
const lockPatience = 20 * time.Second

package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"github.com/pressly/goose/v3"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/migrations"
)

// OpenMigrator returns a migrator of the database at a URL. It does not wait
// for the server. Two at once take turns: the second waits for the first, for
// five minutes at most.
func OpenMigrator(rawURL string) (store.Migrator, error) {
	c, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	// A step that waits for a table keeps everybody behind it waiting, too: it
	// gives up soon and tries again.
	c.metaWait = 1
	c.connections = 2 // one holds the lock
	c.driver.ParseTime = true
	db, err := c.pool(func(base driver.Connector) driver.Connector { return again{base} })
	if err != nil {
		return nil, err
	}
	d := &database{pool: db, password: c.driver.Passwd}
	m, err := sqlstore.NewMigrator(goose.DialectMySQL, db, migrations.MySQL(), d.translate, goose.WithSessionLocker(locker{}))
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return m, nil
}

// lockSeconds is how long a migrator waits for another.
const lockSeconds = 300

// locker implements goose's lock.SessionLocker: the lock ends with its
// connection at the latest.
type locker struct{}

// lockName is the database's own: locks are the server's.
const lockName = "CONCAT('hammerwork.', MD5(DATABASE()))"

func (locker) SessionLock(ctx context.Context, conn *sql.Conn) error {
	var got sql.NullInt64
	// In pieces: an answer may not take long.
	for range lockSeconds / 20 {
		if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK("+lockName+", 20)").Scan(&got); err != nil {
			return fmt.Errorf("lock the migrations: %w", err)
		}
		if got.Int64 == 1 {
			return nil
		}
	}
	return errors.New("another process has been migrating for five minutes")
}

func (locker) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	var done sql.NullInt64
	return conn.QueryRowContext(ctx, "SELECT RELEASE_LOCK("+lockName+")").Scan(&done)
}

// again makes connections on which a change of a table that was made before is
// no error: the server does not take a change back with the transaction in which
// the version was to be noted.
type again struct{ driver.Connector }

// Connect implements driver.Connector.
func (a again) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := a.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return againConn{conn.(fullConn)}, nil
}

// fullConn is what the driver's connections can do.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.ConnPrepareContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type againConn struct{ fullConn }

// made are the errors of a change that is there already.
var made = []uint16{codeDuplicateColumn, codeDuplicateKeyName, codeCannotDrop}

// ExecContext implements driver.ExecerContext.
func (c againConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	result, err := c.fullConn.ExecContext(ctx, query, args)
	if slices.Contains(made, code(err)) {
		return driver.RowsAffected(0), nil
	}
	return result, err
}

package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/dial"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/migrations"
)

// Store is a store in a PostgreSQL database.
type Store struct {
	*sqlstore.Store
	db *database
}

// connections is the size of a pool whose URL does not set pool_max_conns.
const connections = 10

// settings are what every connection is set to, unless the URL says otherwise.
// A plan must not depend on how large a table was when it was made: whole
// tables are not read and not merged with, and nothing is compiled.
var settings = map[string]string{
	"application_name":  "hammerwork",
	"statement_timeout": "30000",
	"plan_cache_mode":   "force_generic_plan",
	"enable_seqscan":    "off",
	"enable_mergejoin":  "off",
	"jit":               "off",
}

// Open returns a store in the database at a URL. It does not wait for the
// server: Store.Ready says whether the database can be used.
func Open(ctx context.Context, rawURL string, o store.Options) (*Store, error) {
	db, err := connect(ctx, rawURL)
	if err != nil {
		return nil, err
	}
	return &Store{Store: sqlstore.New(db, o), db: db}, nil
}

// OpenSimulated is Open on the clock of o instead of the server's. It is for
// simulations and tests.
func OpenSimulated(ctx context.Context, rawURL string, o store.Options) (*Store, error) {
	s, err := Open(ctx, rawURL, o)
	if err == nil {
		s.db.clock = func(int64) int64 { return o.WithDefaults().Now().UnixMicro() }
	}
	return s, err
}

func connect(ctx context.Context, rawURL string) (*database, error) {
	config, err := Config(rawURL)
	if err != nil {
		return nil, err
	}
	for name, value := range settings {
		if _, set := config.ConnConfig.RuntimeParams[name]; !set {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	return &database{pool: pool, password: config.ConnConfig.Password, searchPath: config.ConnConfig.RuntimeParams["search_path"]}, nil
}

// Schema is where the tables are, apart from those of an application in the same
// database, unless a URL names another place by search_path.
const Schema = "hammerwork"

// Config reads a database URL. Its errors do not show the password.
func Config(rawURL string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(rawURL)
	if err != nil {
		return nil, unreadable(rawURL, err)
	}
	if !strings.Contains(rawURL, "pool_max_conns") {
		config.MaxConns = connections
	}
	if !strings.Contains(rawURL, "pool_max_conn_lifetime_jitter") {
		config.MaxConnLifetimeJitter = config.MaxConnLifetime / 4 // what connected together does not reconnect together
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = dial.ConnectTimeout
	}
	if config.ConnConfig.RuntimeParams["search_path"] == "" {
		config.ConnConfig.RuntimeParams["search_path"] = Schema
	}
	config.ConnConfig.DialFunc = dial.Dialer.DialContext
	return config, nil
}

// unreadable says what is wrong with a URL, without it. What the driver says is
// left out when it may have taken a part of the password for something else.
func unreadable(rawURL string, err error) error {
	hidden := errors.New("it cannot be read; a character like @, / or # in the password is written %40, %2F, %23")
	var e *pgconn.ParseConfigError
	if !errors.As(err, &e) || e.Unwrap() == nil {
		return hidden
	}
	u, bad := url.Parse(rawURL)
	if bad != nil {
		return hidden
	}
	query, bad := url.ParseQuery(u.RawQuery)
	if bad != nil || strings.Contains(u.RawQuery+u.Fragment, "@") {
		return hidden
	}
	password, _ := u.User.Password()
	for _, secret := range append(query["password"], password) {
		if secret != "" && strings.Contains(e.Unwrap().Error(), secret) {
			return hidden
		}
	}
	var number *strconv.NumError
	if errors.As(err, &number) {
		for _, name := range slices.Sorted(maps.Keys(query)) {
			if slices.Contains(query[name], number.Num) {
				return fmt.Errorf("its %s is no number", name)
			}
		}
	}
	return e.Unwrap()
}

// database implements sqlstore.Database.
type database struct {
	pool       *pgxpool.Pool
	password   string // to be kept out of errors
	searchPath string // where the tables are

	trips atomic.Int64 // round trips so far, without those of connecting

	// Set by tests only. clock replaces the server's time; trace sees every
	// statement before it runs; breakCommit may make a commit fail, before or
	// after it happens.
	clock       func(server int64) int64
	trace       func(sql string)
	breakCommit func(commit func() error) error
}

// Close closes all connections.
func (d *database) Close() error {
	d.pool.Close()
	return nil
}

// Ready implements sqlstore.Database.
func (d *database) Ready(ctx context.Context) error {
	known, err := migrations.Newest(migrations.Postgres())
	if err != nil {
		return err
	}
	var stored int64
	err = d.pool.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM "+sqlstore.VersionTable+" WHERE is_applied").Scan(&stored)
	switch {
	case code(err) == codeUndefinedTable:
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

// Write implements sqlstore.Database.
func (d *database) Write(ctx context.Context, f func(sqlstore.Tx) error) error {
	return d.retry(ctx, func() error { return d.run(ctx, "BEGIN ISOLATION LEVEL READ COMMITTED", f) })
}

// Read implements sqlstore.Database.
func (d *database) Read(ctx context.Context, f func(sqlstore.Tx) error) error {
	return d.retry(ctx, func() error { return d.run(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", f) })
}

func (d *database) run(ctx context.Context, begin string, f func(sqlstore.Tx) error) error {
	c, err := d.pool.Acquire(ctx)
	if err != nil {
		return d.translate(ctx, err)
	}
	defer c.Release() // a connection that is still in a transaction is closed
	conn := c.Conn().PgConn()
	t := &tx{ctx: ctx, d: d, conn: conn, prepared: preparedOn(conn)}
	t.add(step{name: begin, sql: begin}, nil)
	if err := f(t); err != nil {
		t.rollback()
		return d.explain(ctx, t, err)
	}
	commit := t.commit
	if d.breakCommit != nil && !strings.HasSuffix(begin, "READ ONLY") {
		commit = func() error { return d.breakCommit(t.commit) }
	}
	if err := commit(); err != nil {
		t.rollback()
		return d.explain(ctx, t, err)
	}
	return nil
}

// explain translates what came from the server; what f said itself stays.
func (d *database) explain(ctx context.Context, t *tx, err error) error {
	if c := code(err); c == codePlanChanged || c == codeNoStatement {
		t.conn.Close(ctx) // its statements are of another schema
	}
	if t.err == nil || !errors.Is(err, t.err) {
		return err
	}
	return d.translate(ctx, err)
}

// preparedOn returns the statements that are prepared on a connection.
func preparedOn(conn *pgconn.PgConn) map[string]bool {
	const key = "hammerwork.prepared"
	known, ok := conn.CustomData()[key].(map[string]bool)
	if !ok {
		known = make(map[string]bool)
		conn.CustomData()[key] = known
	}
	return known
}

func (t *tx) commit() error {
	var tag pgconn.CommandTag
	t.add(step{name: "commit", sql: "COMMIT", tag: &tag}, nil)
	err := t.Flush()
	if err == nil && tag.String() != "COMMIT" {
		err = fmt.Errorf("the commit ended in %s", tag)
	}
	return err
}

// rollback ends the transaction if it has begun.
func (t *tx) rollback() {
	t.d.tracing("ROLLBACK")
	if t.conn.IsClosed() || t.conn.TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), time.Second)
	defer cancel()
	// If it fails the connection is closed, which rolls back too.
	_, _ = t.conn.Exec(ctx, "ROLLBACK").ReadAll()
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
	for try := 1; ; try++ {
		err := f()
		tries := conflictTries
		if code(err) == codeLockUnavailable {
			tries = lockTries
		}
		if err == nil || !conflict(err) || try >= tries {
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

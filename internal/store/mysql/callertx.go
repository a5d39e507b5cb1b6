package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// EnqueueJobsTx is EnqueueJobs in the caller's transaction, with the driver
// github.com/go-sql-driver/mysql: it happens when that commits. An error leaves
// the transaction as it was, unless the server has rolled all of it back, as it
// does with a deadlock. Nothing is announced; services find the jobs when they
// look next.
//
// The same ids or keys at the same time in another transaction are waited for.
// The same id is an error of the database if that commits.
func (s *Store) EnqueueJobsTx(ctx context.Context, caller *sql.Tx, jobs []*job.Job, keys []store.Key) (store.Enqueued, error) {
	return s.within(ctx, caller, func(t sqlstore.Tx) (store.Enqueued, error) { return sqlstore.EnqueueJobs(t, jobs, keys) })
}

// EnqueueWorkflowTx is EnqueueWorkflow in the caller's transaction, as
// EnqueueJobsTx.
func (s *Store) EnqueueWorkflowTx(ctx context.Context, caller *sql.Tx, w *workflow.Workflow, o store.EnqueueOptions) (store.Enqueued, error) {
	return s.within(ctx, caller, func(t sqlstore.Tx) (store.Enqueued, error) { return sqlstore.EnqueueWorkflow(t, w, o) })
}

// savepointTimeout bounds what undoes a cancelled enqueue.
const savepointTimeout = 5 * time.Second

// within runs f in a caller's transaction, all of it or nothing.
func (s *Store) within(ctx context.Context, caller *sql.Tx, f func(sqlstore.Tx) (store.Enqueued, error)) (store.Enqueued, error) {
	var charset string
	if err := caller.QueryRowContext(ctx, "SELECT @@character_set_connection").Scan(&charset); err != nil {
		return store.Enqueued{}, fmt.Errorf("look at the caller's connection: %w", s.db.translate(ctx, err))
	}
	if charset != "utf8mb4" {
		return store.Enqueued{}, fmt.Errorf("the caller's connection has the character set %s; utf8mb4 is needed", charset)
	}
	if _, err := caller.ExecContext(ctx, "SAVEPOINT hammerwork_enqueue"); err != nil {
		return store.Enqueued{}, fmt.Errorf("set a savepoint: %w", s.db.translate(ctx, err))
	}
	t := &callerTx{ctx: ctx, d: s.db, caller: caller}
	done, err := f(t)
	if err == nil {
		err = t.err
	}
	// Also when ctx has ended: the caller's transaction may go on without it.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), savepointTimeout)
	defer cancel()
	if err != nil {
		if t.err != nil && errors.Is(err, t.err) { // what f said itself stays
			err = s.db.translate(ctx, err)
		}
		_, undone := caller.ExecContext(last, "ROLLBACK TO SAVEPOINT hammerwork_enqueue")
		err = errors.Join(err, undone)
	}
	if _, released := caller.ExecContext(last, "RELEASE SAVEPOINT hammerwork_enqueue"); released != nil {
		err = errors.Join(err, fmt.Errorf("release the savepoint: %w", released))
	}
	if err != nil {
		return store.Enqueued{}, err
	}
	return done, nil
}

// callerTx implements sqlstore.Tx on a caller's transaction, whose connection
// may not be able to send statements together, and be in another database: they
// run at once.
type callerTx struct {
	ctx    context.Context
	d      *database
	caller *sql.Tx
	keyed  bool // keys were inserted
	err    error
}

var tables = regexp.MustCompile(`\bhw_`)

// do runs a statement.
func (t *callerTx) do(name string, s step, args []any) {
	if t.err != nil {
		return
	}
	// The first tx queues it, and with it cuts what is too long.
	q := &tx{d: t.d}
	q.named(name, s, args)
	if t.err = q.err; t.err != nil {
		return
	}
	for _, s := range q.queue {
		if err := t.run(s); err != nil {
			t.err = fmt.Errorf("%s: %w", name, err)
			return
		}
	}
}

func (t *callerTx) run(s step) error {
	own := "`" + strings.ReplaceAll(t.d.name, "`", "``") + "`.hw_"
	text := tables.ReplaceAllLiteralString(s.sql, own)
	if s.scan == nil {
		result, err := t.caller.ExecContext(t.ctx, text, s.args...)
		if err == nil && s.n != nil {
			var n int64
			n, err = result.RowsAffected()
			*s.n += n
		}
		return err
	}
	rows, err := t.caller.QueryContext(t.ctx, text, s.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := s.scan(rows); err != nil {
			return ownError{err}
		}
	}
	return rows.Err()
}

// QueueQuery implements sqlstore.Tx.
func (t *callerTx) QueueQuery(name string, scan func(sqlstore.Row) error, args ...any) {
	if name == "keys_stored" && t.keyed {
		name = "keys_stored_now"
	}
	t.do(name, step{scan: scan, want: anyNumber}, args)
}

// QueueExec implements sqlstore.Tx.
func (t *callerTx) QueueExec(name string, args ...any) { t.do(name, step{want: anyNumber}, args) }

// QueueGuarded implements sqlstore.Tx. What an enqueue changes is all new.
func (t *callerTx) QueueGuarded(name string, _ int, _ ...any) {
	t.err = ownError{fmt.Errorf("%s cannot be guarded in a caller's transaction", name)}
}

// QueueNow implements sqlstore.Tx.
func (t *callerTx) QueueNow(now *int64) {
	if t.err != nil {
		return
	}
	t.d.tracing(clock)
	t.err = t.run(step{sql: clock, scan: func(r sqlstore.Row) error {
		err := r.Scan(now)
		if t.d.clock != nil {
			*now = t.d.clock(*now)
		}
		return err
	}})
}

// Flush implements sqlstore.Tx.
func (t *callerTx) Flush() error { return t.err }

// Query implements sqlstore.Tx.
func (t *callerTx) Query(name string, scan func(sqlstore.Row) error, args ...any) error {
	t.QueueQuery(name, scan, args...)
	return t.err
}

// Exec implements sqlstore.Tx.
func (t *callerTx) Exec(name string, args ...any) (n int64, err error) {
	t.do(name, step{want: anyNumber, n: &n}, args)
	t.keyed = t.keyed || name == "insert_keys"
	return n, t.err
}

// Now implements sqlstore.Tx.
func (t *callerTx) Now() (now int64, err error) {
	t.QueueNow(&now)
	return now, t.err
}

package client

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Tx is a transaction that the caller has begun on the database of the client:
// a pgx.Tx or a *sql.Tx for PostgreSQL, a *sql.Tx for MySQL (with the driver
// github.com/go-sql-driver/mysql) and SQLite. Anything else is an error that
// names its type. Types that wrap one, like sqlx's, have it as a
// field.
type Tx any

// EnqueueTx stores a job within a transaction of the caller's own: it is there
// when that commits, and was never there when it rolls back. Nothing is
// repeated and nothing is announced: call Hint after the commit, or leave it
// to the services to find the job. An error other than of the database leaves
// the transaction as it was. Otherwise it is as Enqueue.
//
// On MySQL the transaction may have any isolation level, and its connection any
// database of the server; its character set must be utf8mb4, as the driver's is
// unless told otherwise.
//
// On SQLite the transaction should begin as one that writes (BEGIN IMMEDIATE,
// or with a write as its first statement), else SQLite refuses it when somebody
// else has written since it began to read.
func (c *Client) EnqueueTx(ctx context.Context, tx Tx, j *job.Job, opts ...EnqueueOption) (Enqueued, error) {
	list, err := c.enqueueJobsTx(ctx, tx, []*job.Job{j}, one, opts)
	if err != nil {
		return Enqueued{}, err
	}
	return list[0], nil
}

// EnqueueManyTx is EnqueueMany within a transaction, as EnqueueTx.
func (c *Client) EnqueueManyTx(ctx context.Context, tx Tx, jobs []*job.Job, opts ...EnqueueOption) ([]Enqueued, error) {
	return c.enqueueJobsTx(ctx, tx, jobs, many, opts)
}

// EnqueueWorkflowTx is EnqueueWorkflow within a transaction, as EnqueueTx.
func (c *Client) EnqueueWorkflowTx(ctx context.Context, tx Tx, w *workflow.Workflow, opts ...EnqueueOption) (Enqueued, error) {
	t, err := c.within(tx)
	if err != nil {
		return Enqueued{}, err
	}
	o, err := prepareWorkflow(ctx, w, c.cfg.Limits, opts)
	if err != nil {
		return Enqueued{}, err
	}
	done, err := t.workflow(ctx, w, o)
	if err != nil {
		return Enqueued{}, err
	}
	return results(done)[0], nil
}

func (c *Client) enqueueJobsTx(ctx context.Context, tx Tx, jobs []*job.Job, number int, opts []EnqueueOption) ([]Enqueued, error) {
	t, err := c.within(tx)
	if err != nil {
		return nil, err
	}
	if len(jobs) == 0 {
		return nil, nil
	}
	keys, err := prepareJobs(ctx, jobs, number, opts)
	if err != nil {
		return nil, err
	}
	done, err := t.jobs(ctx, jobs, keys)
	if err != nil {
		return nil, err
	}
	return results(done), nil
}

// txEnqueuer enqueues within one transaction.
type txEnqueuer struct {
	jobs     func(context.Context, []*job.Job, []store.Key) (store.Enqueued, error)
	workflow func(context.Context, *workflow.Workflow, store.EnqueueOptions) (store.Enqueued, error)
}

// sqlStore is what a store in SQLite or MySQL has besides.
type sqlStore interface {
	EnqueueJobsTx(context.Context, *sql.Tx, []*job.Job, []store.Key) (store.Enqueued, error)
	EnqueueWorkflowTx(context.Context, *sql.Tx, *workflow.Workflow, store.EnqueueOptions) (store.Enqueued, error)
}

// postgresStore is what a store in PostgreSQL has besides.
type postgresStore interface {
	EnqueueJobsTx(context.Context, pgx.Tx, []*job.Job, []store.Key) (store.Enqueued, error)
	EnqueueWorkflowTx(context.Context, pgx.Tx, *workflow.Workflow, store.EnqueueOptions) (store.Enqueued, error)
	EnqueueJobsSQLTx(context.Context, *sql.Tx, []*job.Job, []store.Key) (store.Enqueued, error)
	EnqueueWorkflowSQLTx(context.Context, *sql.Tx, *workflow.Workflow, store.EnqueueOptions) (store.Enqueued, error)
}

// on binds a transaction to the methods that take one of its kind.
func on[T any](
	tx T,
	jobs func(context.Context, T, []*job.Job, []store.Key) (store.Enqueued, error),
	flow func(context.Context, T, *workflow.Workflow, store.EnqueueOptions) (store.Enqueued, error),
) txEnqueuer {
	return txEnqueuer{
		func(ctx context.Context, list []*job.Job, keys []store.Key) (store.Enqueued, error) {
			return jobs(ctx, tx, list, keys)
		},
		func(ctx context.Context, w *workflow.Workflow, o store.EnqueueOptions) (store.Enqueued, error) {
			return flow(ctx, tx, w, o)
		},
	}
}

// within looks what kind of transaction tx is.
func (c *Client) within(tx Tx) (txEnqueuer, error) {
	if tx == nil || tx == (*sql.Tx)(nil) {
		return txEnqueuer{}, errors.New("the transaction is nil")
	}
	want := "a *sql.Tx"
	switch s := c.store.(type) {
	case sqlStore:
		if t, ok := tx.(*sql.Tx); ok {
			return on(t, s.EnqueueJobsTx, s.EnqueueWorkflowTx), nil
		}
	case postgresStore:
		want = "a pgx.Tx or a *sql.Tx"
		switch t := tx.(type) {
		case pgx.Tx:
			return on(t, s.EnqueueJobsTx, s.EnqueueWorkflowTx), nil
		case *sql.Tx:
			return on(t, s.EnqueueJobsSQLTx, s.EnqueueWorkflowSQLTx), nil
		}
	}
	return txEnqueuer{}, fmt.Errorf("a %T is no transaction of a %s database; %s is wanted", tx, c.kind, want)
}

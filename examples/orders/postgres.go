package main

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/hammerwork/hammerwork/sdk/client"
)

// postgresDB is a database of PostgreSQL.
type postgresDB struct{ pool *pgxpool.Pool }

func openPostgres(ctx context.Context, url string) (database, error) {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return nil, err
	}
	_, err = pool.Exec(ctx, "CREATE TABLE IF NOT EXISTS orders (id bigserial PRIMARY KEY, item text NOT NULL, status text NOT NULL DEFAULT 'sold')")
	if err != nil {
		pool.Close()
		return nil, err
	}
	return postgresDB{pool}, nil
}

func (d postgresDB) within(ctx context.Context, f func(transaction) error) error {
	return pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error { return f(postgresTx{tx}) })
}

func (d postgresDB) status(ctx context.Context, order int64) (status string, err error) {
	err = d.pool.QueryRow(ctx, "SELECT status FROM orders WHERE id = $1", order).Scan(&status)
	return status, err
}

func (d postgresDB) setStatus(ctx context.Context, order int64, status string) error {
	_, err := d.pool.Exec(ctx, "UPDATE orders SET status = $1 WHERE id = $2", status, order)
	return err
}

func (d postgresDB) close() { d.pool.Close() }

type postgresTx struct{ tx pgx.Tx }

func (t postgresTx) insert(ctx context.Context, item string) (order int64, err error) {
	err = t.tx.QueryRow(ctx, "INSERT INTO orders (item) VALUES ($1) RETURNING id", item).Scan(&order)
	return order, err
}

func (t postgresTx) raw() client.Tx { return t.tx }

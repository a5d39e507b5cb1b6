package main

import (
	"context"
	"database/sql"

	_ "modernc.org/sqlite"

	"github.com/hammerwork/hammerwork/sdk/client"
)

// sqliteDB is a file of SQLite.
type sqliteDB struct{ db *sql.DB }

// openSQLite opens a file. Transactions begin as IMMEDIATE: they will write,
// and the services write too.
func openSQLite(ctx context.Context, path string) (database, error) {
	db, err := sql.Open("sqlite", path+"?_txlock=immediate&_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, err
	}
	_, err = db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, item TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'sold')")
	return sqliteDB{db}, err
}

func (d sqliteDB) within(ctx context.Context, f func(transaction) error) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after the commit
	if err := f(sqliteTx{tx}); err != nil {
		return err
	}
	return tx.Commit()
}

func (d sqliteDB) status(ctx context.Context, order int64) (status string, err error) {
	err = d.db.QueryRowContext(ctx, "SELECT status FROM orders WHERE id = ?", order).Scan(&status)
	return status, err
}

func (d sqliteDB) setStatus(ctx context.Context, order int64, status string) error {
	_, err := d.db.ExecContext(ctx, "UPDATE orders SET status = ? WHERE id = ?", status, order)
	return err
}

func (d sqliteDB) close() { d.db.Close() }

type sqliteTx struct{ tx *sql.Tx }

func (t sqliteTx) insert(ctx context.Context, item string) (order int64, err error) {
	err = t.tx.QueryRowContext(ctx, "INSERT INTO orders (item) VALUES (?) RETURNING id", item).Scan(&order)
	return order, err
}

func (t sqliteTx) raw() client.Tx { return t.tx }

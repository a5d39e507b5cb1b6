package main

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/hammerwork/hammerwork/sdk/client"
)

// mysqlDB is a database of MySQL or MariaDB.
type mysqlDB struct{ db *sql.DB }

func openMySQL(ctx context.Context, rawURL string) (database, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errors.New("the database URL cannot be read")
	}
	config := mysql.NewConfig()
	config.Net, config.Addr, config.DBName = "tcp", u.Host, strings.TrimPrefix(u.Path, "/")
	config.User = u.User.Username()
	config.Passwd, _ = u.User.Password()
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	_, err = db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, item TEXT NOT NULL, status VARCHAR(20) NOT NULL DEFAULT 'sold')")
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return mysqlDB{db}, nil
}

func (d mysqlDB) within(ctx context.Context, f func(transaction) error) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after the commit
	if err := f(mysqlTx{tx}); err != nil {
		return err
	}
	return tx.Commit()
}

func (d mysqlDB) status(ctx context.Context, order int64) (status string, err error) {
	err = d.db.QueryRowContext(ctx, "SELECT status FROM orders WHERE id = ?", order).Scan(&status)
	return status, err
}

func (d mysqlDB) setStatus(ctx context.Context, order int64, status string) error {
	_, err := d.db.ExecContext(ctx, "UPDATE orders SET status = ? WHERE id = ?", status, order)
	return err
}

func (d mysqlDB) close() { d.db.Close() }

type mysqlTx struct{ tx *sql.Tx }

func (t mysqlTx) insert(ctx context.Context, item string) (order int64, err error) {
	result, err := t.tx.ExecContext(ctx, "INSERT INTO orders (item) VALUES (?)", item)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

func (t mysqlTx) raw() client.Tx { return t.tx }

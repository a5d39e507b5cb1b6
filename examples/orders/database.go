package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/hammerwork/hammerwork/sdk/client"
)

// database is the shop's own handle on the database that it shares with
// Hammerwork.
type database interface {
	// within runs f in a transaction, which commits when f returns nil.
	within(ctx context.Context, f func(transaction) error) error
	status(ctx context.Context, order int64) (string, error)
	setStatus(ctx context.Context, order int64, status string) error
	close()
}

// transaction is what the shop does within one.
type transaction interface {
	insert(ctx context.Context, item string) (order int64, err error)
	raw() client.Tx // for the client
}

// openDatabase opens the database at a URL and makes the shop's table.
func openDatabase(ctx context.Context, url string) (database, error) {
	switch {
	case strings.HasPrefix(url, "postgres"):
		return openPostgres(ctx, url)
	case strings.HasPrefix(url, "mysql://"):
		return openMySQL(ctx, url)
	case strings.HasPrefix(url, "sqlite://"):
		return openSQLite(ctx, strings.TrimPrefix(url, "sqlite://"))
	}
	return nil, fmt.Errorf("a shop needs PostgreSQL, MySQL or SQLite")
}

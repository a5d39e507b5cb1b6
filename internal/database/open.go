package database

import (
	"context"
	"fmt"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/mysql"
	"github.com/hammerwork/hammerwork/internal/store/postgres"
	"github.com/hammerwork/hammerwork/internal/store/sqlite"
)

// Open opens the store at a URL. A SQLite file is created and its schema
// brought up to date; a server is not waited for: store.Store.Ready says
// whether it can be used.
func Open(ctx context.Context, rawURL string, o store.Options) (store.Store, error) {
	kind, u, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	switch kind {
	case MySQL:
		return usable[store.Store](mysql.Open(rawURL, o))
	case Postgres:
		return usable[store.Store](postgres.Open(ctx, rawURL, o))
	}
	return sqlite.Open(ctx, u.Path, o)
}

// Migrations opens the schema of the database at a URL. Neither a server is
// waited for nor is anything changed before a call asks for it, but a SQLite
// file is created.
func Migrations(ctx context.Context, rawURL string) (store.Migrator, error) {
	kind, u, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	switch kind {
	case MySQL:
		return usable[store.Migrator](mysql.OpenMigrator(rawURL))
	case Postgres:
		return usable[store.Migrator](postgres.OpenMigrator(ctx, rawURL))
	}
	return sqlite.OpenMigrator(u.Path)
}

// usable says of an error that the URL is the reason: servers are not asked.
func usable[Of, T any](opened T, err error) (of Of, _ error) {
	if err != nil {
		return of, fmt.Errorf("%w: %w", ErrURL, err)
	}
	return any(opened).(Of), nil
}

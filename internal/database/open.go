package database

import (
	"context"
	"fmt"

	"github.com/hammerwork/hammerwork/internal/store"
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
	if kind == Postgres {
		s, err := postgres.Open(ctx, rawURL, o)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrURL, err)
		}
		return s, nil
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
	if kind == Postgres {
		m, err := postgres.OpenMigrator(ctx, rawURL)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrURL, err)
		}
		return m, nil
	}
	return sqlite.OpenMigrator(u.Path)
}

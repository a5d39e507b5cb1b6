package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/migrations"
)

// OpenMigrator returns a migrator of the database at a URL. It does not wait
// for the server. Two at once take turns: an advisory lock keeps the second
// waiting, looking every second, for five minutes at most.
func OpenMigrator(ctx context.Context, rawURL string) (store.Migrator, error) {
	config, err := Config(rawURL)
	if err != nil {
		return nil, err
	}
	config.ConnConfig.RuntimeParams["application_name"] = "hammerwork migrate"
	// A step that waits for a table keeps everybody behind it waiting, too: it
	// gives up soon and tries again.
	if _, set := config.ConnConfig.RuntimeParams["lock_timeout"]; !set {
		config.ConnConfig.RuntimeParams["lock_timeout"] = "1000"
	}
	config.MaxConns = 2 // one holds the lock
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("a lock for migrations: %w", err)
	}
	d := &database{pool: pool, password: config.ConnConfig.Password}
	m, err := sqlstore.NewMigrator(goose.DialectPostgres, stdlib.OpenDBFromPool(pool), migrations.Postgres(), d.translate, goose.WithSessionLocker(locker))
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &migrator{m, pool}, nil
}

// migrator closes its pool too.
type migrator struct {
	*sqlstore.Migrator
	pool *pgxpool.Pool
}

// Close implements store.Migrator.
func (m *migrator) Close() error {
	err := m.Migrator.Close()
	m.pool.Close()
	return err
}

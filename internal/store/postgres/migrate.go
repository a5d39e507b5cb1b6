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
	return &migrator{m, pool, d}, nil
}

// migrator makes the schema that the tables go into, and closes its pool.
type migrator struct {
	*sqlstore.Migrator
	pool *pgxpool.Pool
	db   *database
}

// Up implements store.Migrator.
func (m *migrator) Up(ctx context.Context) ([]store.Migration, error) {
	if err := m.makeSchema(ctx); err != nil {
		return nil, err
	}
	return m.Migrator.Up(ctx)
}

// Down implements store.Migrator.
func (m *migrator) Down(ctx context.Context) (store.Migration, error) {
	if err := m.makeSchema(ctx); err != nil {
		return store.Migration{}, err
	}
	return m.Migrator.Down(ctx)
}

// Status implements store.Migrator.
func (m *migrator) Status(ctx context.Context) ([]store.Migration, error) {
	if err := m.makeSchema(ctx); err != nil {
		return nil, err
	}
	return m.Migrator.Status(ctx)
}

// makeSchema makes the first schema of the search_path, if it is not there; to
// ask costs no privilege. Two at once make it once.
func (m *migrator) makeSchema(ctx context.Context) error {
	_, err := m.pool.Exec(ctx, `DO $$
		DECLARE own text := (parse_ident(split_part(current_setting('search_path'), ',', 1)))[1];
		BEGIN
			IF to_regnamespace(quote_ident(own)) IS NULL THEN
				EXECUTE format('CREATE SCHEMA %I', own);
			END IF;
		EXCEPTION WHEN duplicate_schema OR unique_violation THEN NULL;
		END $$`)
	if err != nil {
		return fmt.Errorf("make the schema of the tables: %w", m.db.translate(ctx, err))
	}
	return nil
}

// Close implements store.Migrator.
func (m *migrator) Close() error {
	err := m.Migrator.Close()
	m.pool.Close()
	return err
}

package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/migrations"
)

// Migrator implements store.Migrator with goose.
type Migrator struct {
	db       *sql.DB
	provider *goose.Provider
	explain  func(context.Context, error) error
}

// VersionTable is where the database keeps its version: not where an application
// in the same database that uses goose, too, keeps its own.
const VersionTable = "hammerwork_migrations"

// NewProvider returns goose on db.
func NewProvider(dialect goose.Dialect, db *sql.DB, files fs.FS, options ...goose.ProviderOption) (*goose.Provider, error) {
	return goose.NewProvider(dialect, db, files, append(options, goose.WithTableName(VersionTable))...)
}

// NewMigrator returns a migrator of db, which it closes. explain gives errors of
// the driver their meaning.
func NewMigrator(dialect goose.Dialect, db *sql.DB, files fs.FS, explain func(context.Context, error) error, options ...goose.ProviderOption) (*Migrator, error) {
	p, err := NewProvider(dialect, db, files, options...)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Migrator{db: db, provider: p, explain: explain}, nil
}

// Up implements store.Migrator.
func (m *Migrator) Up(ctx context.Context) ([]store.Migration, error) {
	done, err := MigrateUp(ctx, m.provider)
	if errors.Is(err, store.ErrNewerSchema) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", m.explain(ctx, err))
	}
	list := make([]store.Migration, len(done))
	for i, r := range done {
		list[i] = migration(r.Source)
	}
	return list, nil
}

// stepTries bounds the tries of one migration, which others may be at, too.
const stepTries = 20

// MigrateUp applies what is pending, one migration after the other, and returns
// what it applied itself. A migration that fails because somebody else has
// applied it meanwhile is done; that the schema moved on tells one from the
// other. ErrNewerSchema when the database has migrations that this build does
// not know.
func MigrateUp(ctx context.Context, p *goose.Provider) ([]*goose.MigrationResult, error) {
	var done []*goose.MigrationResult
	for try, last := 1, int64(-1); ; try++ {
		stored, known, err := p.GetVersions(ctx)
		switch {
		case err == nil && stored > known:
			return done, newerSchema(stored, known)
		case err == nil && stored == known:
			return done, nil
		}
		if err == nil {
			if stored > last {
				try, last = 1, stored
			}
			var r *goose.MigrationResult
			if r, err = p.UpByOne(ctx); err == nil {
				done = append(done, r)
				continue
			}
			if now, _, seen := p.GetVersions(ctx); seen == nil && now == stored && !busyMigration(err) {
				return done, err
			}
		}
		if try >= stepTries {
			return done, err
		}
		wait := time.NewTimer(time.Duration(try) * 10 * time.Millisecond)
		select {
		case <-ctx.Done():
			wait.Stop()
			return done, ctx.Err()
		case <-wait.C:
		}
	}
}

// busyMigration tells whether a migration failed only because another process
// writes, or holds a table.
func busyMigration(err error) bool {
	return slices.ContainsFunc([]string{"SQLITE_BUSY", "database is locked", "SQLSTATE 55P03", "Error 1205", "Error 1213"}, func(part string) bool {
		return strings.Contains(err.Error(), part)
	})
}

func newerSchema(stored, known int64) error {
	return fmt.Errorf("%w: its schema is %d, this one knows %d", store.ErrNewerSchema, stored, known)
}

// known returns ErrNewerSchema when the database has migrations that this build
// does not know.
func (m *Migrator) known(ctx context.Context) error {
	stored, known, err := m.provider.GetVersions(ctx)
	if err == nil && stored > known {
		err = newerSchema(stored, known)
	}
	return err
}

// Down implements store.Migrator.
func (m *Migrator) Down(ctx context.Context) (store.Migration, error) {
	err := m.known(ctx)
	var done *goose.MigrationResult
	if err == nil {
		done, err = m.provider.Down(ctx)
	}
	switch {
	case errors.Is(err, goose.ErrNoNextVersion):
		return store.Migration{}, store.ErrNoMigration
	case errors.Is(err, store.ErrNewerSchema):
		return store.Migration{}, err
	case err != nil:
		return store.Migration{}, fmt.Errorf("migrate down: %w", m.explain(ctx, err))
	}
	return migration(done.Source), nil
}

// Status implements store.Migrator.
func (m *Migrator) Status(ctx context.Context) ([]store.Migration, error) {
	all, err := m.provider.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", m.explain(ctx, err))
	}
	list := make([]store.Migration, len(all))
	for i, s := range all {
		list[i] = migration(s.Source)
		list[i].AppliedAt = s.AppliedAt
	}
	return list, nil
}

// Close implements store.Migrator.
func (m *Migrator) Close() error { return m.db.Close() }

func migration(s *goose.Source) store.Migration {
	return store.Migration{Version: s.Version, Name: strings.TrimSuffix(path.Base(s.Path), ".sql"), Data: s.Version <= migrations.Base}
}

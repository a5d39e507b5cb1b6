package sqlite

import (
	"context"
	"fmt"

	"github.com/pressly/goose/v3"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/migrations"
)

// OpenMigrator returns a migrator of the file at path, which is made if need
// be. Open migrates by itself; this is for people who look or go back.
func OpenMigrator(path string) (store.Migrator, error) {
	if err := private(path); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db, err := open(path, "immediate", "FULL", 1)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return sqlstore.NewMigrator(goose.DialectSQLite3, db, migrations.SQLite(), func(_ context.Context, err error) error { return err })
}

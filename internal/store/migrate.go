package store

import (
	"context"
	"time"
)

// Migrator changes the schema of a database. Several may work at once, one
// after the other; what is done already stays.
type Migrator interface {
	// Up applies what is pending and returns that, oldest first. ErrNewerSchema
	// when the database has migrations that this build does not know.
	Up(ctx context.Context) ([]Migration, error)
	// Down takes the newest applied migration back, with the data that only it
	// has a place for. ErrNoMigration when none is applied.
	Down(ctx context.Context) (Migration, error)
	// Status returns all migrations of this build, oldest first.
	Status(ctx context.Context) ([]Migration, error)
	Close() error
}

// Migration is one step of the schema.
type Migration struct {
	Version   int64
	Name      string    // of its file, like 00001_workflows
	Data      bool      // taking it back deletes jobs or workflows
	AppliedAt time.Time // zero: pending
}

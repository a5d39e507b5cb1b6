package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/serve"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/database"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
)

// migration is a migration as users see it.
type migration struct {
	Version   int64      `json:"version"`
	Name      string     `json:"name"`
	AppliedAt *time.Time `json:"applied_at"` // null: pending
}

func newMigrate(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "migrate",
		Short: "Make, update or show the schema of a database",
		Long: `migrate brings the schema of a database to the version of this binary. It talks to
the database itself, not to a server. It is safe to run it twice, and by several
at once.`,
		Example: `  hammerwork migrate up --database-url postgres://user@host/db
  hammerwork migrate status`,
	}
	c.AddCommand(
		newMigrateStep(a, "up", "Apply what is pending",
			"up applies the migrations that the database lacks, oldest first.",
			func(ctx context.Context, m store.Migrator) ([]store.Migration, error) { return m.Up(ctx) }),
		newMigrateStep(a, "down", "Take the newest migration back",
			"down takes one migration back, the newest, and with it the data that only it has a\nplace for. The first one has the tables: taking it back deletes everything, and\nwants --yes.",
			nil),
		newMigrateStep(a, "status", "Show which migrations are applied",
			"status lists the migrations of this binary, applied or pending.",
			func(ctx context.Context, m store.Migrator) ([]store.Migration, error) { return m.Status(ctx) }),
	)
	asGroup(c)
	return c
}

// errDeletesData says that a step back deletes what people have enqueued.
var errDeletesData = errors.New("taking this migration back deletes a table of jobs or workflows")

// downOne takes one migration back; one that made a table of jobs or workflows
// only with yes.
func downOne(ctx context.Context, m store.Migrator, yes bool) ([]store.Migration, error) {
	steps, err := m.Status(ctx)
	if err != nil {
		return nil, err
	}
	data := false
	for _, s := range steps {
		if !s.AppliedAt.IsZero() {
			data = s.Data
		}
	}
	if data && !yes {
		return nil, &hintError{errDeletesData, "--yes does it all the same"}
	}
	one, err := m.Down(ctx)
	return []store.Migration{one}, err
}

func newMigrateStep(a *app, verb, short, long string, do func(context.Context, store.Migrator) ([]store.Migration, error)) *cobra.Command {
	var url string
	var yes bool
	c := &cobra.Command{
		Use:     verb,
		Short:   short,
		Long:    long,
		Example: "  hammerwork migrate " + verb + " --database-url postgres://user@host/db",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if do == nil {
				do = func(ctx context.Context, m store.Migrator) ([]store.Migration, error) { return downOne(ctx, m, yes) }
			}
			return a.migrate(c.Context(), verb, url, do)
		},
	}
	secretFlag(c.Flags(), &url, "database-url", "`URL` of the database, "+database.Hint)
	if do == nil {
		c.Flags().BoolVar(&yes, "yes", false, "also take back a migration whose table holds jobs or workflows, which deletes them")
		onlyHere(c, "yes")
	}
	a.outputFlag(c)
	return c
}

func (a *app) migrate(ctx context.Context, verb, url string, do func(context.Context, store.Migrator) ([]store.Migration, error)) (err error) {
	if path := database.Path(url); path != "" {
		if verb != "up" {
			if _, err := os.Stat(path); err != nil {
				return cannotRead(path, "SQLite file", err)
			}
		}
		if verb != "status" { // not under an engine that runs
			unlock, err := serve.LockFile(path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, unlock()) }()
		}
	}
	m, err := database.Migrations(ctx, url)
	if err != nil {
		return databaseError(err)
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	steps, err := do(ctx, m)
	switch {
	case errors.Is(err, store.ErrNoMigration):
		return &hintError{err, "there is nothing to take back"}
	case err != nil:
		return databaseError(err)
	}
	if a.format != output.FormatTable {
		list := wire.List[migration]{Items: make([]migration, len(steps))}
		for i, s := range steps {
			list.Items[i] = migration{Version: s.Version, Name: s.Name}
			if !s.AppliedAt.IsZero() {
				at := s.AppliedAt.UTC()
				list.Items[i].AppliedAt = &at
			}
		}
		return output.Write(a.out, a.format, list)
	}
	if verb == "status" {
		return a.migrationTable(steps)
	}
	if len(steps) == 0 {
		a.say("the schema is up to date; nothing to do")
		return nil
	}
	done := map[string]string{"up": "applied", "down": "took back"}[verb]
	for _, s := range steps {
		if _, err := fmt.Fprintln(a.out, done, s.Name); err != nil {
			return closedPipe(err)
		}
	}
	return nil
}

func (a *app) migrationTable(steps []store.Migration) error {
	palette := term.Colours(a.out)
	t := output.Table{Header: []string{"VERSION", "NAME", "APPLIED"}, Right: []bool{true}}
	for _, s := range steps {
		applied := output.Cell{Text: "pending", Paint: palette.Yellow}
		if !s.AppliedAt.IsZero() {
			applied = output.Text(s.AppliedAt.UTC().Format("2006-01-02 15:04:05 UTC"))
		}
		t.Rows = append(t.Rows, []output.Cell{output.Text(fmt.Sprint(s.Version)), output.Text(s.Name), applied})
	}
	return t.Write(a.out, palette, 0)
}

// databaseError gives an error about a database URL, or of a database, its hint.
func databaseError(err error) error {
	var refused *pgconn.PgError
	var denied *mysql.MySQLError
	switch {
	case errors.Is(err, database.ErrURL):
		return &usageError{fmt.Errorf("--database-url: %w", err), database.Hint}
	case errors.As(err, &refused) && strings.HasPrefix(refused.Code, "28"):
		return &hintError{refusal{err}, "look at the user and the password in --database-url"}
	case errors.As(err, &refused) && refused.Code == "3D000":
		return &hintError{err, "make the database first: createdb, or CREATE DATABASE"}
	case errors.As(err, &refused) && refused.Code == "42501":
		return &hintError{refusal{err}, "the user needs the privilege: GRANT CREATE ON DATABASE, or another user"}
	case errors.As(err, &denied) && mysqlRefusals[denied.Number] != "":
		return &hintError{refusal{err}, mysqlRefusals[denied.Number]}
	case errors.As(err, &denied) && mysqlHints[denied.Number] != "":
		return &hintError{err, mysqlHints[denied.Number]}
	case errors.Is(err, mysql.ErrNoTLS):
		return &hintError{err, "set the server up for TLS, or connect with ?tls=preferred or without tls, not encrypted"}
	case errors.Is(err, store.ErrUnavailable):
		return &hintError{err, "is the database running, and does --database-url (HAMMERWORK_DATABASE_URL) name it?"}
	}
	return err
}

// refusal is an error of a database that does not let this user do it.
type refusal struct{ error }

func (e refusal) Unwrap() error { return e.error }

// mysqlRefusals are the hints of errors of MySQL that refuse a user, by number.
var mysqlRefusals = map[uint16]string{
	1044: "the user has no rights on that database: GRANT ALL ON database.* TO the user",
	1045: "look at the user and the password in --database-url",
	1142: "the user needs more rights: GRANT ALL ON database.* TO the user",
	1698: "that user may only come in through the server's socket: use another one",
}

// mysqlHints are the hints of other errors of MySQL, by number.
var mysqlHints = map[uint16]string{
	1049: "make the database first: CREATE DATABASE",
	1146: "a table is missing: hammerwork migrate up",
}

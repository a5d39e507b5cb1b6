package sim

import (
	"database/sql"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the checker has a connection and SQL of its own
)

// dialect is what the checker's SQL says differently for each database.
type dialect struct {
	held    string // SELECT of id, epoch, lease and remaining: an entry of a lease's list each
	zero    string // the id that is none
	version string // SELECT of a number that changes with every commit
	empty   string // empties tables
}

var sqliteDialect = dialect{
	held:    "SELECT unhex(e.value ->> 0) AS id, e.value ->> 1 AS epoch, l.id AS lease, l.remaining FROM leases l, json_each(l.jobs) e",
	zero:    "zeroblob(16)",
	version: "PRAGMA data_version",
	empty:   "DELETE FROM ",
}

var postgresDialect = dialect{
	held:    "SELECT e.id, e.epoch, l.id AS lease, l.remaining FROM leases l CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS e(id, epoch)",
	zero:    "'00000000-0000-0000-0000-000000000000'",
	version: "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint",
	empty:   "TRUNCATE ",
}

// say fills in a query's {held} and {zero}.
func (d dialect) say(query string) string {
	return strings.NewReplacer("{held}", "("+d.held+")", "{zero}", d.zero).Replace(query)
}

// openSQLite opens a connection of the checker's own to a file.
func openSQLite(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// openPostgres does so to a server.
func openPostgres(pool *pgxpool.Pool) *sql.DB {
	db := stdlib.OpenDBFromPool(pool)
	db.SetMaxOpenConns(1)
	return db
}

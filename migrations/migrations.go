// Package migrations holds the schema of every database Hammerwork stores its
// state in, as goose migrations: the same numbers and names for all of them. Where
// one database has nothing to change, its migration does nothing.
package migrations

import (
	"embed"
	"errors"
	"io/fs"
	"strconv"
	"strings"
)

//go:embed mysql/*.sql postgres/*.sql sqlite/*.sql
var files embed.FS

// MySQL returns the migrations for MySQL and MariaDB.
func MySQL() fs.FS { return sub("mysql") }

// Postgres returns the migrations for PostgreSQL.
func Postgres() fs.FS { return sub("postgres") }

// SQLite returns the migrations for SQLite.
func SQLite() fs.FS { return sub("sqlite") }

// Base is the last of the first migrations: together they make the tables of
// jobs and workflows, and taking one of them back deletes some.
const Base = 13

// Newest returns the highest version among migrations.
func Newest(migrations fs.FS) (int64, error) {
	names, err := fs.Glob(migrations, "*.sql")
	var newest int64
	for _, name := range names {
		number, _, _ := strings.Cut(name, "_")
		version, bad := strconv.ParseInt(number, 10, 64)
		err = errors.Join(err, bad)
		newest = max(newest, version)
	}
	return newest, err
}

func sub(dir string) fs.FS {
	f, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return f
}

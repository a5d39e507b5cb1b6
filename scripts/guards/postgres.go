package main

import (
	"slices"
	"strings"
)

const (
	postgresPrefix  = "postgres: "
	postgresDir     = "internal/store/postgres/"
	postgresQueries = postgresDir + "queries/"
	postgresState   = "migrations/postgres/00003_job_state.sql"
)

// postgresGuards are those of PostgreSQL's statements and transactions.
var postgresGuards = slices.Concat(pgClaimGuards, pgEnqueueGuards, pgLeaseGuards, pgWriteGuards, pgGraphGuards, pgTimerGuards,
	pgOperateGuards, pgReadGuards, pgLockGuards, pgNewGuards, pgSteerGuards, pgServerGuards)

// inPostgres is a guard that SQLite's statement has, too, as PostgreSQL writes
// it.
func inPostgres(name, from, to string) guard {
	return twinOf(postgresPrefix, "postgres", name, from, to)
}

// twinOf is a guard of SQLite's statement as another dialect writes it.
func twinOf(prefix, folder, name, from, to string) guard {
	i := slices.IndexFunc(mainGuards, func(g guard) bool { return g.name == name })
	if i < 0 {
		return guard{name: prefix + name, file: "SQLite has no guard of this name"}
	}
	g := mainGuards[i]
	g.name, g.from, g.to = prefix+name, from, to
	g.file = strings.Replace(g.file, "sqlite", folder, 1)
	return g
}

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
	pgOperateGuards, pgReadGuards, pgLockGuards, pgServerGuards)

// inPostgres is a guard that SQLite's statement has, too, as PostgreSQL writes
// it.
func inPostgres(name, from, to string) guard {
	i := slices.IndexFunc(mainGuards, func(g guard) bool { return g.name == name })
	if i < 0 {
		return guard{name: postgresPrefix + name, file: "SQLite has no guard of this name"}
	}
	g := mainGuards[i]
	g.name, g.from, g.to = postgresPrefix+name, from, to
	g.file = strings.Replace(g.file, "sqlite", "postgres", 1)
	return g
}

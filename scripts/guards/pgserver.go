package main

// pgServerGuards are those of transactions on a server.
var pgServerGuards = []guard{
	{
		name: postgresPrefix + "a transaction that met another runs again", kind: order, file: postgresDir + "postgres.go", place: "database.retry",
		from: "if err == nil || !conflict(err) || try >= tries {", to: "if true {", protects: "two transactions that meet are an error to a caller",
	},
	pgConflict("codeLockUnavailable", "a failure that meets another transaction is an error to the resolver"),
	pgConflict("codeDeadlock", "a deadlock with a caller's own transaction is an error"),
	pgConflict("codeSerialization", "a server that is set to serializable makes errors"),
	pgConflict("codeUnique", "two that enqueue the same at the same time are told an error of the database"),
	pgConflict("codePlanChanged", "a migration makes errors in every service that runs"),
	{
		name: postgresPrefix + "a transaction runs again after codeNoStatement", kind: order, file: postgresDir + "error.go", place: "conflict",
		from: ", codeNoStatement", protects: "a pooler that gives another connection makes errors",
	},
	{
		name: postgresPrefix + "a job that was claimed after the leases were locked makes the transaction run again", kind: lease, file: postgresDir + "error.go", place: "conflict",
		from: "errors.Is(err, sqlstore.ErrConflict)", to: "false", protects: "a deadline that meets a claim is an error to the scheduler",
	},
	{
		name: postgresPrefix + "a commit that the server turned into a rollback is an error", kind: whole, file: postgresDir + "postgres.go", place: "tx.commit",
		from: `tag.String() != "COMMIT"`, to: `tag.String() == ""`, protects: "what was rolled back is answered as committed",
	},
	{
		name: postgresPrefix + "nothing runs after an error", kind: whole, file: postgresDir + "tx.go", place: "tx.Flush",
		from: "if t.err == nil && len", to: "if len", protects: "a transaction that failed goes on",
	},
	{
		name: postgresPrefix + "the clock is read anew by each statement", kind: clock, file: postgresDir + "tx.go",
		from: "clock_timestamp()", to: "now()", protects: "a transaction that waited judges by the time before it waited",
	},
	{
		name: postgresPrefix + "a reader sees one moment", kind: whole, file: postgresDir + "postgres.go", place: "database.Read",
		from: "REPEATABLE READ", to: "READ COMMITTED", protects: "a job is shown with the attempts of another moment",
	},
	{
		name: postgresPrefix + "every row of a copy arrives", kind: whole, file: postgresDir + "copy.go", place: "bulk.run",
		from: "tag.RowsAffected() != int64(rows.Len())", to: "tag.RowsAffected() < 0", kept: "a server that answers otherwise has failed; it is asked because jobs would be lost",
	},
}

// pgConflict is an error of the server after which a transaction runs again.
func pgConflict(code, protects string) guard {
	return guard{
		name: postgresPrefix + "a transaction runs again after " + code, kind: order, file: postgresDir + "error.go", place: "conflict",
		from: code + ", ", protects: protects,
	}
}

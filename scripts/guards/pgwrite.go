package main

var pgWriteGuards = []guard{
	inPostgres("end_jobs: the job's epoch", " AND s.epoch = c.epoch", ""),
	inPostgres("end_jobs: the job has not ended", "\n        AND s.status || '' IN ('pending', 'retrying', 'suspended')", ""),
	inPostgres("requeue_jobs: the job's epoch", " AND s.epoch = c.epoch", ""),
	inPostgres("requeue_jobs: the job has not ended", "\n        AND s.status || '' IN ('pending', 'retrying')", ""),
	inPostgres("requeue_jobs: the epoch goes up", "epoch = s.epoch + 1", "epoch = s.epoch"),
	inPostgres("resolve_edges: the edge is unresolved", " AND state = 'unresolved'", ""),
	inPostgres("update_workflows: the workflow has not ended", " AND coalesce(w.finished_at, 0) = 0", ""),
	inPostgres("attempts: each is recorded once", "\nON CONFLICT DO NOTHING", ""),
	{
		name: postgresPrefix + "hammerwork_changed: every row or the transaction none", kind: whole, file: postgresState,
		from: "IF n <> wanted THEN", to: "IF n < 0 THEN", protects: "half of a transition is stored",
	},
	pgChanged("end_jobs", "resolve.sql", "$20", "what follows from an end is stored, the end is not"),
	pgChanged("requeue_jobs", "resolve.sql", "$8", "a job is ready that was not given up"),
	pgChanged("count_jobs", "resolve.sql", "$9", "an edge is resolved that no child counts"),
	pgChanged("resolve_edges", "resolve.sql", "$6", "a child counts an edge that another transaction has resolved"),
	pgChanged("update_workflows", "resolve.sql", "$21", "jobs end that their workflow does not count"),
	{
		name: postgresPrefix + "job_state: a count of edges never falls below none", kind: left, file: postgresState,
		from: " CHECK (unresolved >= 0)",
		kept: "nothing counts an edge twice while the guards on edges stand; the database's own last word if one of them falls",
	},
}

// pgChanged is the guard of a statement that must change every row.
func pgChanged(statement, file, n, protects string) guard {
	g := guard{
		name: postgresPrefix + statement + ": every row", kind: whole, file: postgresQueries + file, place: statement,
		from: "hammerwork_changed(count(*), " + n + "::int)", to: "count(*) + " + n + "::int", protects: protects,
	}
	if protects == "" {
		g.kept = "implied: all rows are locked, and were seen to be as the statement asks"
	}
	return g
}

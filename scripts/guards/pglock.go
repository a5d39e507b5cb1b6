package main

// pgLockGuards are the locks, and their order within a statement.
var pgLockGuards = []guard{
	pgLock("lock_workflows", "resolve.sql", "two outcomes count on what the other changes"),
	pgLock("lock_workflows_of_jobs", "resolve.sql", "two outcomes count on what the other changes"),
	pgLock("lock_leases", "lease.sql", "the reaper takes a lease that a heartbeat has just prolonged"),
	pgLock("lock_leases_of_jobs", "lease.sql", "a deadline and a heartbeat deadlock"),
	pgLock("lock_leases_of_workflows", "lease.sql", "the end of a grace and a heartbeat deadlock"),
	pgLock("lock_jobs", "edgecheck.sql", "an edge is looked at while its parent ends, and stays unresolved"),
	pgLock("lock_jobs_and_children", "resolve.sql", "two parents that end at the same time leave their child waiting"),
	pgLock("lock_descendants", "resolve.sql", "jobs end that another transaction starts"),
	pgLock("lock_open_jobs", "resolve.sql", "jobs end that another transaction starts"),
	{
		name: postgresPrefix + "free_jobs: what it reads is locked", kind: owner, file: postgresQueries + "timer.sql", place: "free_jobs",
		from: " FOR UPDATE SKIP LOCKED", to: " OFFSET 0", protects: "a cancel and a look for timers each leave the job to the other",
	},
	{
		name: postgresPrefix + "free_jobs: it does not wait", kind: order, file: postgresQueries + "timer.sql", place: "free_jobs",
		from: " SKIP LOCKED", protects: "a thousand jobs stay locked until the last of them is free",
	},
	{
		name: postgresPrefix + "delayed jobs: a job that another transaction holds keeps its timer", kind: owner, file: sqlstore + "time.go", place: "leaveHeld",
		from: "return held[t.ID]", to: "return held[t.ID] && false", protects: "a job that was locked when its time came never starts",
	},
	pgNoWait("lock_descendants"),
	pgNoWait("lock_open_jobs"),
	pgByID("lock_workflows", " ORDER BY id"),
	pgByID("lock_workflows_of_jobs", "\n    ORDER BY id"),
	pgByID("lock_leases", " ORDER BY id"),
	pgByID("lock_leases_of_jobs", " ORDER BY id"),
	pgByID("lock_leases_of_workflows", "\n    ORDER BY id"),
	pgByID("lock_jobs", " ORDER BY id"),
	pgByID("lock_jobs_and_children", "\n    ORDER BY id"),
	pgByID("lock_descendants", " ORDER BY id"),
	pgByID("lock_open_jobs", "\n    ORDER BY id"),
}

func pgLock(statement, file, protects string) guard {
	shown, wait := "", ""
	switch statement {
	case "lock_workflows", "lock_workflows_of_jobs":
		shown = " AND hidden = ''"
	case "lock_descendants", "lock_open_jobs", "lock_more_jobs":
		wait = " NOWAIT"
	}
	return guard{
		name: postgresPrefix + statement + ": what it reads is locked", kind: owner, file: postgresQueries + file, place: statement,
		from: "x.id" + shown + " FOR UPDATE" + wait + ")", to: "x.id" + shown + " OFFSET 0)", protects: protects,
	}
}

func pgNoWait(statement string) guard {
	return guard{
		name: postgresPrefix + statement + ": it does not wait", kind: order, file: postgresQueries + "resolve.sql", place: statement,
		from: "FOR UPDATE NOWAIT)", to: "FOR UPDATE)", protects: "two failures that meet in a graph deadlock",
	}
}

func pgByID(statement, from string) guard { return inPostgres(statement+": by id", from, "") }

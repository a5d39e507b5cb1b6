package main

import "strings"

var myHiddenGuards = []guard{
	inMySQL("workflow: not hidden ones", shown, ""),
	inMySQL("workflow_status: not hidden ones", shown, ""),
	inMySQL("open_workflow: not hidden ones", shown, ""),
	inMySQL("other_open_workflow: not hidden ones with a larger digest", "digest > ?1 AND finished_at IS NULL AND hidden = ''", "digest > ?1 AND finished_at IS NULL"),
	inMySQL("other_open_workflow: not hidden ones with a smaller digest", "digest < ?1 AND finished_at IS NULL AND hidden = ''", "digest < ?1 AND finished_at IS NULL"),
	inMySQL("workflow_jobs: not hidden ones", "\nWHERE w.hidden = ''", ""),
	inMySQL("job: not hidden ones", " AND COALESCE(w.hidden, '') = ''", ""),
	inMySQL("list_workflows: not hidden ones", shown, ""),
	inMySQL("list_jobs: not hidden ones", "\n    AND COALESCE(w.hidden, '') = ''", "\n    AND 1 = 1"),
	inMySQL("list_workflow_jobs: not hidden ones", "\n    AND COALESCE(w.hidden, '') = ''", "\n    AND 1 = 1"),
	inMySQL("job_exists: not hidden ones", " AND COALESCE(w.hidden, '') = ''", ""),
	inMySQL("parents_stored: not hidden ones", "\nWHERE COALESCE(w.hidden, '') = ''", ""),
	inMySQL("lock_workflows: not hidden ones", "\nWHERE w.hidden = ''", ""),
	inMySQL("lock_workflows_of_jobs: not hidden ones", "\nWHERE w.hidden = ''", ""),
	inMySQL("jobs_being_purged: only of workflows that are being deleted", "\nWHERE w.hidden = 'purging'", ""),
	inMySQL("lock_building: it is still being enqueued", " AND hidden = 'building'", ""),
	inMySQL("reveal_workflow: it is still being enqueued", " AND hidden = 'building'", ""),
}

var myPurgeGuards = []guard{
	inMySQL("old_workflows: not hidden ones", shown, ""),
	inMySQL("hide_workflows: not those that are hidden", "\nWHERE w.hidden <> 'purging'", ""),
	inMySQL("needed_workflows: by a job that has not ended", "\nWHERE s.finished_at IS NULL", ""),
	inMySQL("needed_jobs: by a job that has not ended", "\nWHERE s.finished_at IS NULL", ""),
	inMySQL("old_jobs: only jobs without a workflow", "FORCE INDEX (hw_jobs_alone)\n    WHERE workflow_id IS NULL AND ", "\n    WHERE "),
	inMySQL("lock_purging_workflows: they are being deleted", "\nWHERE w.hidden = 'purging'", ""),
	inMySQL("delete_workflows: nothing is left of it",
		"\n    AND (SELECT 1 FROM hw_jobs j FORCE INDEX (hw_jobs_workflow) WHERE j.workflow_id = w.id LIMIT 1) IS NULL", ""),
	inMySQL("delete_workflows: it is being deleted", "w.hidden = 'purging'\n    AND ", ""),
	inMySQL("delete_keys: the key itself", " AND k.`key` = CAST(c.`key` AS BINARY) AND k.id = UNHEX(c.id)", ""),
	inMySQL("forget_queues: a paused one is remembered", "paused_at IS NULL AND ", ""),
	inMySQL("forget_queues: one with weights is remembered", " AND weights = ''", ""),
}

var myPartitionGuards = []guard{
	inMySQL("own_partitions: its own or nobody's", "\nWHERE p.resolver = CAST(?2 AS BINARY) OR p.expires_at <= ?3", ""),
	inMySQL("free_partitions: only its own", "\nWHERE p.resolver = CAST(?2 AS BINARY)", ""),
	{
		name: mysqlPrefix + "add_partitions: those that another has added", kind: unique, file: mysqlQueries + "partition.sql", place: "add_partitions",
		from: "\nON DUPLICATE KEY UPDATE id = c.id", kept: "a transaction that meets another's rows runs again, and finds them",
	},
	{
		name: mysqlPrefix + "forget_resolvers: only who is silent", kind: expiry, file: mysqlQueries + "partition.sql", place: "forget_resolvers",
		from: "WHERE expires_at <= ?1 ORDER", to: "ORDER", kept: "it is asked again of what is locked; this one bounds what is locked",
	},
	{
		name: mysqlPrefix + "forget_resolvers: who was seen meanwhile is left alone", kind: expiry, file: mysqlQueries + "partition.sql", place: "forget_resolvers",
		from: "\nWHERE r.expires_at <= ?1", kept: "another has to write between the two halves of one statement",
	},
	inMySQL("forget_resolver: only who leaves", " WHERE name = ?1", ""),
}

// myLockGuards are the locks, and their order within a statement.
var myLockGuards = []guard{
	myLock("lock_workflows", "resolve.sql", "two outcomes count on what the other changes"),
	myLock("lock_workflows_of_jobs", "resolve.sql", "two outcomes count on what the other changes"),
	myLock("lock_workflows_to_purge", "purge.sql", "a workflow is deleted on which a job comes to depend"),
	myLock("lock_jobs_to_purge", "purge.sql", "a job is deleted on which another comes to depend"),
	myLock("lock_building", "enqueue.sql", "two that enqueue one large workflow store its jobs twice"),
	myLock("lock_leases", "lease.sql", "the reaper takes a lease that a heartbeat has just prolonged"),
	myLock("lock_leases_of_jobs", "lease.sql", "a deadline and a heartbeat deadlock"),
	myLock("lock_leases_of_workflows", "lease.sql", "the end of a grace and a heartbeat deadlock"),
	myLock("lock_jobs", "edgecheck.sql", "an edge is looked at while its parent ends, and stays unresolved"),
	myLock("lock_jobs_and_children", "resolve.sql", "two parents that end at the same time leave their child waiting"),
	myLock("lock_descendants", "resolve.sql", "jobs end that another transaction starts"),
	myLock("lock_open_jobs", "resolve.sql", "jobs end that another transaction starts"),
	myLock("lock_more_jobs", "resolve.sql", "jobs end that another transaction starts"),
	myLock("take_ready", "resolve.sql", "a job is claimed that its workflow has cancelled"),
	myLock("take_timers", "resolve.sql", "a retry comes back after its workflow was cancelled"),
	myLock("delete_timers", "timer.sql", "two schedulers handle one timer"),
	{
		name: mysqlPrefix + "lock_partitions: what it reads is locked", kind: owner, file: mysqlQueries + "partition.sql", place: "lock_partitions",
		from: " FOR UPDATE", protects: "two resolvers own a partition",
	},
	{
		name: mysqlPrefix + "free_jobs: what it reads is locked", kind: owner, file: mysqlQueries + "timer.sql", place: "free_jobs",
		from: "\nFOR UPDATE SKIP LOCKED", protects: "a cancel and a look for timers each leave the job to the other",
	},
	{
		name: mysqlPrefix + "free_jobs: it does not wait", kind: order, file: mysqlQueries + "timer.sql", place: "free_jobs",
		from: " SKIP LOCKED", protects: "a thousand jobs stay locked until the last of them is free",
	},
	{
		name: mysqlPrefix + "lock_purging_workflows: what it reads is locked", kind: owner, file: mysqlQueries + "purge.sql", place: "lock_purging_workflows",
		from: "\nFOR UPDATE SKIP LOCKED", protects: "two that purge delete the same jobs",
	},
	{
		name: mysqlPrefix + "lock_purging_workflows: it does not wait", kind: order, file: mysqlQueries + "purge.sql", place: "lock_purging_workflows",
		from: " SKIP LOCKED", protects: "two that purge wait for each other",
	},
	myNoWait("lock_descendants"),
	myNoWait("lock_open_jobs"),
	myNoWait("lock_more_jobs"),
	myByID("lock_workflows", " ORDER BY id LIMIT 18446744073709551615"),
	myByID("lock_workflows_of_jobs", "\n    ORDER BY id LIMIT 18446744073709551615"),
	myByID("lock_leases", " ORDER BY id LIMIT 18446744073709551615"),
	myByID("lock_leases_of_jobs", "\n    ORDER BY l.id LIMIT 18446744073709551615"),
	myByID("lock_leases_of_workflows", "\n    ORDER BY l.id LIMIT 18446744073709551615"),
	myByID("lock_jobs", " ORDER BY id LIMIT 18446744073709551615"),
	myByID("lock_jobs_and_children", "\n    ORDER BY id LIMIT 18446744073709551615"),
	myByID("lock_descendants", "\n    ORDER BY id LIMIT 18446744073709551615"),
	myByID("lock_open_jobs", "\n    ORDER BY j.id LIMIT 18446744073709551615"),
}

func myLock(statement, file, protects string) guard {
	from := "\nFOR UPDATE"
	switch statement {
	case "lock_descendants", "lock_open_jobs", "lock_more_jobs":
		from += " NOWAIT"
	case "lock_building":
		from = " FOR UPDATE"
	}
	return guard{
		name: mysqlPrefix + statement + ": what it reads is locked", kind: owner, file: mysqlQueries + file, place: statement,
		from: from, protects: protects,
	}
}

func myNoWait(statement string) guard {
	return guard{
		name: mysqlPrefix + statement + ": it does not wait", kind: order, file: mysqlQueries + "resolve.sql", place: statement,
		from: " NOWAIT", protects: "two failures that meet in a graph deadlock",
	}
}

func myByID(statement, from string) guard { return inMySQL(statement+": by id", from, "") }

// myServerGuards are those of transactions on a server.
var myServerGuards = []guard{
	{
		name: mysqlPrefix + "a transaction that met another runs again", kind: order, file: mysqlDir + "mysql.go", place: "database.retry",
		from: "if err == nil || !conflict(err) || try >= tries", to: "if true || try >= tries", protects: "two transactions that meet are an error to a caller",
	},
	myConflict("codeDeadlock, ", "two transactions that deadlock are an error to a caller"),
	myConflict("codeLockTimeout, ", "a failure that meets another transaction is an error to the resolver"),
	{
		name: mysqlPrefix + "a transaction runs again after codeLockUnavailable", kind: order, file: mysqlDir + "error.go", place: "conflict",
		from: "codeLockUnavailable, ", kept: "MariaDB, which the tests start, says codeLockTimeout instead",
	},
	myConflict(", codeDuplicate", "two that enqueue the same at the same time are told an error of the database"),
	{
		name: mysqlPrefix + "a job that was claimed after the leases were locked makes the transaction run again", kind: lease, file: mysqlDir + "error.go", place: "conflict",
		from: "errors.Is(err, sqlstore.ErrConflict)", to: "false", protects: "a deadline that meets a claim is an error to the scheduler",
	},
	{
		name: mysqlPrefix + "nothing runs after an error", kind: whole, file: mysqlDir + "tx.go", place: "tx.Flush",
		from: "for t.err == nil && len(t.queue) > 0 {", to: "for len(t.queue) > 0 {", protects: "a transaction that failed goes on",
	},
	{
		name: mysqlPrefix + "the clock is read anew by each statement", kind: clock, file: mysqlDir + "tx.go",
		from: "UTC_TIMESTAMP(6)", to: "CONVERT_TZ(NOW(6), @@time_zone, '+00:00')", protects: "a transaction that waited judges by the time before it waited",
		kept: "every statement has its own time here; what it takes away is the time zone, and connections are in UTC",
	},
	{
		name: mysqlPrefix + "a reader sees one moment", kind: whole, file: mysqlDir + "mysql.go",
		from: "REPEATABLE READ", to: "READ COMMITTED", protects: "a job is shown with the attempts of another moment",
	},
	{
		name: mysqlPrefix + "a connection is as it must be", kind: whole, file: mysqlDir + "connect.go",
		from: `!= "READ-COMMITTED":`, to: `== "":`, protects: "a proxy that takes no settings makes deadlocks",
	},
}

func myConflict(code, protects string) guard {
	g := guard{kind: order, file: mysqlDir + "error.go", place: "conflict", from: code, protects: protects}
	g.name = mysqlPrefix + "a transaction runs again after " + strings.Trim(code, ", ")
	return g
}

package main

// lockGuards are the order of locks: workflows, leases, jobs, each by id.
// SQLite has one writer; there the contract's tests of statements and their
// order stand for the databases in which a wrong order deadlocks.
var lockGuards = []guard{
	{
		name: "resolve: workflows are locked before leases", kind: order, file: resolveGo, place: "Store.resolve",
		from:     "\tp.lockWorkflows(tx, \"lock_workflows_of_jobs\", jobs)\n\tleases := lockLeases(tx, \"lock_leases\", leaseIDs)\n",
		to:       "\tleases := lockLeases(tx, \"lock_leases\", leaseIDs)\n\tp.lockWorkflows(tx, \"lock_workflows_of_jobs\", jobs)\n",
		protects: "two resolvers, or a resolver and a cancel, deadlock",
	},
	{
		name: "resolve: leases are locked before jobs", kind: order, file: resolveGo, place: "Store.resolve",
		from:     "\tleases := lockLeases(tx, \"lock_leases\", leaseIDs)\n\tp.lockWithChildren(tx, jobs)\n",
		to:       "\tp.lockWithChildren(tx, jobs)\n\tleases := lockLeases(tx, \"lock_leases\", leaseIDs)\n",
		protects: "a resolver and the reaper deadlock",
	},
	{
		name: "edge check: workflows are locked before jobs", kind: order, file: sqlstore + "edgecheck.go", place: "Store.checkEdges",
		from:     "\tp.lockWorkflows(tx, \"lock_workflows_of_jobs\", all)\n\tfor list := range slices.Chunk(all, p.pageRows) {\n\t\tp.lockJobs(tx, \"lock_jobs\", list)\n\t}\n",
		to:       "\tfor list := range slices.Chunk(all, p.pageRows) {\n\t\tp.lockJobs(tx, \"lock_jobs\", list)\n\t}\n\tp.lockWorkflows(tx, \"lock_workflows_of_jobs\", all)\n",
		protects: "an edge check and a resolver deadlock",
	},
	{
		name: "delayed jobs: the job is locked before its timer goes", kind: order, file: timeGo, place: "Store.fireJobs",
		from:     "\t\tp.lockJobs(tx, \"free_jobs\", sortedIDs(list))\n",
		to:       "\t\tdeleteTimers(tx, timers)\n\t\tp.lockJobs(tx, \"free_jobs\", sortedIDs(list))\n",
		protects: "a cancel sees neither the timer nor the ready row, and takes the job for held",
	},
	{
		name: "lock_workflows: by id", kind: order, file: resolveSQL, place: "lock_workflows",
		from: "\nORDER BY id", protects: "two resolvers deadlock",
	},
	{
		name: "lock_workflows_of_jobs: by id", kind: order, file: resolveSQL, place: "lock_workflows_of_jobs",
		from: "\nORDER BY id", protects: "two resolvers deadlock",
	},
	{
		name: "lock_leases: by id", kind: order, file: queries + "lease.sql", place: "lock_leases",
		from: "\nORDER BY id", protects: "two resolvers, or a resolver and a heartbeat, deadlock",
	},
	{
		name: "lock_leases_of_jobs: by id", kind: order, file: queries + "lease.sql", place: "lock_leases_of_jobs",
		from: "\nORDER BY id", protects: "a deadline and a heartbeat deadlock",
	},
	{
		name: "lock_leases_of_workflows: by id", kind: order, file: queries + "lease.sql", place: "lock_leases_of_workflows",
		from: "\nORDER BY id", protects: "the end of a grace and a heartbeat deadlock",
	},
	{
		name: "lock_jobs: by id", kind: order, file: queries + "edgecheck.sql", place: "lock_jobs",
		from: "\nORDER BY s.id", protects: "an edge check and a resolver deadlock",
	},
	{
		name: "lock_jobs_and_children: by id", kind: order, file: resolveSQL, place: "lock_jobs_and_children",
		from: "\nORDER BY s.id", protects: "two resolvers deadlock",
	},
	{
		name: "lock_descendants: by id", kind: order, file: resolveSQL, place: "lock_descendants",
		from: "\nORDER BY s.id", protects: "two resolvers deadlock",
	},
	{
		name: "lock_open_jobs: by id", kind: order, file: resolveSQL, place: "lock_open_jobs",
		from: "\nORDER BY s.id", protects: "a cancel and a resolver deadlock",
	},
	{
		name: "lock_more_jobs: by id", kind: order, file: resolveSQL, place: "lock_more_jobs",
		from: "\nORDER BY s.id", protects: "a cancel and a resolver deadlock",
	},
	{
		name: "a transaction that writes is the only writer from its beginning", kind: order, file: "internal/store/sqlite/sqlite.go", place: "openStore",
		from: `"immediate", synchronous, 1)`, to: `"deferred", synchronous, 1)`, protects: "what a transaction read is not so any more when it writes",
	},
	{
		name: "a transaction that met another writer runs again", kind: order, file: "internal/store/sqlite/sqlite.go", place: "database.retry",
		from: "if err == nil || !busy(err) || try == conflictTries {", to: "if true {", protects: "a busy file is an error to the caller",
	},
	{
		name: "a transaction that found a lease which it had not locked runs again", kind: order, file: "internal/store/sqlite/sqlite.go", place: "busy",
		from: "if errors.Is(err, sqlstore.ErrConflict) {", to: "if errors.Is(err, sqlstore.ErrConflict) && false {", protects: "a deadline that meets a claim is an error to the scheduler",
	},
}

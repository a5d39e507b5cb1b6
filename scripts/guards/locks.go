package main

// lockGuards are the order of locks: workflows, leases, jobs, each by id.
// SQLite has one writer; there the contract's tests of statements and their
// order stand for the databases in which a wrong order deadlocks.
var lockGuards = []guard{
	{
		name: "resolve: workflows are locked before leases", kind: order, file: resolveGo, place: "Store.resolve",
		from:     "\tif err := p.lockWorkflows(tx, workflows); err != nil {\n\t\treturn nil, err\n\t}\n\tleases, err := lockLeases(tx, leaseIDs)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n",
		to:       "\tleases, err := lockLeases(tx, leaseIDs)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n\tif err := p.lockWorkflows(tx, workflows); err != nil {\n\t\treturn nil, err\n\t}\n",
		protects: "two resolvers, or a resolver and a cancel, deadlock",
	},
	{
		name: "resolve: leases are locked before jobs", kind: order, file: resolveGo, place: "Store.resolve",
		from:     "\tleases, err := lockLeases(tx, leaseIDs)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n\tif err := p.lockJobs(tx, \"lock_jobs_and_children\", jobs); err != nil {\n\t\treturn nil, err\n\t}\n",
		to:       "\tif err := p.lockJobs(tx, \"lock_jobs_and_children\", jobs); err != nil {\n\t\treturn nil, err\n\t}\n\tleases, err := lockLeases(tx, leaseIDs)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n",
		protects: "a resolver and the reaper deadlock",
	},
	{
		name: "deadlines: workflows are locked before jobs", kind: order, file: timeGo, place: "Store.fireDeadlines",
		from:     "\t\tif err := p.lockWorkflows(tx, workflows); err != nil {\n\t\t\treturn err\n\t\t}\n\t\tif err := p.lockJobs(tx, \"lock_jobs_and_children\", list); err != nil {\n\t\t\treturn err\n\t\t}\n",
		to:       "\t\tif err := p.lockJobs(tx, \"lock_jobs_and_children\", list); err != nil {\n\t\t\treturn err\n\t\t}\n\t\tif err := p.lockWorkflows(tx, workflows); err != nil {\n\t\t\treturn err\n\t\t}\n",
		protects: "a deadline and a resolver deadlock",
	},
	{
		name: "edge check: workflows are locked before jobs", kind: order, file: sqlstore + "edgecheck.go", place: "Store.checkEdges",
		from:     "\tif err := p.lockWorkflows(tx, workflows); err != nil {\n\t\treturn err\n\t}\n\tif err := p.lockJobs(tx, \"lock_jobs\", all); err != nil {\n\t\treturn err\n\t}\n",
		to:       "\tif err := p.lockJobs(tx, \"lock_jobs\", all); err != nil {\n\t\treturn err\n\t}\n\tif err := p.lockWorkflows(tx, workflows); err != nil {\n\t\treturn err\n\t}\n",
		protects: "an edge check and a resolver deadlock",
	},
	{
		name: "delayed jobs: the job is locked before its timer goes", kind: order, file: timeGo, place: "Store.fireJobs",
		from:     "\t\tif err := p.lockJobs(tx, \"lock_jobs\", list); err != nil {\n\t\t\treturn err\n\t\t}\n\t\tmine, err := deleteTimers(tx, timers)\n\t\tif err != nil {\n\t\t\treturn err\n\t\t}\n",
		to:       "\t\tmine, err := deleteTimers(tx, timers)\n\t\tif err != nil {\n\t\t\treturn err\n\t\t}\n\t\tif err := p.lockJobs(tx, \"lock_jobs\", list); err != nil {\n\t\t\treturn err\n\t\t}\n",
		protects: "a cancel sees neither the timer nor the ready row, and takes the job for held",
	},
	{
		name: "lock_workflows: by id", kind: order, file: resolveSQL, place: "lock_workflows",
		from: "\nORDER BY id", protects: "two resolvers deadlock",
	},
	{
		name: "lock_leases: by id", kind: order, file: queries + "lease.sql", place: "lock_leases",
		from: "\nORDER BY id", protects: "two resolvers, or a resolver and a heartbeat, deadlock",
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
		name: "a transaction that writes is the only writer from its beginning", kind: order, file: "internal/store/sqlite/sqlite.go", place: "openStore",
		from: `"immediate", synchronous, 1)`, to: `"deferred", synchronous, 1)`, protects: "what a transaction read is not so any more when it writes",
	},
	{
		name: "a transaction that met another writer runs again", kind: order, file: "internal/store/sqlite/sqlite.go", place: "database.retry",
		from: "if err == nil || !busy(err) || try == conflictTries {", to: "if true {", protects: "a busy file is an error to the caller",
	},
}

package main

var pgEnqueueGuards = []guard{
	inPostgres("make_ready: the job has not ended", " AND status IN ('pending', 'retrying')", ""),
	inPostgres("make_ready: its dependencies are fulfilled", " AND dependency_status IN ('none', 'satisfied')", ""),
	inPostgres("make_ready: its time has come", " AND scheduled_at <= $2::bigint", " AND $2::bigint IS NOT NULL"),
	inPostgres("make_waiting: the job has not ended", " AND status IN ('pending', 'retrying')", ""),
	inPostgres("make_waiting: its dependencies are fulfilled", " AND dependency_status IN ('none', 'satisfied')", ""),
	inPostgres("make_waiting: its time has not come", " AND scheduled_at > $2::bigint", " AND $2::bigint IS NOT NULL"),
	inPostgres("insert_edge_checks: a check that waits already", "\nON CONFLICT DO NOTHING", ""),
	inPostgres("insert_keys: one that is there already", "\nON CONFLICT DO NOTHING", ""),
	{
		name: postgresPrefix + "keys_stored: the key's scope", kind: scope, file: postgresQueries + "operate.sql", place: "keys_stored",
		from: "scope = c.scope AND ", kept: "it bounds what is read: keyring.find leaves out keys of another scope",
	},
	{
		name: postgresPrefix + "insert_keys: in the order of keys", kind: order, file: postgresQueries + "operate.sql", place: "insert_keys",
		from: "\nORDER BY c.scope, c.\"key\"", kept: "the keys come in this order already (see key: keys are stored in their order)",
	},
	{
		name: postgresPrefix + "insert_edge_checks: in the order of edges", kind: order, file: postgresQueries + "enqueue.sql", place: "insert_edge_checks",
		from: "\nORDER BY c.parent, c.child", kept: "who inserts the check of an edge holds the lock of its parent, or has just made the edge",
	},
	{
		name: postgresPrefix + "caller's transaction: a refused enqueue leaves nothing", kind: whole, file: postgresDir + "callertx.go", place: "Store.within",
		from: `"ROLLBACK TO SAVEPOINT hammerwork_enqueue"`, to: `"SELECT 1"`, protects: "half of an enqueue that was refused is stored, or the caller's transaction is lost",
	},
	{
		name: postgresPrefix + "caller's transaction: what is queued is sent", kind: whole, file: postgresDir + "callertx.go", place: "Store.inOwnSchema",
		from: "err = t.Flush()", to: "err = nil", protects: "an enqueue is not stored that is said to be",
	},
}

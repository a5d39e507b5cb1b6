package main

const myHeldEpoch = "s.epoch = e.epoch AND "

var myClaimGuards = []guard{
	inMySQL("ready_heads: the queue is not paused", "\n    AND NOT EXISTS (SELECT 1 FROM hw_queues WHERE name = ?1 AND paused_at IS NOT NULL)", ""),
	inMySQL("ready_heads: each piece of a queue begins after the last",
		" AND (`rank` > ?2 OR `rank` = ?2 AND (scheduled_at > ?3 OR scheduled_at = ?3 AND id > UNHEX(?4)))", ""),
	inMySQL("delete_ready: only the rows it was told", " AND r.scheduled_at = c.scheduled_at AND r.id = UNHEX(c.id)", ""),
	{
		name: mysqlPrefix + "delete_ready: rows that another claim has locked are left out", kind: order, file: mysqlQueries + "claim.sql", place: "delete_ready",
		from: " SKIP LOCKED", protects: "claims wait for each other, and deadlock when they read several queues",
	},
	{
		name: mysqlPrefix + "delete_ready: what it takes is locked", kind: owner, file: mysqlQueries + "claim.sql", place: "delete_ready",
		from: "\nFOR UPDATE SKIP LOCKED", protects: "two claims hold one job",
	},
	{
		name: mysqlPrefix + "free_ready: rows that another claim has locked are left out", kind: order, file: mysqlQueries + "claim.sql", place: "free_ready",
		from: " SKIP LOCKED", protects: "a claim takes nothing of what comes after the rows of another",
	},
	inMySQL("claimed_jobs: the job has not ended", "\nWHERE s.status IN ('pending', 'retrying')", ""),
	inMySQL("held_job: the lease is the caller's", "l.id = UNHEX(?3) AND ", ""),
	inMySQL("held_job: the lease lists this job", "s.id = UNHEX(?1) AND ", ""),
	inMySQL("held_job: the lease lists it with the epoch", "e.epoch = ?2 AND ", ""),
	inMySQL("held_job: the job's state has the epoch", "s.epoch = ?2 AND ", ""),
	inMySQL("held_job: the job has not ended", " AND s.status IN ('pending', 'retrying')", ""),
}

var myEnqueueGuards = []guard{
	inMySQL("make_ready: the job has not ended", "s.status IN ('pending', 'retrying') AND ", ""),
	inMySQL("make_ready: its dependencies are fulfilled", "s.dependency_status IN ('none', 'satisfied') AND ", ""),
	inMySQL("make_ready: its time has come", " AND s.scheduled_at <= ?2", ""),
	inMySQL("make_waiting: the job has not ended", "s.status IN ('pending', 'retrying') AND ", ""),
	inMySQL("make_waiting: its dependencies are fulfilled", "s.dependency_status IN ('none', 'satisfied') AND ", ""),
	inMySQL("make_waiting: its time has not come", " AND s.scheduled_at > ?2", ""),
	inMySQL("insert_edge_checks: a check that waits already", "INSERT IGNORE", "INSERT"),
	inMySQL("insert_keys: one that is there already", "INSERT IGNORE", "INSERT"),
	{
		name: mysqlPrefix + "keys_stored: the key's scope", kind: scope, file: mysqlQueries + "operate.sql", place: "keys_stored",
		from: "k.scope = CAST(c.scope AS BINARY) AND ", kept: "it bounds what is read: keyring.find leaves out keys of another scope",
	},
	{
		name: mysqlPrefix + "keys_stored_now: what it reads is the newest", kind: unique, file: mysqlQueries + "operate.sql", place: "keys_stored_now",
		from: "\nLOCK IN SHARE MODE", protects: "a key that another has just stored is found by nobody, and the enqueue fails",
	},
	{
		name: mysqlPrefix + "caller's transaction: a key is looked for anew once it could not be stored", kind: unique, file: mysqlDir + "callertx.go", place: "callerTx.QueueQuery",
		from: `if name == "keys_stored" && t.keyed {`, to: "if false {", protects: "a key that another has just stored is found by nobody, and the enqueue fails",
	},
	{
		name: mysqlPrefix + "caller's transaction: a refused enqueue leaves nothing", kind: whole, file: mysqlDir + "callertx.go", place: "Store.within",
		from: `"ROLLBACK TO SAVEPOINT hammerwork_enqueue"`, to: `"SELECT 1"`, protects: "half of an enqueue that was refused is stored",
	},
	{
		name: mysqlPrefix + "caller's transaction: an error of its own statements is one of the enqueue", kind: whole, file: mysqlDir + "callertx.go", place: "Store.within",
		from: "err = t.err\n", to: "err = nil\n", protects: "an enqueue is not stored that is said to be",
	},
}

var myLeaseGuards = []guard{
	inMySQL("extend_leases: the lease is the worker's", "\nWHERE l.worker = c.worker", ""),
	inMySQL("lease_jobs_to_stop: jobs of another epoch", "(s.epoch <> e.epoch OR s.status", "(s.status"),
	inMySQL("lease_jobs_to_stop: jobs that have ended", " OR s.status NOT IN ('pending', 'retrying')", ""),
	inMySQL("lease_jobs_to_stop: jobs that are being cancelled", " OR s.cancelling = 1", ""),
	inMySQL("lease_jobs_to_stop: not those that ended under the lease itself", "\n    AND NOT (s.lease_id <=> l.id)", ""),
	inMySQL("lease_jobs_to_stop: a job of another epoch is revoked", "NOT (s.epoch = e.epoch AND s.status IN", "NOT (s.status IN"),
	inMySQL("lease_jobs_to_stop: a job that has ended is revoked", "NOT (s.epoch = e.epoch AND s.status IN ('pending', 'retrying'))", "NOT (s.epoch = e.epoch)"),
	inMySQL("expired_leases: the lease has expired", "WHERE expires_at <= ?1 ", "WHERE ?1 IS NOT NULL "),
	inMySQL("delete_empty_leases: nothing is left of the lease", "\nWHERE l.remaining <= 0", ""),
	inMySQL("shrink_leases: by what really ended", "l.remaining = l.remaining - c.n", "l.remaining = l.remaining - 1"),
	inMySQL("overdue_leases: the lease has expired", "expires_at <= ?1 AND ", ""),
	inMySQL("overdue_leases: its worker has accepted it", " AND accepted = 1", ""),
	inMySQL("standing_leases: the lease has not expired", "expires_at > ?1 AND ", ""),
	inMySQL("standing_leases: its worker has accepted it", " AND accepted = 1", ""),
}

var myWriteGuards = []guard{
	inMySQL("end_jobs: the job's epoch", " AND s.epoch = c.epoch", ""),
	inMySQL("end_jobs: the job has not ended", "\nWHERE s.status IN ('pending', 'retrying', 'suspended')", ""),
	inMySQL("requeue_jobs: the job's epoch", " AND s.epoch = c.epoch", ""),
	inMySQL("requeue_jobs: the job has not ended", "\nWHERE s.status IN ('pending', 'retrying')", ""),
	inMySQL("requeue_jobs: the epoch goes up", "s.epoch = c.epoch + 1", "s.epoch = c.epoch"),
	inMySQL("resolve_edges: the edge is unresolved", "\nWHERE e.state = 'unresolved'", ""),
	inMySQL("update_workflows: the workflow has not ended", "\nWHERE w.finished_at IS NULL", ""),
	inMySQL("attempts: each is recorded once", "INSERT IGNORE", "INSERT"),
	{
		name: mysqlPrefix + "a guarded statement changes every row or the transaction none", kind: whole, file: mysqlDir + "tx.go", place: "tx.count",
		from: "if s.want != anyNumber && n != int64(s.want) {", to: "if false {", protects: "half of a transition is stored",
	},
	{
		name: mysqlPrefix + "what a guarded statement changed is counted before the commit", kind: whole, file: mysqlDir + "mysql.go", place: "tx.commit",
		from: "for t.unfinished() {", to: "for false && t.unfinished() {", protects: "half of a transition is stored, and an error told",
	},
	{
		name: mysqlPrefix + "a row that already was as it should be counts as changed", kind: whole, file: mysqlDir + "url.go",
		from: "d.MultiStatements, d.InterpolateParams, d.ClientFoundRows = true, true, true", to: "d.MultiStatements, d.InterpolateParams, d.ClientFoundRows = true, true, false",
		protects: "a repeated transition fails that changed nothing",
	},
	{
		name: mysqlPrefix + "what was locked to be removed is removed, each row", kind: whole, file: mysqlDir + "composed.go", place: "take",
		from: "step{want: len(found)}", to: "step{want: anyNumber}", kept: "implied: the rows are locked",
	},
	{
		name: mysqlPrefix + "what was locked to be removed is removed", kind: owner, file: mysqlDir + "composed.go", place: "take",
		from: "if len(found) == 0 {", to: "if true {", protects: "two claims hold one job",
	},
}

var myGraphGuards = []guard{
	inMySQL("lock_jobs_and_children: only children of the same workflow", "\n        WHERE c.workflow_id <=> p.workflow_id", ""),
	inMySQL("lock_descendants: only jobs of the same workflow", " AND c.workflow_id <=> r.workflow_id", ""),
	inMySQL("lock_descendants: nothing behind a job that has ended", "WHERE r.open AND ", "WHERE "),
	inMySQL("edges_between: the edge is unresolved", "\nWHERE e.state = 'unresolved'", ""),
	inMySQL("take_ready: only the row of the job", " AND r.scheduled_at = x.scheduled_at AND r.id = x.id", ""),
	inMySQL("take_timers: only the job's own", "t.kind = 'job' AND t.due_at = x.scheduled_at AND t.id = x.id", "t.kind = 'deadline' AND t.id = x.id"),
	inMySQL("delete_edge_checks: only those that were looked at", "k.parent_id = UNHEX(c.parent) AND k.child_id = UNHEX(c.child)", "c.parent = c.parent"),
}

var myTimerGuards = []guard{
	inMySQL("due_timers: the time has come", "due_at <= ?1 AND ", ""),
	inMySQL("due_timers: one kind", " AND kind = ?2", ""),
	inMySQL("next_timer: only kinds that are fired", "WHERE kind = 'cancel'", "WHERE kind >= 'cancel'"),
	inMySQL("delete_timers: only those that fired", "t.kind = c.kind AND t.due_at = c.due_at AND t.id = UNHEX(c.id)", "t.kind = c.kind"),
}

var myOperateGuards = []guard{
	inMySQL("mark_cancelling: the job has not ended", "\nWHERE s.finished_at IS NULL", ""),
	inMySQL("pause_queue: the first pause counts", "COALESCE(paused_at, ?2)", "?2"),
	inMySQL("resume_queue: only the queue it was told", " WHERE name = ?1", ""),
	inMySQL("queues_set: only what is set", " WHERE paused_at IS NOT NULL OR weights <> ''", ""),
	inMySQL("see_workers: one that was away for long comes anew", "CASE WHEN hw_workers.last_seen_at < ?3 THEN ?2 ELSE hw_workers.first_seen_at END", "hw_workers.first_seen_at"),
	{
		name: mysqlPrefix + "forget_workers: only who is silent", kind: clock, file: mysqlQueries + "operate.sql", place: "forget_workers",
		from: "SELECT name FROM hw_workers WHERE last_seen_at < ?1 ORDER", to: "SELECT name FROM hw_workers ORDER",
		kept: "it is asked again of what is locked; this one bounds what is locked",
	},
	{
		name: mysqlPrefix + "forget_workers: who was seen meanwhile is left alone", kind: clock, file: mysqlQueries + "operate.sql", place: "forget_workers",
		from: "\nWHERE w.last_seen_at < ?1\n", to: "\n", protects: "a worker that came back is not shown",
		kept: "another has to write between the two halves of one statement",
	},
	inMySQL("workers_seen: only who is not silent", " WHERE last_seen_at >= ?1", ""),
	{
		name: mysqlPrefix + "forget_workers: who is seen just now is left alone", kind: order, file: mysqlQueries + "operate.sql", place: "forget_workers",
		from: " SKIP LOCKED", protects: "two dispatchers deadlock over workers that come back",
	},
}

var myReadGuards = []guard{
	inMySQL("workflow_activity: the lease's entry has the job's epoch", heldEpoch, ""),
	inMySQL("workflow_activity: only held jobs that have not ended run", "h.id IS NOT NULL AND s.status IN ('pending', 'retrying')", "h.id IS NOT NULL"),
	inMySQL("workflow_activity: only open jobs", " AND s.status IN ('pending', 'retrying', 'suspended')", ""),
	inMySQL("workflow_jobs: the lease's entry has the job's epoch", heldEpoch, ""),
	inMySQL("job: the lease's entry has the job's epoch", heldEpoch, ""),
	inMySQL("open_workflow: the workflow has not ended", " AND finished_at IS NULL", ""),
	inMySQL("view: the lease's entry has the job's epoch", heldEpoch, ""),
	inMySQL("view: only jobs that have not ended run", "h.id IS NOT NULL AND s.status IN ('pending', 'retrying')", "h.id IS NOT NULL"),
	inMySQL("view: not hidden ones", "\nWHERE COALESCE(w.hidden, '') = ''", ""),
	inMySQL("list_jobs: the lease's entry has the job's epoch", heldEpoch, ""),
	inMySQL("list_jobs: only jobs that have not ended are chosen as running", "h.id IS NOT NULL AND s.status IN ('pending', 'retrying')", "h.id IS NOT NULL"),
	inMySQL("list_workflow_jobs: the lease's entry has the job's epoch", heldEpoch, ""),
	inMySQL("list_workflow_jobs: only jobs that have not ended are chosen as running", "h.id IS NOT NULL AND s.status IN ('pending', 'retrying')", "h.id IS NOT NULL"),
	inMySQL("workflows_held: the lease's entry has the job's epoch", myHeldEpoch, ""),
	inMySQL("workflows_held: only jobs that have not ended", " AND s.status IN ('pending', 'retrying')", ""),
	inMySQL("workflows_waiting: the lease's entry has the job's epoch", heldEpoch, ""),
	inMySQL("workflows_waiting: only jobs that nobody holds are retrying", " AND h.id IS NULL", ""),
	inMySQL("job_parents: the lease's entry has the job's epoch", heldEpoch, ""),
	inMySQL("job_children: the lease's entry has the job's epoch", heldEpoch, ""),
	inMySQL("queues_held: the lease's entry has the job's epoch", myHeldEpoch, ""),
	inMySQL("queues_held: only jobs that have not ended", " AND s.status IN ('pending', 'retrying')", ""),
	inMySQL("workers_held: the lease's entry has the job's epoch", myHeldEpoch, ""),
	inMySQL("workers_held: only jobs that have not ended", " AND s.status IN ('pending', 'retrying')", ""),
}

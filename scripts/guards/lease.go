package main

var leaseGuards = []guard{
	{
		name: "extend: the lease is the worker's", kind: worker, file: sqlstore + "lease.go", place: "Store.extend",
		from: "l != nil && l.worker == b.Worker", to: "l != nil", protects: "a worker is told that it holds another's lease",
	},
	{
		name: "extend_leases: the lease is the worker's", kind: worker, file: queries + "lease.sql", place: "extend_leases",
		from: " AND leases.worker = b.worker", protects: "a worker accepts and prolongs another's lease",
	},
	{
		name: "lease_jobs_to_stop: jobs of another epoch", kind: epoch, file: queries + "lease.sql", place: "lease_jobs_to_stop",
		from: "(s.epoch <> e.value ->> 1 OR s.status", to: "(s.status", protects: "a worker goes on with a job that it has lost",
	},
	{
		name: "lease_jobs_to_stop: jobs that have ended", kind: status, file: queries + "lease.sql", place: "lease_jobs_to_stop",
		from: " OR s.status NOT IN ('pending', 'retrying')", protects: "a worker goes on with a job that was ended from outside",
	},
	{
		name: "lease_jobs_to_stop: jobs that are being cancelled", kind: status, file: queries + "lease.sql", place: "lease_jobs_to_stop",
		from: " OR s.cancelling = 1", protects: "a worker that missed the message never hears of the cancel",
	},
	{
		name: "extend: progress is told by who holds the lease", kind: worker, file: sqlstore + "progress.go", place: "noteProgress",
		from: "l.worker != b.Worker || ", protects: "a worker writes progress of another's job",
	},
	{
		name: "extend: progress is told of jobs that the lease lists", kind: lease, file: sqlstore + "progress.go", place: "leaseRow.note",
		from: "if _, listed := l.epochs[p.Job]; listed {", to: "{", protects: "a lease grows by what a worker makes up",
	},
	{
		name: "lease_jobs_to_stop: not those that ended under the lease itself", kind: lease, file: queries + "lease.sql", place: "lease_jobs_to_stop",
		from: "\n    AND NOT (s.lease_id IS NOT NULL AND s.lease_id = l.id)", protects: "a worker is told that what it reported is stale",
	},
	{
		name: "lease_jobs_to_stop: a job of another epoch is revoked", kind: epoch, file: queries + "lease.sql", place: "lease_jobs_to_stop",
		from: "NOT (s.epoch = e.value ->> 1 AND s.status IN", to: "NOT (s.status IN", protects: "a worker believes that a job it lost may still end",
	},
	{
		name: "lease_jobs_to_stop: a job that has ended is revoked", kind: status, file: queries + "lease.sql", place: "lease_jobs_to_stop",
		from: "NOT (s.epoch = e.value ->> 1 AND s.status IN ('pending', 'retrying'))", to: "NOT (s.epoch = e.value ->> 1)",
		protects: "a worker believes that a job that has ended may still end otherwise",
	},
	{
		name: "expired_leases: the lease has expired", kind: expiry, file: queries + "lease.sql", place: "expired_leases",
		from: "WHERE expires_at <= ?1", to: "WHERE ?1 IS NOT NULL", protects: "every look for expired leases locks leases that live",
	},
	{
		name: "outcome: the reaper's counts only if the lease is still expired", kind: expiry, file: sqlstore + "resolve.go", place: "judge.verdict",
		from: "if lease.expiresAt > j.now {", to: "if false {", protects: "jobs are taken from a worker whose heartbeat came first",
	},
	{
		name: "outcome: what nobody accepted is given back", kind: expiry, file: sqlstore + "resolve.go", place: "judge.verdict",
		from: "if lease.accepted {", to: "if true {", protects: "a lost delivery costs an attempt",
	},
	{
		name: "expire: only leases that were judged expired go", kind: expiry, file: sqlstore + "time.go", place: "Store.ExpireLeases",
		from: `queueRows(tx, "delete_leases", ended)`, to: `queueRows(tx, "delete_leases", expired)`,
		protects: "a lease that was prolonged meanwhile is gone, and its jobs are nobody's",
	},
	{
		name: "expire: a lease is judged once it is locked", kind: expiry, file: sqlstore + "resolve.go", place: "Store.resolve",
		from: "if l.expiresAt <= now {", to: "if l != nil {", protects: "a lease that was prolonged meanwhile is gone, and its jobs are nobody's",
	},
	{
		name: "delete_empty_leases: nothing is left of the lease", kind: left, file: queries + "lease.sql", place: "delete_empty_leases",
		from: " AND remaining <= 0", protects: "a lease is gone with its first outcome, and the others are stale",
	},
	{
		name: "shrink_leases: by what really ended", kind: left, file: queries + "lease.sql", place: "shrink_leases",
		from: "remaining = remaining - c.n", to: "remaining = remaining - 1", protects: "a lease stays until it expires though nothing is left of it",
	},
	{
		name: "lease: it is given up when nothing is left of it", kind: left, file: sqlstore + "transition.go", place: "transition.write",
		from: "t.shrinkLeases(tx)", to: "_ = t.shrinkLeases", protects: "leases stay until they expire",
	},
}

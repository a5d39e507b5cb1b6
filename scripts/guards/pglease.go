package main

var pgLeaseGuards = []guard{
	inPostgres("extend_leases: the lease is the worker's", " AND l.worker = b.worker", ""),
	inPostgres("lease_jobs_to_stop: jobs of another epoch", "(s.epoch <> e.epoch OR s.status", "(s.status"),
	inPostgres("lease_jobs_to_stop: jobs that have ended", " OR s.status NOT IN ('pending', 'retrying')", ""),
	inPostgres("lease_jobs_to_stop: jobs that are being cancelled", " OR s.cancelling", ""),
	inPostgres("lease_jobs_to_stop: not those that ended under the lease itself", "\n    AND s.lease_id IS DISTINCT FROM l.id", ""),
	inPostgres("lease_jobs_to_stop: a job of another epoch is revoked", "NOT (s.epoch = e.epoch AND s.status IN", "NOT (s.status IN"),
	inPostgres("lease_jobs_to_stop: a job that has ended is revoked", "NOT (s.epoch = e.epoch AND s.status IN ('pending', 'retrying'))", "NOT (s.epoch = e.epoch)"),
	inPostgres("expired_leases: the lease has expired", "WHERE expires_at <= $1::bigint", "WHERE $1::bigint IS NOT NULL"),
	inPostgres("delete_empty_leases: nothing is left of the lease", " AND remaining <= 0", ""),
	inPostgres("shrink_leases: by what really ended", "remaining = l.remaining - c.n", "remaining = l.remaining - 1"),
}

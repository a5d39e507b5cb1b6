package main

const pgOpen = " AND s.status IN ('pending', 'retrying')"

var pgClaimGuards = []guard{
	inPostgres("ready_heads: the queue is not paused", "\n    AND NOT EXISTS (SELECT 1 FROM queues WHERE name = $1::text AND paused_at IS NOT NULL)", ""),
	inPostgres("ready_heads: each piece of a queue begins after the last", " AND (rank, scheduled_at, id) > ($2::int, $3::bigint, $4::uuid)", " AND $2::int + $3::bigint IS NOT NULL AND $4::uuid IS NOT NULL"),
	{
		name: postgresPrefix + "delete_ready: rows that another claim has locked are left out", kind: order, file: postgresQueries + "claim.sql", place: "delete_ready",
		from: " FOR UPDATE SKIP LOCKED", to: " OFFSET 0", protects: "claims wait for each other, and deadlock when they read several queues",
	},
	{
		name: postgresPrefix + "free_ready: rows that another claim has locked are left out", kind: order, file: postgresQueries + "claim.sql", place: "free_ready",
		from: " FOR UPDATE SKIP LOCKED", to: " OFFSET 0", protects: "a claim takes nothing of what comes after the rows of another",
	},
	inPostgres("delete_ready: only the rows it was told", " AND scheduled_at = c.scheduled_at AND id = c.id FOR UPDATE", " FOR UPDATE"),
	inPostgres("claimed_jobs: the job has not ended", " AND status IN ('pending', 'retrying')", ""),
	inPostgres("held_job: the lease is the caller's", "WHERE id = $3::uuid OFFSET 0", "WHERE $3::uuid IS NOT NULL OFFSET 0"),
	inPostgres("held_job: the lease lists this job", "e.id = $1::uuid AND ", "$1::uuid IS NOT NULL AND "),
	inPostgres("held_job: the lease lists it with the epoch", "e.epoch = $2::bigint AND ", ""),
	inPostgres("held_job: the job's state has the epoch", "s.epoch = $2::bigint AND ", ""),
	inPostgres("held_job: the job has not ended", pgOpen, ""),
}

package main

var pgOperateGuards = []guard{
	inPostgres("mark_cancelling: the job has not ended", " AND finished_at IS NULL", ""),
	inPostgres("pause_queue: the first pause counts", "coalesce(queues.paused_at, excluded.paused_at)", "excluded.paused_at"),
	inPostgres("resume_queue: only the queue it was told", " WHERE name = $1::text", " WHERE $1::text IS NOT NULL"),
	inPostgres("queues_set: only what is set", " WHERE paused_at IS NOT NULL OR weights <> ''", ""),
	inPostgres("see_workers: one that was away for long comes anew", "CASE WHEN workers.last_seen_at < $6::bigint THEN excluded.first_seen_at ELSE workers.first_seen_at END", "CASE WHEN $6::bigint IS NULL THEN 0 ELSE workers.first_seen_at END"),
	inPostgres("forget_workers: only who is silent", " WHERE last_seen_at < $1::bigint", " WHERE $1::bigint IS NOT NULL"),
	inPostgres("workers_seen: only who is not silent", " WHERE last_seen_at >= $1::bigint", " WHERE $1::bigint IS NOT NULL"),
	{
		name: postgresPrefix + "see_workers: in the order of names", kind: order, file: postgresQueries + "operate.sql", place: "see_workers",
		from: "\nORDER BY c.name", kept: "the workers come in this order already: workerRows sorts them",
	},
	{
		name: postgresPrefix + "forget_workers: who is seen just now is left alone", kind: order, file: postgresQueries + "operate.sql", place: "forget_workers",
		from: " SKIP LOCKED", protects: "two dispatchers deadlock over workers that come back",
	},
}

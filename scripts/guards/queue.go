package main

// queueGuards are those of pauses and of workers that were seen.
var queueGuards = []guard{
	{
		name: "pause_queue: the first pause counts", kind: unique, file: operateSQL, place: "pause_queue",
		from: "coalesce(queues.paused_at, excluded.paused_at)", to: "excluded.paused_at", protects: "a queue seems to be paused since somebody asked again",
	},
	{
		name: "resume_queue: only the queue it was told", kind: scope, file: operateSQL, place: "resume_queue",
		from: " WHERE name = ?1", to: " WHERE ?1 IS NOT NULL", protects: "all queues go on when one is resumed",
	},
	{
		name: "queues_set: only what is set", kind: status, file: queries + "list.sql", place: "queues_set",
		from: " WHERE paused_at IS NOT NULL OR weights <> ''", protects: "a queue that was resumed is shown for ever",
	},
	{
		name: "see_workers: one that was away for long comes anew", kind: clock, file: operateSQL, place: "see_workers",
		from: "CASE WHEN workers.last_seen_at < ?3 THEN excluded.first_seen_at ELSE workers.first_seen_at END", to: "iif(?3 IS NULL, 0, workers.first_seen_at)",
		protects: "a worker seems to be there since its name was first seen",
	},
	{
		name: "forget_workers: only who is silent", kind: clock, file: operateSQL, place: "forget_workers",
		from: " WHERE last_seen_at < ?1", to: " WHERE ?1 IS NOT NULL", protects: "workers that are there are not shown",
	},
	{
		name: "workers_seen: only who is not silent", kind: clock, file: queries + "list.sql", place: "workers_seen",
		from: " WHERE last_seen_at >= ?1", to: " WHERE ?1 IS NOT NULL", protects: "workers that are gone are shown",
	},
	{
		name: "workers: one that drains serves nothing", kind: status, file: sqlstore + "queue.go", place: "addServed",
		from: "case w.Draining:", to: "case false:", protects: "a queue seems to be served that nobody serves",
	},
}

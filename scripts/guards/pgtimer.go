package main

var pgTimerGuards = []guard{
	inPostgres("due_timers: the time has come", "due_at <= $1::bigint AND ", "$1::bigint IS NOT NULL AND "),
	inPostgres("due_timers: one kind", " AND kind = $2::text", " AND $2::text IS NOT NULL"),
	inPostgres("next_timer: only kinds that are fired", "WHERE kind = k.kind", "WHERE kind = k.kind OR true"),
	inPostgres("delete_timers: only those that fired", "due_at = c.due_at AND kind = c.kind AND id = c.id", "kind = c.kind"),
}

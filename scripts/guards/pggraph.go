package main

var pgGraphGuards = []guard{
	inPostgres("lock_jobs_and_children: only children of the same workflow", "\n    WHERE c.workflow_id IS NOT DISTINCT FROM p.workflow_id", ""),
	inPostgres("lock_descendants: only jobs of the same workflow", " AND c.workflow_id IS NOT DISTINCT FROM r.workflow_id", ""),
	inPostgres("lock_descendants: nothing behind a job that has ended", "WHERE r.open AND ", "WHERE "),
	inPostgres("edges_between: the edge is unresolved", " AND state = 'unresolved'", ""),
	inPostgres("take_ready: only the row of the job", " AND scheduled_at = s.scheduled_at AND id = x.id OFFSET 0", " OFFSET 0"),
	inPostgres("take_timers: only the job's own", "due_at = s.scheduled_at AND kind = 'job' AND id = x.id", "kind = 'deadline' AND id = x.id"),
	inPostgres("delete_edge_checks: only those that were looked at", "WHERE parent_id = c.parent AND child_id = c.child OFFSET 0", "WHERE c.parent = c.parent OFFSET 0"),
}

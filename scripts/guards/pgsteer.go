package main

var pgSteerGuards = []guard{
	inPostgres("decide_jobs: the job has ended", " AND coalesce(s.finished_at, 0) <> 0 -- statistics say nothing about it", ""),
	inPostgres("reset_jobs: the epoch goes up", "epoch = s.epoch + 1", "epoch = s.epoch"),
	inPostgres("reset_jobs: the number of the attempt counts on", "earlier = s.earlier + s.attempts", "earlier = s.earlier"),
	inPostgres("reset_jobs: the budget begins anew", " attempts = 0, give_backs", " attempts = s.attempts, give_backs"),
	inPostgres("reset_jobs: nobody cancels it any more", "cancelling = false, ", ""),
	inPostgres("reset_jobs: only a retry is a new run", "CASE WHEN c.run > 0 THEN c.run ELSE s.run - c.run END", "c.run"),
	inPostgres("keep_runs: only what had ended or begun, or whose payload is replaced", "\nWHERE s.finished_at IS NOT NULL OR s.attempts > 0 OR c.payload IS NOT NULL", ""),
	inPostgres("reopen_edges: the edge is resolved", " AND state <> 'unresolved'", ""),
	inPostgres("insert_evaluations: the newest one counts",
		"ON CONFLICT (job_id) DO UPDATE SET\n    evaluated_at = excluded.evaluated_at, value = excluded.value, digest = excluded.digest, inputs = excluded.inputs,\n    error = excluded.error",
		"ON CONFLICT DO NOTHING"),
	inPostgres("newest_claim: of this workflow", "WHERE j.workflow_id = $1::uuid", "WHERE $1::uuid IS NOT NULL"),
	inPostgres("edges_from_outside: their parents are elsewhere", "\nWHERE p.id IS NULL OR p.workflow_id IS DISTINCT FROM c.workflow_id", ""),
	inPostgres("lock_open_jobs: what waits for a decision, too", " OR s.decision = 'open'", ""),
}

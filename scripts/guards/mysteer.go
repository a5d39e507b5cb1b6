package main

var mySteerGuards = []guard{
	inMySQL("decide_jobs: the job has ended", "\nWHERE s.finished_at IS NOT NULL", ""),
	inMySQL("reset_jobs: the epoch goes up", "s.epoch = s.epoch + 1", "s.epoch = s.epoch"),
	inMySQL("reset_jobs: the number of the attempt counts on", "s.earlier = s.earlier + s.attempts, ", ""),
	inMySQL("reset_jobs: the budget begins anew", "s.attempts = 0, ", ""),
	inMySQL("reset_jobs: nobody cancels it any more", ", s.cancelling = 0", ""),
	inMySQL("reset_jobs: only a retry is a new run", "CASE WHEN c.run > 0 THEN c.run ELSE s.run - c.run END", "c.run"),
	inMySQL("keep_runs: only what had ended or begun, or whose payload is replaced", "\nWHERE s.finished_at IS NOT NULL OR s.attempts > 0 OR c.payload IS NOT NULL", ""),
	inMySQL("reopen_edges: the edge is resolved", "\nWHERE e.state <> 'unresolved'", ""),
	inMySQL("insert_evaluations: the newest one counts", "evaluated_at = ?2, value = c.value, digest = c.digest, inputs = c.inputs, error = c.error", "job_id = hw_evaluations.job_id"),
	inMySQL("newest_claim: of this workflow", "WHERE j.workflow_id = UNHEX(?1)", "WHERE ?1 IS NOT NULL"),
	inMySQL("edges_from_outside: their parents are elsewhere", " AND (p.id IS NULL OR NOT (p.workflow_id <=> c.workflow_id))", ""),
	inMySQL("lock_open_jobs: what waits for a decision, too", " OR s.decision = 'open'", ""),
}

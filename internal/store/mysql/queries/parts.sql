-- How these statements are written: see resolve.sql.

-- name: insert_part_checks
INSERT IGNORE INTO hw_part_check (id, job_id)
SELECT UNHEX(c.id), UNHEX(c.job_id)
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$.id', job_id VARCHAR(32) PATH '$.job_id')) c
ORDER BY c.id;

-- name: part_checks
SELECT id, job_id FROM hw_part_check FORCE INDEX (PRIMARY) ORDER BY id LIMIT ?1;

-- name: take_part_checks
-- What another works off at this time is left to it.
SELECT k.id
FROM (SELECT UNHEX(i.id) AS id FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i ORDER BY id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_part_check k FORCE INDEX (PRIMARY) ON k.id = x.id
FOR UPDATE SKIP LOCKED;

-- name: delete_part_checks
DELETE k
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_part_check k FORCE INDEX (PRIMARY) ON k.id = UNHEX(i.id);

-- name: job_of_parts
-- A job with what its parts have of it.
SELECT j.workflow_id, j.name, j.queue, j.payload, j.priority, j.retry, j.timeout, j.trace_id, j.correlation_id, j.rules,
    s.epoch, s.status, x.list, COALESCE(v.inputs, '')
FROM hw_jobs j
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = j.id
LEFT JOIN hw_suspensions x FORCE INDEX (PRIMARY) ON x.job_id = j.id
LEFT JOIN hw_evaluations v FORCE INDEX (PRIMARY) ON v.job_id = j.id
WHERE j.id = UNHEX(?1);

-- name: parts_stand
-- For which epoch of its job a workflow was started last, and whether its
-- pause came from above.
SELECT parent_epoch, parent_paused FROM hw_workflows WHERE id = UNHEX(?1);

-- name: mark_parts
UPDATE hw_workflows SET parent_epoch = ?2, parent_paused = ?3 WHERE id = UNHEX(?1);

-- name: start_workflow
UPDATE hw_workflows SET started_at = ?2, deadline_at = CASE WHEN timeout > 0 THEN ?2 + timeout END WHERE id = UNHEX(?1);

-- name: next_jobs
-- The next jobs of workflow ?1 that wait for their turn, from position ?2 on.
SELECT j.id, j.position
FROM hw_jobs j FORCE INDEX (hw_jobs_workflow)
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = j.id
WHERE j.workflow_id = UNHEX(?1) AND j.position >= ?2 AND s.status = 'pending' AND s.dependency_status = 'waiting'
ORDER BY j.position
LIMIT ?3;

-- name: failed_parts
SELECT j.position, j.name, s.status, s.reason, s.error
FROM hw_jobs j FORCE INDEX (hw_jobs_workflow)
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = j.id
WHERE j.workflow_id = UNHEX(?1) AND s.status IN ('failed', 'dead', 'timed_out', 'cancelled', 'upstream_failed')
ORDER BY j.position
LIMIT ?2;

-- name: results_bytes
SELECT COALESCE(SUM(OCTET_LENGTH(s.result)), 0)
FROM hw_jobs j FORCE INDEX (hw_jobs_workflow)
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = j.id
WHERE j.workflow_id = UNHEX(?1);

-- name: results_of_workflow
SELECT j.name, s.status, s.result
FROM hw_jobs j FORCE INDEX (hw_jobs_workflow)
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = j.id
WHERE j.workflow_id = UNHEX(?1)
ORDER BY j.position;

-- name: last_results_bytes
-- Of jobs that nothing in the workflow depends on.
SELECT COALESCE(SUM(OCTET_LENGTH(s.result)), 0)
FROM hw_jobs j FORCE INDEX (hw_jobs_workflow)
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = j.id
WHERE j.workflow_id = UNHEX(?1) AND NOT EXISTS (
        SELECT 1
        FROM hw_edges e FORCE INDEX (PRIMARY)
        STRAIGHT_JOIN hw_jobs c FORCE INDEX (PRIMARY) ON c.id = e.child_id
        WHERE e.parent_id = j.id AND c.workflow_id = j.workflow_id);

-- name: last_results
SELECT j.name, s.status, s.result
FROM hw_jobs j FORCE INDEX (hw_jobs_workflow)
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = j.id
WHERE j.workflow_id = UNHEX(?1) AND NOT EXISTS (
        SELECT 1
        FROM hw_edges e FORCE INDEX (PRIMARY)
        STRAIGHT_JOIN hw_jobs c FORCE INDEX (PRIMARY) ON c.id = e.child_id
        WHERE e.parent_id = j.id AND c.workflow_id = j.workflow_id)
ORDER BY j.position;

-- name: parts_of_jobs
-- What jobs are made of, what ran last last.
SELECT w.parent_job_id, w.id, w.status, w.total, w.completed, w.failed, w.dead, w.timed_out, w.upstream_failed, w.cancelled, w.skipped
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_workflows w FORCE INDEX (hw_workflows_parent) ON w.parent_job_id = UNHEX(i.id)
WHERE w.hidden = ''
ORDER BY w.parent_job_id, w.parent_epoch, w.created_at, w.id;

-- name: made_of_jobs
SELECT w.parent_job_id, w.id
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_workflows w FORCE INDEX (hw_workflows_parent) ON w.parent_job_id = UNHEX(i.id);

-- name: made_of_workflows
-- What the jobs of workflows are made of.
SELECT j.workflow_id, w.id
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_jobs j FORCE INDEX (hw_jobs_workflow) ON j.workflow_id = UNHEX(i.id)
STRAIGHT_JOIN hw_workflows w FORCE INDEX (hw_workflows_parent) ON w.parent_job_id = j.id;

-- name: parent_of_workflow
-- The job that a workflow is run as, and what that belongs to.
SELECT j.id, j.name, j.workflow_id
FROM hw_workflows w
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = w.parent_job_id
WHERE w.id = UNHEX(?1);

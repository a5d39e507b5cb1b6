-- name: insert_part_checks
INSERT INTO part_check (id, job_id)
SELECT unhex(value ->> 'id'), unhex(value ->> 'job_id') FROM json_each(?1) WHERE true
ON CONFLICT DO NOTHING;

-- name: part_checks
SELECT id, job_id FROM part_check ORDER BY id LIMIT ?1;

-- name: take_part_checks
SELECT id FROM part_check WHERE id IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY id;

-- name: delete_part_checks
DELETE FROM part_check WHERE id IN (SELECT unhex(value) FROM json_each(?1));

-- name: job_of_parts
-- A job with what its parts have of it.
SELECT j.workflow_id, j.name, j.queue, j.payload, j.priority, j.retry, j.timeout, j.trace_id, j.correlation_id, j.rules,
    s.epoch, s.status, x.list, coalesce(v.inputs, '')
FROM jobs j
CROSS JOIN job_state s ON s.id = j.id
LEFT JOIN suspensions x ON x.job_id = j.id
LEFT JOIN evaluations v ON v.job_id = j.id
WHERE j.id = ?1;

-- name: parts_stand
-- For which epoch of its job a workflow was started last, and whether its
-- pause came from above.
SELECT parent_epoch, parent_paused FROM workflows WHERE id = ?1;

-- name: mark_parts
UPDATE workflows SET parent_epoch = ?2, parent_paused = ?3 WHERE id = ?1;

-- name: start_workflow
UPDATE workflows SET started_at = ?2, deadline_at = iif(timeout > 0, ?2 + timeout, NULL) WHERE id = ?1;

-- name: next_jobs
-- The next jobs of workflow ?1 that wait for their turn, from position ?2 on.
SELECT j.id, j.position
FROM jobs j
CROSS JOIN job_state s ON s.id = j.id
WHERE j.workflow_id = ?1 AND j.position >= ?2 AND s.status = 'pending' AND s.dependency_status = 'waiting'
ORDER BY j.position
LIMIT ?3;

-- name: failed_parts
SELECT j.position, j.name, s.status, s.reason, s.error
FROM jobs j
CROSS JOIN job_state s ON s.id = j.id
WHERE j.workflow_id = ?1 AND s.status IN ('failed', 'dead', 'timed_out', 'cancelled', 'upstream_failed')
ORDER BY j.position
LIMIT ?2;

-- name: results_bytes
SELECT coalesce(sum(length(s.result)), 0) FROM jobs j CROSS JOIN job_state s ON s.id = j.id WHERE j.workflow_id = ?1;

-- name: results_of_workflow
SELECT j.name, s.status, s.result
FROM jobs j
CROSS JOIN job_state s ON s.id = j.id
WHERE j.workflow_id = ?1
ORDER BY j.position;

-- name: last_results_bytes
-- Of jobs that nothing in the workflow depends on.
SELECT coalesce(sum(length(s.result)), 0)
FROM jobs j
CROSS JOIN job_state s ON s.id = j.id
WHERE j.workflow_id = ?1 AND NOT EXISTS (
    SELECT 1 FROM edges e CROSS JOIN jobs c ON c.id = e.child_id WHERE e.parent_id = j.id AND c.workflow_id = j.workflow_id);

-- name: last_results
SELECT j.name, s.status, s.result
FROM jobs j
CROSS JOIN job_state s ON s.id = j.id
WHERE j.workflow_id = ?1 AND NOT EXISTS (
    SELECT 1 FROM edges e CROSS JOIN jobs c ON c.id = e.child_id WHERE e.parent_id = j.id AND c.workflow_id = j.workflow_id)
ORDER BY j.position;

-- name: parts_of_jobs
-- What jobs are made of, what ran last last.
SELECT w.parent_job_id, w.id, w.status, w.total, w.completed, w.failed, w.dead, w.timed_out, w.upstream_failed, w.cancelled, w.skipped
FROM json_each(?1) x
CROSS JOIN workflows w ON w.parent_job_id = unhex(x.value)
WHERE w.hidden = ''
ORDER BY w.parent_job_id, w.parent_epoch, w.created_at, w.id;

-- name: made_of_jobs
SELECT w.parent_job_id, w.id
FROM json_each(?1) x
CROSS JOIN workflows w ON w.parent_job_id = unhex(x.value);

-- name: made_of_workflows
-- What the jobs of workflows are made of.
SELECT j.workflow_id, w.id
FROM json_each(?1) x
CROSS JOIN jobs j ON j.workflow_id = unhex(x.value)
CROSS JOIN workflows w ON w.parent_job_id = j.id;

-- name: parent_of_workflow
-- The job that a workflow is run as, and what that belongs to.
SELECT j.id, j.name, j.workflow_id
FROM workflows w
CROSS JOIN jobs j ON j.id = w.parent_job_id
WHERE w.id = ?1;

-- How these statements are written: see resolve.sql.

-- name: insert_part_checks
INSERT INTO part_check (id, job_id)
SELECT c.id, c.job_id FROM unnest($1::uuid[], $2::uuid[]) AS c(id, job_id)
ORDER BY c.id
ON CONFLICT DO NOTHING;

-- name: part_checks
SELECT id, job_id FROM part_check ORDER BY id LIMIT $1::int;

-- name: take_part_checks
-- What another works off at this time is left to it.
SELECT k.id
FROM (SELECT DISTINCT id FROM unnest($1::uuid[]) x(id) ORDER BY id) x
CROSS JOIN LATERAL (SELECT id FROM part_check WHERE id = x.id FOR UPDATE SKIP LOCKED) k;

-- name: delete_part_checks
DELETE FROM part_check WHERE id = ANY ($1::uuid[]);

-- name: job_of_parts
-- A job with what its parts have of it.
SELECT j.workflow_id, j.name, j.queue, j.payload, j.priority, j.retry, j.timeout, j.trace_id, j.correlation_id, j.rules,
    s.epoch, s.status, x.list, coalesce(v.inputs, '')
FROM (SELECT * FROM jobs WHERE id = $1::uuid OFFSET 0) j
CROSS JOIN LATERAL (SELECT epoch, status FROM job_state WHERE id = j.id OFFSET 0) s
LEFT JOIN LATERAL (SELECT list FROM suspensions WHERE job_id = j.id OFFSET 0) x ON true
LEFT JOIN LATERAL (SELECT inputs FROM evaluations WHERE job_id = j.id OFFSET 0) v ON true;

-- name: parts_stand
-- For which epoch of its job a workflow was started last, and whether its
-- pause came from above.
SELECT parent_epoch, parent_paused FROM workflows WHERE id = $1::uuid;

-- name: mark_parts
UPDATE workflows SET parent_epoch = $2::bigint, parent_paused = $3::int = 1 WHERE id = $1::uuid;

-- name: start_workflow
UPDATE workflows SET started_at = $2::bigint, deadline_at = CASE WHEN timeout > 0 THEN $2::bigint + timeout END WHERE id = $1::uuid;

-- name: next_jobs
-- The next jobs of workflow $1 that wait for their turn, from position $2 on.
SELECT j.id, j.position
FROM (SELECT id, position FROM jobs WHERE workflow_id = $1::uuid AND position >= $2::int ORDER BY position OFFSET 0) j
CROSS JOIN LATERAL (SELECT status, dependency_status FROM job_state WHERE id = j.id OFFSET 0) s
WHERE s.status = 'pending' AND s.dependency_status = 'waiting'
ORDER BY j.position
LIMIT $3::int;

-- name: failed_parts
SELECT j.position, j.name, s.status, s.reason, s.error
FROM (SELECT id, name, position FROM jobs WHERE workflow_id = $1::uuid ORDER BY position OFFSET 0) j
CROSS JOIN LATERAL (SELECT status, reason, error FROM job_state WHERE id = j.id OFFSET 0) s
WHERE s.status IN ('failed', 'dead', 'timed_out', 'cancelled', 'upstream_failed')
ORDER BY j.position
LIMIT $2::int;

-- name: results_bytes
SELECT coalesce(sum(octet_length(s.result)), 0)::bigint
FROM (SELECT id FROM jobs WHERE workflow_id = $1::uuid OFFSET 0) j
CROSS JOIN LATERAL (SELECT result FROM job_state WHERE id = j.id OFFSET 0) s;

-- name: results_of_workflow
SELECT j.name, s.status, s.result
FROM (SELECT id, name, position FROM jobs WHERE workflow_id = $1::uuid OFFSET 0) j
CROSS JOIN LATERAL (SELECT status, result FROM job_state WHERE id = j.id OFFSET 0) s
ORDER BY j.position;

-- name: last_results_bytes
-- Of jobs that nothing in the workflow depends on.
SELECT coalesce(sum(octet_length(s.result)), 0)::bigint
FROM (SELECT id FROM jobs WHERE workflow_id = $1::uuid OFFSET 0) j
CROSS JOIN LATERAL (SELECT result FROM job_state WHERE id = j.id OFFSET 0) s
LEFT JOIN LATERAL (
    SELECT 1 AS one
    FROM (SELECT child_id FROM edges WHERE parent_id = j.id OFFSET 0) e
    CROSS JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = e.child_id OFFSET 0) c
    WHERE c.workflow_id = $1::uuid
    LIMIT 1) d ON true
WHERE d.one IS NULL;

-- name: last_results
SELECT j.name, s.status, s.result
FROM (SELECT id, name, position FROM jobs WHERE workflow_id = $1::uuid OFFSET 0) j
CROSS JOIN LATERAL (SELECT status, result FROM job_state WHERE id = j.id OFFSET 0) s
LEFT JOIN LATERAL (
    SELECT 1 AS one
    FROM (SELECT child_id FROM edges WHERE parent_id = j.id OFFSET 0) e
    CROSS JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = e.child_id OFFSET 0) c
    WHERE c.workflow_id = $1::uuid
    LIMIT 1) d ON true
WHERE d.one IS NULL
ORDER BY j.position;

-- name: parts_of_jobs
-- What jobs are made of, what ran last last.
SELECT x.id, w.id, w.status, w.total, w.completed, w.failed, w.dead, w.timed_out, w.upstream_failed, w.cancelled, w.skipped
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT * FROM workflows WHERE parent_job_id = x.id OFFSET 0) w
WHERE w.hidden = ''
ORDER BY x.id, w.parent_epoch, w.created_at, w.id;

-- name: made_of_jobs
SELECT x.id, w.id
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT id FROM workflows WHERE parent_job_id = x.id OFFSET 0) w;

-- name: made_of_workflows
-- What the jobs of workflows are made of.
SELECT x.id, w.id
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT id FROM jobs WHERE workflow_id = x.id OFFSET 0) j
CROSS JOIN LATERAL (SELECT id FROM workflows WHERE parent_job_id = j.id OFFSET 0) w;

-- name: parent_of_workflow
-- The job that a workflow is run as, and what that belongs to.
SELECT j.id, j.name, j.workflow_id
FROM (SELECT parent_job_id FROM workflows WHERE id = $1::uuid OFFSET 0) w
CROSS JOIN LATERAL (SELECT id, name, workflow_id FROM jobs WHERE id = w.parent_job_id OFFSET 0) j;

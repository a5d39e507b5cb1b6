-- name: jobs_being_purged
SELECT j.id
FROM json_each(?1) x
CROSS JOIN jobs j ON j.id = unhex(x.value)
CROSS JOIN workflows w ON w.id = j.workflow_id
WHERE w.hidden = 'purging';

-- name: old_builds
-- hidden <> '' says that the index of the hidden ones will do.
SELECT id, created_at, total FROM workflows
WHERE hidden = 'building' AND hidden <> '' AND created_at <= ?1 AND created_at >= ?2 AND (created_at > ?2 OR id > ?3)
ORDER BY created_at, id
LIMIT ?4;

-- name: old_workflows
-- What a job is made of goes with the job.
SELECT id, finished_at, total FROM workflows
WHERE status = ?1 AND finished_at <= ?2 AND finished_at >= ?3 AND (finished_at > ?3 OR id > ?4) AND hidden = '' AND parent_job_id IS NULL
ORDER BY finished_at, id
LIMIT ?5;

-- name: lock_workflows_to_purge
SELECT id, status, hidden, created_at, coalesce(finished_at, 0), total, depended_on, parent_job_id
FROM workflows
WHERE id IN (SELECT unhex(value) FROM json_each(?1))
ORDER BY id;

-- name: workflows_to_check
-- Of parents whose edges wait for a check.
SELECT j.workflow_id
FROM (SELECT parent_id FROM edge_check LIMIT ?1) AS waiting
LEFT JOIN jobs j ON j.id = waiting.parent_id;

-- name: mark_depended_on
UPDATE workflows SET depended_on = 1 WHERE id IN (SELECT unhex(value) FROM json_each(?1)) AND depended_on = 0;

-- name: needed_workflows
-- Those of which a job that has not ended depends on one in the ranges ?1, and
-- the workflow of that job.
SELECT DISTINCT j.workflow_id, c.workflow_id
FROM json_each(?1) x
CROSS JOIN jobs j ON j.workflow_id = unhex(x.value ->> 'id')
    AND j.position >= x.value ->> 'from' AND j.position < x.value ->> 'to'
CROSS JOIN edges e ON e.parent_id = j.id
CROSS JOIN job_state s ON s.id = e.child_id
CROSS JOIN jobs c ON c.id = e.child_id
WHERE s.finished_at IS NULL;

-- name: hide_workflows
UPDATE workflows SET hidden = 'purging' WHERE id IN (SELECT unhex(value) FROM json_each(?1)) AND hidden <> 'purging';

-- name: purging_workflows
SELECT id FROM workflows WHERE hidden = 'purging' AND hidden <> '' ORDER BY created_at, id LIMIT ?1;

-- name: lock_purging_workflows
SELECT id FROM workflows WHERE id IN (SELECT unhex(value) FROM json_each(?1)) AND hidden = 'purging' ORDER BY id;

-- name: jobs_of_workflows
SELECT j.id, length(j.payload) + coalesce(length(s.result), 0)
FROM json_each(?1) x
CROSS JOIN jobs j ON j.workflow_id = unhex(x.value)
CROSS JOIN job_state s ON s.id = j.id
LIMIT ?2;

-- name: old_jobs
-- Jobs without a workflow, whatever their status is.
SELECT looked.id, looked.created_at, s.status, coalesce(s.finished_at, 0)
FROM (
    SELECT id, created_at FROM jobs
    WHERE workflow_id IS NULL AND created_at <= ?1 AND created_at >= ?2 AND (created_at > ?2 OR id > ?3)
    ORDER BY created_at, id
    LIMIT ?4) AS looked
CROSS JOIN job_state s ON s.id = looked.id
ORDER BY looked.created_at, looked.id;

-- name: lock_jobs_to_purge
SELECT s.id, s.status, coalesce(s.finished_at, 0), length(j.payload) + coalesce(length(s.result), 0)
FROM job_state s
JOIN jobs j ON j.id = s.id
WHERE s.id IN (SELECT unhex(value) FROM json_each(?1))
ORDER BY s.id;

-- name: needed_jobs
-- Those on which a job depends that has not ended, or whose edges wait for a check.
SELECT e.parent_id
FROM json_each(?1) x
CROSS JOIN edges e ON e.parent_id = unhex(x.value)
CROSS JOIN job_state s ON s.id = e.child_id
WHERE s.finished_at IS NULL
UNION
SELECT k.parent_id
FROM json_each(?1) x
CROSS JOIN edge_check k ON k.parent_id = unhex(x.value) AND k.child_id = zeroblob(16);

-- name: edges_into_jobs
SELECT e.parent_id, e.child_id FROM json_each(?1) x CROSS JOIN edges e ON e.child_id = unhex(x.value) LIMIT ?2;

-- name: delete_edges
DELETE FROM edges
WHERE (parent_id, child_id) IN (SELECT unhex(value ->> 'parent'), unhex(value ->> 'child') FROM json_each(?1));

-- name: delete_deadlines
DELETE FROM timers
WHERE (kind, due_at, id) IN (
    SELECT 'deadline', j.deadline_at, j.id
    FROM json_each(?1) x
    CROSS JOIN jobs j ON j.id = unhex(x.value)
    WHERE j.deadline_at IS NOT NULL);

-- name: delete_attempts
DELETE FROM attempts WHERE job_id IN (SELECT unhex(value) FROM json_each(?1));

-- name: delete_evaluations
DELETE FROM evaluations WHERE job_id IN (SELECT unhex(value) FROM json_each(?1));

-- name: delete_job_runs
DELETE FROM job_runs WHERE job_id IN (SELECT unhex(value) FROM json_each(?1));

-- name: delete_job_states
DELETE FROM job_state WHERE id IN (SELECT unhex(value) FROM json_each(?1));

-- name: delete_jobs
DELETE FROM jobs WHERE id IN (SELECT unhex(value) FROM json_each(?1));

-- name: delete_workflow_timers
DELETE FROM timers
WHERE (kind, due_at, id) IN (
    SELECT 'workflow', coalesce(w.deadline_at, w.created_at + w.timeout), w.id
    FROM json_each(?1) x
    CROSS JOIN workflows w ON w.id = unhex(x.value)
    WHERE w.timeout > 0);

-- name: delete_stop_timers
-- Those by which workflows, or jobs, that were told to stop end what still runs.
DELETE FROM timers
WHERE kind IN ('grace', 'finally', 'cancel') AND id IN (SELECT unhex(value) FROM json_each(?1));

-- name: delete_audit
DELETE FROM audit WHERE workflow_id IN (SELECT unhex(value) FROM json_each(?1));

-- name: delete_workflows
-- Those that have no job left.
DELETE FROM workflows
WHERE id IN (SELECT unhex(value) FROM json_each(?1)) AND hidden = 'purging'
    AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.workflow_id = workflows.id);

-- name: old_keys
-- The last column says whether what a key made is stored.
SELECT k.scope, k."key", k.id, k.created_at,
    EXISTS (SELECT 1 FROM jobs j WHERE j.id = k.id) OR EXISTS (SELECT 1 FROM workflows w WHERE w.id = k.id)
FROM idempotency_keys k
WHERE k.created_at <= ?1 AND k.created_at >= ?2 AND (k.created_at > ?2 OR k.id > ?3)
ORDER BY k.created_at, k.id
LIMIT ?4;

-- name: delete_keys
DELETE FROM idempotency_keys
WHERE (scope, "key", id) IN (SELECT value ->> 'scope', value ->> 'key', unhex(value ->> 'id') FROM json_each(?1));

-- name: forget_queues
DELETE FROM queues WHERE paused_at IS NULL AND weights = '';

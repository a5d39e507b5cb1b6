-- name: jobs_being_purged
SELECT x.id
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = x.id OFFSET 0) j
CROSS JOIN LATERAL (SELECT hidden FROM workflows WHERE id = j.workflow_id OFFSET 0) w
WHERE w.hidden = 'purging';

-- name: old_builds
SELECT id, created_at, total FROM workflows
WHERE hidden = 'building' AND created_at <= $1::bigint AND created_at >= $2::bigint AND (created_at > $2::bigint OR id > $3::uuid)
ORDER BY created_at, id
LIMIT $4::int;

-- name: old_workflows
-- What a job is made of goes with the job.
SELECT id, finished_at, total FROM workflows
WHERE status = $1::text AND finished_at <= $2::bigint AND finished_at >= $3::bigint
    AND (finished_at > $3::bigint OR id > $4::uuid) AND hidden = '' AND parent_job_id IS NULL
ORDER BY finished_at, id
LIMIT $5::int;

-- name: lock_workflows_to_purge
SELECT w.id, w.status, w.hidden, w.created_at, coalesce(w.finished_at, 0), w.total, w.depended_on, w.parent_job_id
FROM (SELECT DISTINCT id FROM unnest($1::uuid[]) x(id) ORDER BY id) x
CROSS JOIN LATERAL (SELECT * FROM workflows WHERE id = x.id FOR UPDATE) w;

-- name: workflows_to_check
-- Of parents whose edges wait for a check.
SELECT j.workflow_id
FROM (SELECT parent_id FROM edge_check LIMIT $1::int) k
LEFT JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = k.parent_id OFFSET 0) j ON true;

-- name: mark_depended_on
UPDATE workflows SET depended_on = true WHERE id = ANY ($1::uuid[]) AND NOT depended_on;

-- name: needed_workflows
-- Those of which a job that has not ended depends on one in these ranges, and the
-- workflow of that job.
SELECT DISTINCT x.id, c.workflow_id
FROM unnest($1::uuid[], $2::int[], $3::int[]) AS x(id, first, last)
CROSS JOIN LATERAL (SELECT id FROM jobs WHERE workflow_id = x.id AND position >= x.first AND position < x.last OFFSET 0) j
CROSS JOIN LATERAL (SELECT child_id FROM edges WHERE parent_id = j.id OFFSET 0) e
CROSS JOIN LATERAL (SELECT finished_at FROM job_state WHERE id = e.child_id OFFSET 0) s
CROSS JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = e.child_id OFFSET 0) c
WHERE s.finished_at IS NULL;

-- name: hide_workflows
WITH changed AS (
    UPDATE workflows SET hidden = 'purging' WHERE id = ANY ($1::uuid[]) AND hidden || '' <> 'purging'
    RETURNING 1)
SELECT hammerwork_changed(count(*), $2::int) FROM changed;

-- name: purging_workflows
SELECT id FROM workflows WHERE hidden = 'purging' ORDER BY created_at, id LIMIT $1::int;

-- name: lock_purging_workflows
-- Another that deletes of them at this time goes on with them.
SELECT w.id
FROM (SELECT DISTINCT id FROM unnest($1::uuid[]) x(id) ORDER BY id) x
CROSS JOIN LATERAL (SELECT id FROM workflows WHERE id = x.id AND hidden || '' = 'purging' FOR UPDATE SKIP LOCKED) w;

-- name: jobs_of_workflows
SELECT j.id, octet_length(j.payload) + coalesce(octet_length(s.result), 0)
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT id, payload FROM jobs WHERE workflow_id = x.id OFFSET 0) j
CROSS JOIN LATERAL (SELECT result FROM job_state WHERE id = j.id OFFSET 0) s
LIMIT $2::int;

-- name: old_jobs
-- Jobs without a workflow, whatever their status is.
SELECT j.id, j.created_at, s.status, coalesce(s.finished_at, 0)
FROM (
    SELECT id, created_at FROM jobs
    WHERE workflow_id IS NULL AND created_at <= $1::bigint AND created_at >= $2::bigint AND (created_at > $2::bigint OR id > $3::uuid)
    ORDER BY created_at, id
    LIMIT $4::int) j
CROSS JOIN LATERAL (SELECT status, finished_at FROM job_state WHERE id = j.id OFFSET 0) s
ORDER BY j.created_at, j.id;

-- name: lock_jobs_to_purge
SELECT s.id, s.status, coalesce(s.finished_at, 0), octet_length(j.payload) + coalesce(octet_length(s.result), 0)
FROM (SELECT DISTINCT id FROM unnest($1::uuid[]) x(id) ORDER BY id) x
CROSS JOIN LATERAL (SELECT id, status, finished_at, result FROM job_state WHERE id = x.id FOR UPDATE) s
CROSS JOIN LATERAL (SELECT payload FROM jobs WHERE id = x.id OFFSET 0) j;

-- name: needed_jobs
-- Those on which a job depends that has not ended, or whose edges wait for a check.
SELECT x.id
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT child_id FROM edges WHERE parent_id = x.id OFFSET 0) e
CROSS JOIN LATERAL (SELECT finished_at FROM job_state WHERE id = e.child_id OFFSET 0) s
WHERE s.finished_at IS NULL
UNION
SELECT x.id
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT 1 FROM edge_check WHERE parent_id = x.id AND child_id = '00000000-0000-0000-0000-000000000000' OFFSET 0) k;

-- name: edges_into_jobs
SELECT e.parent_id, x.id
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT parent_id FROM edges WHERE child_id = x.id OFFSET 0) e
LIMIT $2::int;

-- name: delete_edges
DELETE FROM edges
WHERE ctid = ANY (ARRAY(
    SELECT e.ctid
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::text[]) AS c(parent, child, "on", optional, state)
    CROSS JOIN LATERAL (SELECT ctid FROM edges WHERE parent_id = c.parent AND child_id = c.child OFFSET 0) e));

-- name: delete_deadlines
DELETE FROM timers
WHERE ctid = ANY (ARRAY(
    SELECT t.ctid
    FROM unnest($1::uuid[]) x(id)
    CROSS JOIN LATERAL (SELECT deadline_at FROM jobs WHERE id = x.id OFFSET 0) j
    CROSS JOIN LATERAL (SELECT ctid FROM timers WHERE due_at = j.deadline_at AND kind = 'deadline' AND id = x.id OFFSET 0) t));

-- name: delete_attempts
DELETE FROM attempts WHERE job_id = ANY ($1::uuid[]);

-- name: delete_evaluations
DELETE FROM evaluations WHERE job_id = ANY ($1::uuid[]);

-- name: delete_job_runs
DELETE FROM job_runs WHERE job_id = ANY ($1::uuid[]);

-- name: delete_job_states
DELETE FROM job_state WHERE id = ANY ($1::uuid[]);

-- name: delete_jobs
DELETE FROM jobs WHERE id = ANY ($1::uuid[]);

-- name: delete_workflow_timers
DELETE FROM timers
WHERE ctid = ANY (ARRAY(
    SELECT t.ctid
    FROM unnest($1::uuid[]) x(id)
    CROSS JOIN LATERAL (
        SELECT coalesce(deadline_at, created_at + timeout) AS due_at FROM workflows WHERE id = x.id AND timeout > 0 OFFSET 0) w
    CROSS JOIN LATERAL (
        SELECT ctid FROM timers WHERE due_at = w.due_at AND kind = 'workflow' AND id = x.id OFFSET 0) t));

-- name: delete_stop_timers
-- Those by which workflows, or jobs, that were told to stop end what still runs.
DELETE FROM timers
WHERE kind IN ('grace', 'finally', 'cancel') AND id = ANY ($1::uuid[]);

-- name: delete_audit
DELETE FROM audit WHERE workflow_id = ANY ($1::uuid[]);

-- name: delete_workflows
-- Those that have no job left.
DELETE FROM workflows
WHERE id = ANY (ARRAY(
    SELECT x.id
    FROM unnest($1::uuid[]) x(id)
    LEFT JOIN LATERAL (SELECT id FROM jobs WHERE workflow_id = x.id LIMIT 1) j ON true
    WHERE j.id IS NULL)) AND hidden || '' = 'purging';

-- name: old_keys
-- The last column says whether what a key made is stored.
SELECT k.scope, k."key", k.id, k.created_at, j.id IS NOT NULL OR w.id IS NOT NULL
FROM (
    SELECT scope, "key", id, created_at FROM idempotency_keys
    WHERE created_at <= $1::bigint AND created_at >= $2::bigint AND (created_at > $2::bigint OR id > $3::uuid)
    ORDER BY created_at, id
    LIMIT $4::int) k
LEFT JOIN LATERAL (SELECT id FROM jobs WHERE id = k.id OFFSET 0) j ON true
LEFT JOIN LATERAL (SELECT id FROM workflows WHERE id = k.id OFFSET 0) w ON true
ORDER BY k.created_at, k.id;

-- name: delete_keys
DELETE FROM idempotency_keys
WHERE ctid = ANY (ARRAY(
    SELECT k.ctid
    FROM unnest($1::text[], $2::text[], $3::uuid[]) AS c(scope, "key", id)
    CROSS JOIN LATERAL (
        SELECT ctid FROM idempotency_keys WHERE scope = c.scope AND "key" = c."key" AND id = c.id OFFSET 0) k));

-- name: forget_queues
DELETE FROM queues WHERE paused_at IS NULL AND weights = '';

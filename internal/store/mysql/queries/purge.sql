-- name: jobs_being_purged
SELECT j.id
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(i.id)
STRAIGHT_JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = j.workflow_id
WHERE w.hidden = 'purging';

-- name: old_builds
SELECT id, created_at, total FROM hw_workflows FORCE INDEX (hw_workflows_unseen)
WHERE hidden = 'building' AND created_at <= ?1 AND created_at >= ?2 AND (created_at > ?2 OR id > UNHEX(?3))
ORDER BY created_at, id
LIMIT ?4;

-- name: old_workflows
-- What a job is made of goes with the job.
SELECT id, finished_at, total FROM hw_workflows FORCE INDEX (hw_workflows_ended)
WHERE status = ?1 AND finished_at <= ?2 AND finished_at >= ?3
    AND (finished_at > ?3 OR id > UNHEX(?4)) AND hidden = '' AND parent_job_id IS NULL
ORDER BY finished_at, id
LIMIT ?5;

-- name: lock_workflows_to_purge
SELECT w.id, w.status, w.hidden, w.created_at, COALESCE(w.finished_at, 0), w.total, w.depended_on, w.parent_job_id
FROM (SELECT UNHEX(i.id) AS id FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i ORDER BY id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = x.id
FOR UPDATE;

-- name: workflows_to_check
-- Of parents whose edges wait for a check.
SELECT j.workflow_id
FROM (SELECT parent_id FROM hw_edge_check LIMIT ?1) waiting
LEFT JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = waiting.parent_id;

-- name: mark_depended_on
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = UNHEX(i.id)
SET w.depended_on = 1
WHERE w.depended_on = 0;

-- name: needed_workflows
-- Those of which a job that has not ended depends on one in these ranges, and the
-- workflow of that job.
SELECT DISTINCT j.workflow_id, k.workflow_id
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', `from` INT PATH '$.from', `to` INT PATH '$.to')) c
STRAIGHT_JOIN hw_jobs j FORCE INDEX (hw_jobs_workflow) ON j.workflow_id = UNHEX(c.id) AND j.position >= c.`from` AND j.position < c.`to`
STRAIGHT_JOIN hw_edges e FORCE INDEX (PRIMARY) ON e.parent_id = j.id
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = e.child_id
STRAIGHT_JOIN hw_jobs k FORCE INDEX (PRIMARY) ON k.id = e.child_id
WHERE s.finished_at IS NULL;

-- name: hide_workflows
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = UNHEX(i.id)
SET w.hidden = 'purging'
WHERE w.hidden <> 'purging';

-- name: purging_workflows
SELECT id FROM hw_workflows FORCE INDEX (hw_workflows_unseen) WHERE hidden = 'purging' ORDER BY created_at, id LIMIT ?1;

-- name: lock_purging_workflows
-- Another that deletes of them at this time goes on with them.
SELECT w.id
FROM (SELECT UNHEX(i.id) AS id FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i ORDER BY id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = x.id
WHERE w.hidden = 'purging'
FOR UPDATE SKIP LOCKED;

-- name: jobs_of_workflows
SELECT j.id, OCTET_LENGTH(j.payload) + COALESCE(OCTET_LENGTH(s.result), 0)
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_jobs j FORCE INDEX (hw_jobs_workflow) ON j.workflow_id = UNHEX(i.id)
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = j.id
LIMIT ?2;

-- name: old_jobs
-- Jobs without a workflow, whatever their status is.
SELECT looked.id, looked.created_at, s.status, COALESCE(s.finished_at, 0)
FROM (
    SELECT id, created_at FROM hw_jobs FORCE INDEX (hw_jobs_alone)
    WHERE workflow_id IS NULL AND created_at <= ?1 AND created_at >= ?2 AND (created_at > ?2 OR id > UNHEX(?3))
    ORDER BY created_at, id
    LIMIT ?4) looked
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = looked.id
ORDER BY looked.created_at, looked.id;

-- name: lock_jobs_to_purge
SELECT s.id, s.status, COALESCE(s.finished_at, 0), x.bytes + COALESCE(OCTET_LENGTH(s.result), 0)
FROM (
    SELECT j.id, OCTET_LENGTH(j.payload) AS bytes
    FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
    STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(i.id)
    ORDER BY j.id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = x.id
FOR UPDATE;

-- name: needed_jobs
-- Those on which a job depends that has not ended, or whose edges wait for a check.
SELECT e.parent_id
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_edges e FORCE INDEX (PRIMARY) ON e.parent_id = UNHEX(i.id)
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = e.child_id
WHERE s.finished_at IS NULL
UNION
SELECT k.parent_id
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_edge_check k FORCE INDEX (PRIMARY)
    ON k.parent_id = UNHEX(i.id) AND k.child_id = UNHEX('00000000000000000000000000000000');

-- name: edges_into_jobs
SELECT e.parent_id, e.child_id
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_edges e FORCE INDEX (hw_edges_child) ON e.child_id = UNHEX(i.id)
LIMIT ?2;

-- name: delete_edges
DELETE e
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    parent VARCHAR(32) PATH '$.parent', child VARCHAR(32) PATH '$.child')) c
STRAIGHT_JOIN hw_edges e FORCE INDEX (PRIMARY) ON e.parent_id = UNHEX(c.parent) AND e.child_id = UNHEX(c.child);

-- name: delete_deadlines
DELETE t
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(i.id)
STRAIGHT_JOIN hw_timers t FORCE INDEX (PRIMARY) ON t.kind = 'deadline' AND t.due_at = j.deadline_at AND t.id = j.id;

-- name: delete_attempts
DELETE a
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_attempts a FORCE INDEX (PRIMARY) ON a.job_id = UNHEX(i.id);

-- name: delete_evaluations
DELETE v
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_evaluations v FORCE INDEX (PRIMARY) ON v.job_id = UNHEX(i.id);

-- name: delete_job_runs
DELETE r
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_job_runs r FORCE INDEX (PRIMARY) ON r.job_id = UNHEX(i.id);

-- name: delete_job_states
DELETE s
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(i.id);

-- name: delete_jobs
DELETE j
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(i.id);

-- name: delete_workflow_timers
DELETE t
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = UNHEX(i.id)
STRAIGHT_JOIN hw_timers t FORCE INDEX (PRIMARY) ON t.kind = 'workflow' AND t.due_at = COALESCE(w.deadline_at, w.created_at + w.timeout) AND t.id = w.id
WHERE w.timeout > 0;

-- name: delete_stop_timers
-- Those by which workflows, or jobs, that were told to stop end what still runs.
DELETE t
FROM (
    SELECT DISTINCT s.kind, s.due_at, s.id
    FROM hw_timers s FORCE INDEX (PRIMARY)
    WHERE s.kind IN ('grace', 'finally', 'cancel')
        AND s.id IN (SELECT UNHEX(i.id) FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i)) x
STRAIGHT_JOIN hw_timers t FORCE INDEX (PRIMARY) ON t.kind = x.kind AND t.due_at = x.due_at AND t.id = x.id;

-- name: delete_audit
DELETE a
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_audit a FORCE INDEX (PRIMARY) ON a.workflow_id = UNHEX(i.id);

-- name: delete_workflows
-- Those that have no job left.
DELETE w
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = UNHEX(i.id)
WHERE w.hidden = 'purging'
    AND (SELECT 1 FROM hw_jobs j FORCE INDEX (hw_jobs_workflow) WHERE j.workflow_id = w.id LIMIT 1) IS NULL;

-- name: old_keys
-- The last column says whether what a key made is stored.
SELECT k.scope, k.`key`, k.id, k.created_at,
    (SELECT 1 FROM hw_jobs j WHERE j.id = k.id) IS NOT NULL OR (SELECT 1 FROM hw_workflows w WHERE w.id = k.id) IS NOT NULL
FROM hw_idempotency_keys k FORCE INDEX (hw_keys_age)
WHERE k.created_at <= ?1 AND k.created_at >= ?2 AND (k.created_at > ?2 OR k.id > UNHEX(?3))
ORDER BY k.created_at, k.id
LIMIT ?4;

-- name: delete_keys
DELETE k
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    scope VARCHAR(1024) CHARACTER SET utf8mb4 PATH '$.scope', `key` VARCHAR(1024) CHARACTER SET utf8mb4 PATH '$.key',
    id VARCHAR(32) PATH '$.id')) c
STRAIGHT_JOIN hw_idempotency_keys k FORCE INDEX (PRIMARY)
    ON k.scope = CAST(c.scope AS BINARY) AND k.`key` = CAST(c.`key` AS BINARY) AND k.id = UNHEX(c.id);

-- name: forget_queues
DELETE FROM hw_queues WHERE paused_at IS NULL AND weights = '';

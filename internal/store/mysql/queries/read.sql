-- name: workflow
SELECT id, name, description, status, reason, failure_policy, failing, priority, metadata, run, trace_id,
    correlation_id, total, completed, failed, dead, timed_out, upstream_failed, cancelled, skipped,
    created_at, started_at, finished_at, user_paused, undecided, unforgiven, health_check_interval, timeout, deadline_at, rules,
    parent_job_id, (SELECT j.workflow_id FROM hw_jobs j WHERE j.id = hw_workflows.parent_job_id)
FROM hw_workflows WHERE id = UNHEX(?1) AND hidden = '';

-- name: workflow_status
SELECT status FROM hw_workflows WHERE id = UNHEX(?1) AND hidden = '';

-- name: workflow_activity
-- Held, retrying and not held, and suspended jobs, of those in the positions
-- from ?2 to before ?3.
SELECT
    COALESCE(SUM(h.id IS NOT NULL AND s.status IN ('pending', 'retrying')), 0),
    COALESCE(SUM(h.id IS NULL AND s.status = 'retrying'), 0),
    COALESCE(SUM(s.status = 'suspended'), 0)
FROM hw_jobs j FORCE INDEX (hw_jobs_workflow)
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = j.id
LEFT JOIN (
    SELECT UNHEX(e.id) AS id, e.epoch
    FROM hw_leases l
    STRAIGHT_JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e
    LIMIT 18446744073709551615) h ON h.id = s.id AND h.epoch = s.epoch
WHERE j.workflow_id = UNHEX(?1) AND j.position >= ?2 AND j.position < ?3 AND s.status IN ('pending', 'retrying', 'suspended');

-- name: open_workflow
SELECT id FROM hw_workflows FORCE INDEX (hw_workflows_digest) WHERE digest = ?1 AND finished_at IS NULL AND hidden = '' AND parent_job_id IS NULL ORDER BY created_at DESC, id DESC LIMIT 1;

-- name: other_open_workflow
(SELECT name FROM hw_workflows FORCE INDEX (hw_workflows_digest) WHERE digest > ?1 AND finished_at IS NULL AND hidden = '' AND parent_job_id IS NULL ORDER BY digest LIMIT 1)
UNION ALL
(SELECT name FROM hw_workflows FORCE INDEX (hw_workflows_digest) WHERE digest < ?1 AND finished_at IS NULL AND hidden = '' AND parent_job_id IS NULL ORDER BY digest LIMIT 1)
LIMIT 1;

-- name: workflow_jobs
-- The next ?3 after position ?2.
SELECT j.position, j.id, j.workflow_id, COALESCE(w.name, ''), j.name, j.queue, j.payload, j.depends_on, s.status, s.dependency_status, s.reason,
    s.cause_job_id, s.error, s.result, s.priority, j.priority, s.attempts, j.max_attempts, j.timeout, j.retry, s.epoch, s.worker, h.worker,
    h.claimed_at, h.progress, j.trace_id, j.correlation_id, j.barrier, j.created_at, s.scheduled_at, s.started_at, s.finished_at,
    s.decision, s.run, s.earlier, j.rules
FROM (SELECT id FROM hw_jobs FORCE INDEX (hw_jobs_workflow) WHERE workflow_id = UNHEX(?1) AND position > ?2 ORDER BY position LIMIT ?3) x
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = x.id
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = x.id
STRAIGHT_JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = j.workflow_id
LEFT JOIN (
    SELECT UNHEX(e.id) AS id, e.epoch, l.worker, l.claimed_at,
        CASE WHEN l.progress <> '' THEN JSON_EXTRACT(l.progress, CONCAT('$."', e.id, '"')) END AS progress
    FROM hw_leases l
    STRAIGHT_JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e
    LIMIT 18446744073709551615) h ON h.id = s.id AND h.epoch = s.epoch
WHERE w.hidden = ''
ORDER BY j.position;

-- name: job
SELECT j.id, j.workflow_id, COALESCE(w.name, ''), j.name, j.queue, j.payload, j.depends_on, s.status, s.dependency_status, s.reason,
    s.cause_job_id, s.error, s.result, s.priority, j.priority, s.attempts, j.max_attempts, j.timeout, j.retry, s.epoch, s.worker, h.worker,
    h.claimed_at, h.progress, j.trace_id, j.correlation_id, j.barrier, j.created_at, s.scheduled_at, s.started_at, s.finished_at,
    s.decision, s.run, s.earlier, j.rules
FROM hw_jobs j
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = j.id
LEFT JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = j.workflow_id
LEFT JOIN (
    SELECT UNHEX(e.id) AS id, e.epoch, l.worker, l.claimed_at,
        CASE WHEN l.progress <> '' THEN JSON_EXTRACT(l.progress, CONCAT('$."', e.id, '"')) END AS progress
    FROM hw_leases l
    STRAIGHT_JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e
    LIMIT 18446744073709551615) h ON h.id = s.id AND h.epoch = s.epoch
WHERE j.id = UNHEX(?1) AND COALESCE(w.hidden, '') = '';

-- name: job_attempts
SELECT epoch, attempt, lease_id, worker, outcome, error, started_at, finished_at
FROM hw_attempts WHERE job_id = UNHEX(?1) ORDER BY epoch;

-- name: job_names
SELECT j.id, j.name
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(i.id)
WHERE j.workflow_id = UNHEX(?2);

-- name: job_ids
SELECT j.name, j.id
FROM hw_jobs j FORCE INDEX (hw_jobs_workflow)
WHERE j.workflow_id = UNHEX(?2)
  AND CAST(j.name AS BINARY) IN (SELECT CAST(c.name AS BINARY)
    FROM JSON_TABLE(?1, '$[*]' COLUMNS (name VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.name')) c);

-- name: edges_into
SELECT e.parent_id, e.child_id, e.`on`, e.optional, e.state, s.join_rule, s.quorum,
    EXISTS (SELECT 1 FROM hw_spawned b FORCE INDEX (PRIMARY) WHERE b.spawner_id = e.parent_id AND b.job_id = e.child_id)
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(i.id)
STRAIGHT_JOIN hw_edges e FORCE INDEX (hw_edges_child) ON e.child_id = s.id;

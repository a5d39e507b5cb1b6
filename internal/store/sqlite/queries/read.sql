-- name: workflow
SELECT id, name, description, status, reason, failure_policy, failing, priority, metadata, run, trace_id,
    correlation_id, total, completed, failed, dead, timed_out, upstream_failed, cancelled, skipped,
    created_at, started_at, finished_at, user_paused, undecided, unforgiven, health_check_interval, timeout, deadline_at, rules,
    parent_job_id, (SELECT j.workflow_id FROM jobs j WHERE j.id = workflows.parent_job_id)
FROM workflows WHERE id = ?1 AND hidden = '';

-- name: workflow_status
SELECT status FROM workflows WHERE id = ?1 AND hidden = '';

-- name: workflow_activity
-- Held, retrying and not held, and suspended jobs, of those in the positions
-- from ?2 to before ?3.
WITH held AS MATERIALIZED (
    SELECT unhex(e.value ->> 0) AS id, e.value ->> 1 AS epoch FROM leases l, json_each(l.jobs) e
)
SELECT
    coalesce(sum(h.id IS NOT NULL AND s.status IN ('pending', 'retrying')), 0),
    coalesce(sum(h.id IS NULL AND s.status = 'retrying'), 0),
    coalesce(sum(s.status = 'suspended'), 0)
FROM jobs j
CROSS JOIN job_state s ON s.id = j.id
LEFT JOIN held h ON h.id = s.id AND h.epoch = s.epoch
WHERE j.workflow_id = ?1 AND j.position >= ?2 AND j.position < ?3 AND s.status IN ('pending', 'retrying', 'suspended');

-- name: open_workflow
SELECT id FROM workflows WHERE digest = ?1 AND finished_at IS NULL AND hidden = '' AND parent_job_id IS NULL ORDER BY created_at DESC, id DESC LIMIT 1;

-- name: other_open_workflow
SELECT name FROM workflows WHERE digest > ?1 AND finished_at IS NULL AND hidden = '' AND parent_job_id IS NULL
UNION ALL
SELECT name FROM workflows WHERE digest < ?1 AND finished_at IS NULL AND hidden = '' AND parent_job_id IS NULL
LIMIT 1;

-- name: workflow_jobs
-- The next ?3 after position ?2.
WITH held AS MATERIALIZED (
    SELECT unhex(e.value ->> 0) AS id, e.value ->> 1 AS epoch, l.worker, l.claimed_at,
        CASE WHEN l.progress <> '' THEN l.progress -> (e.value ->> 0) END AS progress
    FROM leases l, json_each(l.jobs) e
)
SELECT j.position, j.id, j.workflow_id, coalesce(w.name, ''), j.name, j.queue, j.payload, j.depends_on, s.status, s.dependency_status, s.reason,
    s.cause_job_id, s.error, s.result, s.priority, j.priority, s.attempts, j.max_attempts, j.timeout, j.retry, s.epoch, s.worker, h.worker,
    h.claimed_at, h.progress, j.trace_id, j.correlation_id, j.barrier, j.created_at, s.scheduled_at, s.started_at, s.finished_at,
    s.decision, s.run, s.earlier, j.rules
FROM jobs j
JOIN job_state s ON s.id = j.id
LEFT JOIN workflows w ON w.id = j.workflow_id
LEFT JOIN held h ON h.id = s.id AND h.epoch = s.epoch
WHERE j.workflow_id = ?1 AND j.position > ?2 AND w.hidden = ''
ORDER BY j.position
LIMIT ?3;

-- name: job
WITH held AS MATERIALIZED (
    SELECT unhex(e.value ->> 0) AS id, e.value ->> 1 AS epoch, l.worker, l.claimed_at,
        CASE WHEN l.progress <> '' THEN l.progress -> (e.value ->> 0) END AS progress
    FROM leases l, json_each(l.jobs) e
)
SELECT j.id, j.workflow_id, coalesce(w.name, ''), j.name, j.queue, j.payload, j.depends_on, s.status, s.dependency_status, s.reason,
    s.cause_job_id, s.error, s.result, s.priority, j.priority, s.attempts, j.max_attempts, j.timeout, j.retry, s.epoch, s.worker, h.worker,
    h.claimed_at, h.progress, j.trace_id, j.correlation_id, j.barrier, j.created_at, s.scheduled_at, s.started_at, s.finished_at,
    s.decision, s.run, s.earlier, j.rules
FROM jobs j
JOIN job_state s ON s.id = j.id
LEFT JOIN workflows w ON w.id = j.workflow_id
LEFT JOIN held h ON h.id = s.id AND h.epoch = s.epoch
WHERE j.id = ?1 AND coalesce(w.hidden, '') = '';

-- name: job_attempts
SELECT epoch, attempt, lease_id, worker, outcome, error, started_at, finished_at
FROM attempts WHERE job_id = ?1 ORDER BY epoch;

-- name: job_names
SELECT j.id, j.name FROM json_each(?1) x CROSS JOIN jobs j ON j.id = unhex(x.value) WHERE j.workflow_id = ?2;

-- name: job_ids
SELECT j.name, j.id FROM jobs j INDEXED BY jobs_workflow
WHERE j.workflow_id = ?2 AND j.name IN (SELECT value ->> 'name' FROM json_each(?1));

-- name: edges_into
SELECT e.parent_id, e.child_id, e."on", e.optional, e.state, s.join_rule, s.quorum,
    EXISTS (SELECT 1 FROM spawned b WHERE b.spawner_id = e.parent_id AND b.job_id = e.child_id)
FROM json_each(?1) x
CROSS JOIN job_state s ON s.id = unhex(x.value)
CROSS JOIN edges e ON e.child_id = s.id;

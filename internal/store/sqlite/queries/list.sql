-- name: list_workflows
-- From ?1 down to ?2.
SELECT id, name, description, status, reason, failure_policy, failing, priority, metadata, run, trace_id,
    correlation_id, total, completed, failed, dead, timed_out, upstream_failed, cancelled, skipped,
    created_at, started_at, finished_at, user_paused, undecided, unforgiven, health_check_interval, timeout, deadline_at, rules,
    parent_job_id, (SELECT j.workflow_id FROM jobs j WHERE j.id = workflows.parent_job_id)
FROM workflows
WHERE id < ?1 AND id >= ?2 AND (?4 = '' OR status = ?4) AND (?5 = '' OR name = ?5) AND hidden = '' AND created_at >= ?6
    AND (?7 = 1 OR parent_job_id IS NULL)
ORDER BY id DESC
LIMIT ?3;

-- name: list_child_workflows
-- Those that a job is made of, from ?1 down to ?2.
SELECT id, name, description, status, reason, failure_policy, failing, priority, metadata, run, trace_id,
    correlation_id, total, completed, failed, dead, timed_out, upstream_failed, cancelled, skipped,
    created_at, started_at, finished_at, user_paused, undecided, unforgiven, health_check_interval, timeout, deadline_at, rules,
    parent_job_id, (SELECT j.workflow_id FROM jobs j WHERE j.id = workflows.parent_job_id)
FROM workflows
WHERE parent_job_id = ?7 AND id < ?1 AND id >= ?2 AND (?4 = '' OR status = ?4) AND (?5 = '' OR name = ?5) AND hidden = '' AND created_at >= ?6
ORDER BY id DESC
LIMIT ?3;

-- name: last_workflow_looked_at
SELECT id FROM workflows WHERE id < ?1 AND id >= ?3 ORDER BY id DESC LIMIT 1 OFFSET ?2;

-- name: workflows_held
-- How many jobs of each workflow are held.
SELECT j.workflow_id, count(*)
FROM leases l, json_each(l.jobs) e
CROSS JOIN job_state s ON s.id = unhex(e.value ->> 0)
CROSS JOIN jobs j ON j.id = s.id
WHERE s.epoch = e.value ->> 1 AND s.status IN ('pending', 'retrying')
    AND j.workflow_id IN (SELECT unhex(value) FROM json_each(?1))
GROUP BY j.workflow_id;

-- name: workflows_waiting
-- How many jobs of each workflow are retrying and not held, and suspended,
-- among ?2 of its jobs.
WITH held AS MATERIALIZED (
    SELECT unhex(e.value ->> 0) AS id, e.value ->> 1 AS epoch FROM leases l, json_each(l.jobs) e
)
SELECT looked.workflow_id, coalesce(sum(s.status = 'retrying' AND h.id IS NULL), 0), coalesce(sum(s.status = 'suspended'), 0)
FROM (
    SELECT j.id, j.workflow_id
    FROM json_each(?1) x
    CROSS JOIN jobs j ON j.workflow_id = unhex(x.value)
    LIMIT ?2) AS looked
CROSS JOIN job_state s ON s.id = looked.id
LEFT JOIN held h ON h.id = s.id AND h.epoch = s.epoch
WHERE s.status IN ('retrying', 'suspended')
GROUP BY looked.workflow_id;

-- name: list_jobs
-- From ?1 down to ?2.
WITH held AS MATERIALIZED (
    SELECT unhex(e.value ->> 0) AS id, e.value ->> 1 AS epoch, l.worker, l.claimed_at,
        CASE WHEN l.progress <> '' THEN l.progress -> (e.value ->> 0) END AS progress
    FROM leases l, json_each(l.jobs) e
)
SELECT j.id, j.workflow_id, coalesce(w.name, ''), j.name, j.queue, j.depends_on, s.status, s.dependency_status, s.reason,
    s.cause_job_id, s.error, s.priority, j.priority, s.attempts, j.max_attempts, s.epoch, s.worker, h.worker,
    h.claimed_at, h.progress, j.trace_id, j.correlation_id, j.barrier, j.created_at, s.scheduled_at, s.started_at, s.finished_at,
    s.decision, s.run, s.earlier, j.rules
FROM jobs j
CROSS JOIN job_state s ON s.id = j.id
LEFT JOIN workflows w ON w.id = j.workflow_id
LEFT JOIN held h ON h.id = s.id AND h.epoch = s.epoch
WHERE j.id < ?1 AND j.id >= ?2 AND (?4 = '' OR j.queue = ?4)
    AND (?5 = '' OR ?5 = CASE WHEN h.id IS NOT NULL AND s.status IN ('pending', 'retrying') THEN 'running' ELSE s.status END)
    AND (?6 = '' OR s.dependency_status = ?6)
    AND (?7 < 0 OR s.priority = ?7)
    AND coalesce(w.hidden, '') = '' AND j.created_at >= ?8
ORDER BY j.id DESC
LIMIT ?3;

-- name: last_job_looked_at
SELECT id FROM jobs WHERE id < ?1 AND id >= ?3 ORDER BY id DESC LIMIT 1 OFFSET ?2;

-- name: job_position
SELECT position FROM jobs WHERE id = ?1 AND workflow_id = ?2;

-- name: list_workflow_jobs
-- From position ?1 down to ?2.
WITH held AS MATERIALIZED (
    SELECT unhex(e.value ->> 0) AS id, e.value ->> 1 AS epoch, l.worker, l.claimed_at,
        CASE WHEN l.progress <> '' THEN l.progress -> (e.value ->> 0) END AS progress
    FROM leases l, json_each(l.jobs) e
)
SELECT j.id, j.workflow_id, coalesce(w.name, ''), j.name, j.queue, j.depends_on, s.status, s.dependency_status, s.reason,
    s.cause_job_id, s.error, s.priority, j.priority, s.attempts, j.max_attempts, s.epoch, s.worker, h.worker,
    h.claimed_at, h.progress, j.trace_id, j.correlation_id, j.barrier, j.created_at, s.scheduled_at, s.started_at, s.finished_at,
    s.decision, s.run, s.earlier, j.rules
FROM jobs j
CROSS JOIN job_state s ON s.id = j.id
LEFT JOIN workflows w ON w.id = j.workflow_id
LEFT JOIN held h ON h.id = s.id AND h.epoch = s.epoch
WHERE j.workflow_id = ?9 AND j.position < ?1 AND j.position >= ?2 AND (?4 = '' OR j.queue = ?4)
    AND (?5 = '' OR ?5 = CASE WHEN h.id IS NOT NULL AND s.status IN ('pending', 'retrying') THEN 'running' ELSE s.status END)
    AND (?6 = '' OR s.dependency_status = ?6)
    AND (?7 < 0 OR s.priority = ?7)
    AND coalesce(w.hidden, '') = '' AND j.created_at >= ?8
ORDER BY j.position DESC
LIMIT ?3;

-- name: last_workflow_job_looked_at
SELECT id, position FROM jobs WHERE workflow_id = ?3 AND position < ?1 ORDER BY position DESC LIMIT 1 OFFSET ?2;

-- name: job_exists
SELECT 1 FROM jobs j LEFT JOIN workflows w ON w.id = j.workflow_id WHERE j.id = ?1 AND coalesce(w.hidden, '') = '';

-- name: job_parents
WITH held AS MATERIALIZED (
    SELECT unhex(e.value ->> 0) AS id, e.value ->> 1 AS epoch FROM leases l, json_each(l.jobs) e
)
SELECT j.id, j.workflow_id, j.name, j.queue, s.status, h.id, e."on", e.optional, e.state
FROM (SELECT * FROM edges WHERE child_id = ?1 ORDER BY parent_id LIMIT ?2) e
CROSS JOIN jobs j ON j.id = e.parent_id
CROSS JOIN job_state s ON s.id = j.id
LEFT JOIN held h ON h.id = s.id AND h.epoch = s.epoch
ORDER BY j.id;

-- name: job_children
WITH held AS MATERIALIZED (
    SELECT unhex(e.value ->> 0) AS id, e.value ->> 1 AS epoch FROM leases l, json_each(l.jobs) e
)
SELECT j.id, j.workflow_id, j.name, j.queue, s.status, h.id, e."on", e.optional, e.state
FROM edges e
CROSS JOIN jobs j ON j.id = e.child_id
CROSS JOIN job_state s ON s.id = j.id
LEFT JOIN held h ON h.id = s.id AND h.epoch = s.epoch
WHERE e.parent_id = ?1
ORDER BY e.child_id
LIMIT ?2;

-- name: queues_ready
-- Hops as ready_queues does, and counts ?1 of each queue at most.
WITH RECURSIVE q(queue) AS (
    SELECT min(queue) FROM ready
    UNION ALL
    SELECT (SELECT min(r.queue) FROM ready r WHERE r.queue > q.queue) FROM q WHERE q.queue IS NOT NULL
)
SELECT queue, (SELECT count(*) FROM (SELECT 1 FROM ready r WHERE r.queue = q.queue LIMIT ?1))
FROM q WHERE queue IS NOT NULL;

-- name: queues_set
-- Those that are paused or have weights.
SELECT name, paused_at, weights FROM queues WHERE paused_at IS NOT NULL OR weights <> '';

-- name: queues_held
SELECT j.queue, count(*)
FROM leases l, json_each(l.jobs) e
CROSS JOIN job_state s ON s.id = unhex(e.value ->> 0)
CROSS JOIN jobs j ON j.id = s.id
WHERE s.epoch = e.value ->> 1 AND s.status IN ('pending', 'retrying')
GROUP BY j.queue;

-- name: workers_seen
SELECT name, queues, slots, draining, first_seen_at, last_seen_at FROM workers WHERE last_seen_at >= ?1 ORDER BY name;

-- name: workers_held
SELECT l.worker, count(*)
FROM leases l, json_each(l.jobs) e
CROSS JOIN job_state s ON s.id = unhex(e.value ->> 0)
WHERE s.epoch = e.value ->> 1 AND s.status IN ('pending', 'retrying')
GROUP BY l.worker;

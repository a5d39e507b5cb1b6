-- name: list_workflows
-- From $1 down to $2.
SELECT id, name, description, status, reason, failure_policy, failing, priority, metadata, run, trace_id,
    correlation_id, total, completed, failed, dead, timed_out, upstream_failed, cancelled, skipped,
    created_at, started_at, finished_at, user_paused, undecided, unforgiven, health_check_interval, timeout, deadline_at, rules,
    parent_job_id, (SELECT j.workflow_id FROM jobs j WHERE j.id = workflows.parent_job_id)
FROM workflows
WHERE id < $1::uuid AND id >= $2::uuid AND ($4::text = '' OR status = $4::text) AND ($5::text = '' OR name = $5::text) AND hidden = '' AND created_at >= $6::bigint
    AND ($7::int = 1 OR parent_job_id IS NULL)
ORDER BY id DESC
LIMIT $3::int;

-- name: list_child_workflows
-- Those that a job is made of, from $1 down to $2.
SELECT id, name, description, status, reason, failure_policy, failing, priority, metadata, run, trace_id,
    correlation_id, total, completed, failed, dead, timed_out, upstream_failed, cancelled, skipped,
    created_at, started_at, finished_at, user_paused, undecided, unforgiven, health_check_interval, timeout, deadline_at, rules,
    parent_job_id, (SELECT j.workflow_id FROM jobs j WHERE j.id = workflows.parent_job_id)
FROM workflows
WHERE parent_job_id = $7::uuid AND id < $1::uuid AND id >= $2::uuid AND ($4::text = '' OR status = $4::text) AND ($5::text = '' OR name = $5::text) AND hidden = '' AND created_at >= $6::bigint
ORDER BY id DESC
LIMIT $3::int;

-- name: last_workflow_looked_at
SELECT id FROM workflows WHERE id < $1::uuid AND id >= $3::uuid ORDER BY id DESC LIMIT 1 OFFSET $2::int;

-- name: workflows_held
-- How many jobs of each workflow are held.
SELECT j.workflow_id, count(*)
FROM leases l
CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS e(id, epoch)
CROSS JOIN LATERAL (SELECT epoch, status FROM job_state WHERE id = e.id OFFSET 0) s
CROSS JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = e.id OFFSET 0) j
WHERE s.epoch = e.epoch AND s.status IN ('pending', 'retrying') AND j.workflow_id = ANY ($1::uuid[])
GROUP BY j.workflow_id;

-- name: workflows_waiting
-- How many jobs of each workflow are retrying and not held, and suspended,
-- among $2 of its jobs.
WITH held AS MATERIALIZED (
    SELECT e.id, e.epoch FROM leases l CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS e(id, epoch)
)
SELECT looked.workflow_id, count(*) FILTER (WHERE s.status = 'retrying' AND h.id IS NULL), count(*) FILTER (WHERE s.status = 'suspended')
FROM (
    SELECT j.id, x.id AS workflow_id
    FROM unnest($1::uuid[]) x(id)
    CROSS JOIN LATERAL (SELECT id FROM jobs WHERE workflow_id = x.id OFFSET 0) j
    LIMIT $2::int) AS looked
CROSS JOIN LATERAL (SELECT epoch, status FROM job_state WHERE id = looked.id OFFSET 0) s
LEFT JOIN held h ON h.id = looked.id AND h.epoch = s.epoch
WHERE s.status IN ('retrying', 'suspended')
GROUP BY looked.workflow_id;

-- name: list_jobs
-- From $1 down to $2.
WITH held AS MATERIALIZED (
    SELECT e.id, e.epoch, l.worker, l.claimed_at,
        CASE WHEN l.progress <> '' THEN l.progress::json ->> replace(e.id::text, '-', '') END AS progress
    FROM leases l CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS e(id, epoch)
)
SELECT j.id, j.workflow_id, coalesce(w.name, ''), j.name, j.queue, j.depends_on, s.status, s.dependency_status, s.reason,
    s.cause_job_id, s.error, s.priority, j.priority, s.attempts, j.max_attempts, s.epoch, s.worker, h.worker,
    h.claimed_at, h.progress, j.trace_id, j.correlation_id, j.barrier, j.created_at, s.scheduled_at, s.started_at, s.finished_at,
    s.decision, s.run, s.earlier, j.rules
FROM (SELECT * FROM jobs WHERE id < $1::uuid AND id >= $2::uuid ORDER BY id DESC OFFSET 0) j
CROSS JOIN LATERAL (SELECT * FROM job_state WHERE id = j.id OFFSET 0) s
LEFT JOIN LATERAL (SELECT name, hidden FROM workflows WHERE id = j.workflow_id OFFSET 0) w ON true
LEFT JOIN held h ON h.id = j.id AND h.epoch = s.epoch
WHERE ($4::text = '' OR j.queue = $4::text)
    AND ($5::text = '' OR $5::text = CASE WHEN h.id IS NOT NULL AND s.status IN ('pending', 'retrying') THEN 'running' ELSE s.status END)
    AND ($6::text = '' OR s.dependency_status = $6::text)
    AND ($7::int < 0 OR s.priority = $7::int)
    AND coalesce(w.hidden, '') = '' AND j.created_at >= $8::bigint
ORDER BY j.id DESC
LIMIT $3::int;

-- name: last_job_looked_at
SELECT id FROM jobs WHERE id < $1::uuid AND id >= $3::uuid ORDER BY id DESC LIMIT 1 OFFSET $2::int;

-- name: job_position
SELECT position FROM jobs WHERE id = $1::uuid AND workflow_id = $2::uuid;

-- name: list_workflow_jobs
-- From position $1 down to $2.
WITH held AS MATERIALIZED (
    SELECT e.id, e.epoch, l.worker, l.claimed_at,
        CASE WHEN l.progress <> '' THEN l.progress::json ->> replace(e.id::text, '-', '') END AS progress
    FROM leases l CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS e(id, epoch)
)
SELECT j.id, j.workflow_id, coalesce(w.name, ''), j.name, j.queue, j.depends_on, s.status, s.dependency_status, s.reason,
    s.cause_job_id, s.error, s.priority, j.priority, s.attempts, j.max_attempts, s.epoch, s.worker, h.worker,
    h.claimed_at, h.progress, j.trace_id, j.correlation_id, j.barrier, j.created_at, s.scheduled_at, s.started_at, s.finished_at,
    s.decision, s.run, s.earlier, j.rules
FROM (SELECT * FROM jobs WHERE workflow_id = $9::uuid AND position < $1::int AND position >= $2::int ORDER BY position DESC OFFSET 0) j
CROSS JOIN LATERAL (SELECT * FROM job_state WHERE id = j.id OFFSET 0) s
LEFT JOIN LATERAL (SELECT name, hidden FROM workflows WHERE id = j.workflow_id OFFSET 0) w ON true
LEFT JOIN held h ON h.id = j.id AND h.epoch = s.epoch
WHERE ($4::text = '' OR j.queue = $4::text)
    AND ($5::text = '' OR $5::text = CASE WHEN h.id IS NOT NULL AND s.status IN ('pending', 'retrying') THEN 'running' ELSE s.status END)
    AND ($6::text = '' OR s.dependency_status = $6::text)
    AND ($7::int < 0 OR s.priority = $7::int)
    AND coalesce(w.hidden, '') = '' AND j.created_at >= $8::bigint
ORDER BY j.position DESC
LIMIT $3::int;

-- name: last_workflow_job_looked_at
SELECT id, position FROM jobs WHERE workflow_id = $3::uuid AND position < $1::int ORDER BY position DESC LIMIT 1 OFFSET $2::int;

-- name: job_exists
SELECT 1
FROM (SELECT workflow_id FROM jobs WHERE id = $1::uuid OFFSET 0) j
LEFT JOIN LATERAL (SELECT hidden FROM workflows WHERE id = j.workflow_id OFFSET 0) w ON true
WHERE coalesce(w.hidden, '') = '';

-- name: job_parents
WITH held AS MATERIALIZED (
    SELECT e.id, e.epoch FROM leases l CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS e(id, epoch)
)
SELECT j.id, j.workflow_id, j.name, j.queue, s.status, h.id, e."on", e.optional, e.state
FROM (SELECT * FROM edges WHERE child_id = $1::uuid ORDER BY parent_id LIMIT $2::int) e
CROSS JOIN LATERAL (SELECT * FROM jobs WHERE id = e.parent_id OFFSET 0) j
CROSS JOIN LATERAL (SELECT epoch, status FROM job_state WHERE id = j.id OFFSET 0) s
LEFT JOIN held h ON h.id = j.id AND h.epoch = s.epoch
ORDER BY j.id;

-- name: job_children
WITH held AS MATERIALIZED (
    SELECT e.id, e.epoch FROM leases l CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS e(id, epoch)
)
SELECT j.id, j.workflow_id, j.name, j.queue, s.status, h.id, e."on", e.optional, e.state
FROM (SELECT * FROM edges WHERE parent_id = $1::uuid ORDER BY child_id LIMIT $2::int) e
CROSS JOIN LATERAL (SELECT * FROM jobs WHERE id = e.child_id OFFSET 0) j
CROSS JOIN LATERAL (SELECT epoch, status FROM job_state WHERE id = j.id OFFSET 0) s
LEFT JOIN held h ON h.id = j.id AND h.epoch = s.epoch
ORDER BY j.id;

-- name: queues_ready
-- Hops as ready_queues does, and counts $1 of each queue at most.
WITH RECURSIVE q(queue) AS (
    (SELECT queue FROM ready ORDER BY queue LIMIT 1)
    UNION ALL
    SELECT (SELECT r.queue FROM ready r WHERE r.queue > q.queue ORDER BY r.queue LIMIT 1) FROM q WHERE q.queue IS NOT NULL
)
SELECT queue, (SELECT count(*) FROM (SELECT 1 FROM ready r WHERE r.queue = q.queue LIMIT $1::int) counted)
FROM q WHERE queue IS NOT NULL;

-- name: queues_set
-- Those that are paused or have weights.
SELECT name, paused_at, weights FROM queues WHERE paused_at IS NOT NULL OR weights <> '';

-- name: queues_held
SELECT j.queue, count(*)
FROM leases l
CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS e(id, epoch)
CROSS JOIN LATERAL (SELECT epoch, status FROM job_state WHERE id = e.id OFFSET 0) s
CROSS JOIN LATERAL (SELECT queue FROM jobs WHERE id = e.id OFFSET 0) j
WHERE s.epoch = e.epoch AND s.status IN ('pending', 'retrying')
GROUP BY j.queue;

-- name: workers_seen
SELECT name, queues, slots, draining, first_seen_at, last_seen_at FROM workers WHERE last_seen_at >= $1::bigint ORDER BY name;

-- name: workers_held
SELECT l.worker, count(*)
FROM leases l
CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS e(id, epoch)
CROSS JOIN LATERAL (SELECT epoch, status FROM job_state WHERE id = e.id OFFSET 0) s
WHERE s.epoch = e.epoch AND s.status IN ('pending', 'retrying')
GROUP BY l.worker;

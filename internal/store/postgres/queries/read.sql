-- name: workflow
SELECT id, name, description, status, reason, failure_policy, failing, priority, metadata, run, trace_id,
    correlation_id, total, completed, failed, dead, timed_out, upstream_failed, cancelled, skipped,
    created_at, started_at, finished_at, user_paused, undecided, unforgiven, health_check_interval, timeout, deadline_at, rules,
    parent_job_id, (SELECT j.workflow_id FROM jobs j WHERE j.id = workflows.parent_job_id)
FROM workflows WHERE id = $1::uuid AND hidden = '';

-- name: workflow_status
SELECT status FROM workflows WHERE id = $1::uuid AND hidden = '';

-- name: workflow_activity
-- Held, retrying and not held, and suspended jobs, of those in the positions
-- from $2 to before $3.
WITH held AS MATERIALIZED (
    SELECT e.id, e.epoch FROM leases l CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS e(id, epoch)
)
SELECT
    count(*) FILTER (WHERE h.id IS NOT NULL AND s.status IN ('pending', 'retrying')),
    count(*) FILTER (WHERE h.id IS NULL AND s.status = 'retrying'),
    count(*) FILTER (WHERE s.status = 'suspended')
FROM (SELECT id FROM jobs WHERE workflow_id = $1::uuid AND position >= $2::int AND position < $3::int OFFSET 0) j
CROSS JOIN LATERAL (SELECT epoch, status FROM job_state WHERE id = j.id OFFSET 0) s
LEFT JOIN held h ON h.id = j.id AND h.epoch = s.epoch
WHERE s.status IN ('pending', 'retrying', 'suspended');

-- name: open_workflow
SELECT id FROM workflows WHERE digest = $1::text AND finished_at IS NULL AND hidden = '' AND parent_job_id IS NULL ORDER BY created_at DESC, id DESC LIMIT 1;

-- name: other_open_workflow
(SELECT name FROM workflows WHERE digest > $1::text AND finished_at IS NULL AND hidden = '' AND parent_job_id IS NULL ORDER BY digest LIMIT 1)
UNION ALL
(SELECT name FROM workflows WHERE digest < $1::text AND finished_at IS NULL AND hidden = '' AND parent_job_id IS NULL ORDER BY digest LIMIT 1)
LIMIT 1;

-- name: workflow_jobs
-- The next $3 after position $2.
WITH held AS MATERIALIZED (
    SELECT e.id, e.epoch, l.worker, l.claimed_at,
        CASE WHEN l.progress <> '' THEN l.progress::json ->> replace(e.id::text, '-', '') END AS progress
    FROM leases l CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS e(id, epoch)
)
SELECT j.position, j.id, j.workflow_id, coalesce(w.name, ''), j.name, j.queue, j.payload, j.depends_on, s.status, s.dependency_status, s.reason,
    s.cause_job_id, s.error, s.result, s.priority, j.priority, s.attempts, j.max_attempts, j.timeout, j.retry, s.epoch, s.worker, h.worker,
    h.claimed_at, h.progress, j.trace_id, j.correlation_id, j.barrier, j.created_at, s.scheduled_at, s.started_at, s.finished_at,
    s.decision, s.run, s.earlier, j.rules
FROM (SELECT * FROM jobs WHERE workflow_id = $1::uuid AND position > $2::int ORDER BY position LIMIT $3::int) j
CROSS JOIN LATERAL (SELECT * FROM job_state WHERE id = j.id OFFSET 0) s
LEFT JOIN LATERAL (SELECT name, hidden FROM workflows WHERE id = j.workflow_id OFFSET 0) w ON true
LEFT JOIN held h ON h.id = j.id AND h.epoch = s.epoch
WHERE w.hidden = ''
ORDER BY j.position;

-- name: job
WITH held AS MATERIALIZED (
    SELECT e.id, e.epoch, l.worker, l.claimed_at,
        CASE WHEN l.progress <> '' THEN l.progress::json ->> replace(e.id::text, '-', '') END AS progress
    FROM leases l CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS e(id, epoch)
)
SELECT j.id, j.workflow_id, coalesce(w.name, ''), j.name, j.queue, j.payload, j.depends_on, s.status, s.dependency_status, s.reason,
    s.cause_job_id, s.error, s.result, s.priority, j.priority, s.attempts, j.max_attempts, j.timeout, j.retry, s.epoch, s.worker, h.worker,
    h.claimed_at, h.progress, j.trace_id, j.correlation_id, j.barrier, j.created_at, s.scheduled_at, s.started_at, s.finished_at,
    s.decision, s.run, s.earlier, j.rules
FROM (SELECT * FROM jobs WHERE id = $1::uuid OFFSET 0) j
CROSS JOIN LATERAL (SELECT * FROM job_state WHERE id = j.id OFFSET 0) s
LEFT JOIN LATERAL (SELECT name, hidden FROM workflows WHERE id = j.workflow_id OFFSET 0) w ON true
LEFT JOIN held h ON h.id = j.id AND h.epoch = s.epoch
WHERE coalesce(w.hidden, '') = '';

-- name: job_attempts
SELECT epoch, attempt, lease_id, worker, outcome, error, started_at, finished_at
FROM attempts WHERE job_id = $1::uuid ORDER BY epoch;

-- name: job_names
SELECT j.id, j.name
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT id, name, workflow_id FROM jobs WHERE id = x.id OFFSET 0) j
WHERE j.workflow_id = $2;

-- name: job_ids
SELECT name, id FROM jobs WHERE workflow_id = $2 AND name = ANY($1::text[]);

-- name: edges_into
SELECT e.parent_id, e.child_id, e."on", e.optional, e.state, s.join_rule, s.quorum,
    coalesce((SELECT true FROM spawned b WHERE b.spawner_id = e.parent_id AND b.job_id = e.child_id), false) -- EXISTS would be hashed
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT join_rule, quorum FROM job_state WHERE id = x.id OFFSET 0) s
CROSS JOIN LATERAL (SELECT * FROM edges WHERE child_id = x.id OFFSET 0) e;

-- name: list_workflows
-- From ?1 down to ?2.
SELECT id, name, description, status, reason, failure_policy, failing, priority, metadata, run, trace_id,
    correlation_id, total, completed, failed, dead, timed_out, upstream_failed, cancelled, skipped,
    created_at, started_at, finished_at, user_paused, undecided, unforgiven, health_check_interval, timeout, deadline_at, rules,
    parent_job_id, (SELECT j.workflow_id FROM hw_jobs j WHERE j.id = hw_workflows.parent_job_id)
FROM hw_workflows FORCE INDEX (PRIMARY)
WHERE id < UNHEX(?1) AND id >= UNHEX(?2) AND (?4 = '' OR status = ?4) AND (?5 = '' OR name = CAST(?5 AS BINARY)) AND hidden = '' AND created_at >= ?6
    AND (?7 = 1 OR parent_job_id IS NULL)
ORDER BY id DESC
LIMIT ?3;

-- name: list_child_workflows
-- Those that a job is made of, from ?1 down to ?2.
SELECT id, name, description, status, reason, failure_policy, failing, priority, metadata, run, trace_id,
    correlation_id, total, completed, failed, dead, timed_out, upstream_failed, cancelled, skipped,
    created_at, started_at, finished_at, user_paused, undecided, unforgiven, health_check_interval, timeout, deadline_at, rules,
    parent_job_id, (SELECT j.workflow_id FROM hw_jobs j WHERE j.id = hw_workflows.parent_job_id)
FROM hw_workflows FORCE INDEX (hw_workflows_parent)
WHERE parent_job_id = UNHEX(?7) AND id < UNHEX(?1) AND id >= UNHEX(?2) AND (?4 = '' OR status = ?4) AND (?5 = '' OR name = CAST(?5 AS BINARY)) AND hidden = '' AND created_at >= ?6
ORDER BY id DESC
LIMIT ?3;

-- name: last_workflow_looked_at
SELECT id FROM hw_workflows FORCE INDEX (PRIMARY) WHERE id < UNHEX(?1) AND id >= UNHEX(?3) ORDER BY id DESC LIMIT ?2, 1;

-- name: workflows_held
-- How many jobs of each workflow are held.
SELECT j.workflow_id, COUNT(*)
FROM hw_leases l
STRAIGHT_JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(e.id)
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = s.id
STRAIGHT_JOIN (SELECT UNHEX(i.id) AS id FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i LIMIT 18446744073709551615) k ON k.id = j.workflow_id
WHERE s.epoch = e.epoch AND s.status IN ('pending', 'retrying')
GROUP BY j.workflow_id;

-- name: workflows_waiting
-- How many jobs of each workflow are retrying and not held, and suspended,
-- among ?2 of its jobs.
SELECT looked.workflow_id, SUM(s.status = 'retrying' AND h.id IS NULL), SUM(s.status = 'suspended')
FROM (
    SELECT j.id, j.workflow_id
    FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
    STRAIGHT_JOIN hw_jobs j FORCE INDEX (hw_jobs_workflow) ON j.workflow_id = UNHEX(i.id)
    LIMIT ?2) looked
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = looked.id
LEFT JOIN (
    SELECT UNHEX(e.id) AS id, e.epoch
    FROM hw_leases l
    STRAIGHT_JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e
    LIMIT 18446744073709551615) h ON h.id = s.id AND h.epoch = s.epoch
WHERE s.status IN ('retrying', 'suspended')
GROUP BY looked.workflow_id;

-- name: list_jobs
-- From ?1 down to ?2.
SELECT j.id, j.workflow_id, COALESCE(w.name, ''), j.name, j.queue, j.depends_on, s.status, s.dependency_status, s.reason,
    s.cause_job_id, s.error, s.priority, j.priority, s.attempts, j.max_attempts, s.epoch, s.worker, h.worker,
    h.claimed_at, h.progress, j.trace_id, j.correlation_id, j.barrier, j.created_at, s.scheduled_at, s.started_at, s.finished_at,
    s.decision, s.run, s.earlier, j.rules
FROM hw_jobs j FORCE INDEX (PRIMARY)
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = j.id
LEFT JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = j.workflow_id
LEFT JOIN (
    SELECT UNHEX(e.id) AS id, e.epoch, l.worker, l.claimed_at,
        CASE WHEN l.progress <> '' THEN JSON_EXTRACT(l.progress, CONCAT('$."', e.id, '"')) END AS progress
    FROM hw_leases l
    STRAIGHT_JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e
    LIMIT 18446744073709551615) h ON h.id = s.id AND h.epoch = s.epoch
WHERE j.id < UNHEX(?1) AND j.id >= UNHEX(?2) AND (?4 = '' OR j.queue = ?4)
    AND (?5 = '' OR ?5 = CASE WHEN h.id IS NOT NULL AND s.status IN ('pending', 'retrying') THEN 'running' ELSE s.status END)
    AND (?6 = '' OR s.dependency_status = ?6)
    AND (?7 < 0 OR s.priority = ?7)
    AND COALESCE(w.hidden, '') = '' AND j.created_at >= ?8
ORDER BY j.id DESC
LIMIT ?3;

-- name: last_job_looked_at
SELECT id FROM hw_jobs FORCE INDEX (PRIMARY) WHERE id < UNHEX(?1) AND id >= UNHEX(?3) ORDER BY id DESC LIMIT ?2, 1;

-- name: job_position
SELECT position FROM hw_jobs WHERE id = UNHEX(?1) AND workflow_id = UNHEX(?2);

-- name: list_workflow_jobs
-- From position ?1 down to ?2.
SELECT j.id, j.workflow_id, COALESCE(w.name, ''), j.name, j.queue, j.depends_on, s.status, s.dependency_status, s.reason,
    s.cause_job_id, s.error, s.priority, j.priority, s.attempts, j.max_attempts, s.epoch, s.worker, h.worker,
    h.claimed_at, h.progress, j.trace_id, j.correlation_id, j.barrier, j.created_at, s.scheduled_at, s.started_at, s.finished_at,
    s.decision, s.run, s.earlier, j.rules
FROM hw_jobs j FORCE INDEX (hw_jobs_workflow)
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = j.id
LEFT JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = j.workflow_id
LEFT JOIN (
    SELECT UNHEX(e.id) AS id, e.epoch, l.worker, l.claimed_at,
        CASE WHEN l.progress <> '' THEN JSON_EXTRACT(l.progress, CONCAT('$."', e.id, '"')) END AS progress
    FROM hw_leases l
    STRAIGHT_JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e
    LIMIT 18446744073709551615) h ON h.id = s.id AND h.epoch = s.epoch
WHERE j.workflow_id = UNHEX(?9) AND j.position < ?1 AND j.position >= ?2 AND (?4 = '' OR j.queue = ?4)
    AND (?5 = '' OR ?5 = CASE WHEN h.id IS NOT NULL AND s.status IN ('pending', 'retrying') THEN 'running' ELSE s.status END)
    AND (?6 = '' OR s.dependency_status = ?6)
    AND (?7 < 0 OR s.priority = ?7)
    AND COALESCE(w.hidden, '') = '' AND j.created_at >= ?8
ORDER BY j.position DESC
LIMIT ?3;

-- name: last_workflow_job_looked_at
SELECT id, position FROM hw_jobs FORCE INDEX (hw_jobs_workflow)
WHERE workflow_id = UNHEX(?3) AND position < ?1 ORDER BY position DESC LIMIT ?2, 1;

-- name: job_exists
SELECT 1 FROM hw_jobs j LEFT JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = j.workflow_id WHERE j.id = UNHEX(?1) AND COALESCE(w.hidden, '') = '';

-- name: job_parents
SELECT j.id, j.workflow_id, j.name, j.queue, s.status, h.id, x.`on`, x.optional, x.state
FROM (SELECT parent_id AS id, `on`, optional, state FROM hw_edges FORCE INDEX (hw_edges_child) WHERE child_id = UNHEX(?1) ORDER BY parent_id LIMIT ?2) x
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = x.id
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = x.id
LEFT JOIN (
    SELECT UNHEX(e.id) AS id, e.epoch
    FROM hw_leases l
    STRAIGHT_JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e
    LIMIT 18446744073709551615) h ON h.id = s.id AND h.epoch = s.epoch
ORDER BY j.id;

-- name: job_children
SELECT j.id, j.workflow_id, j.name, j.queue, s.status, h.id, x.`on`, x.optional, x.state
FROM (SELECT child_id AS id, `on`, optional, state FROM hw_edges FORCE INDEX (PRIMARY) WHERE parent_id = UNHEX(?1) ORDER BY child_id LIMIT ?2) x
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = x.id
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = x.id
LEFT JOIN (
    SELECT UNHEX(e.id) AS id, e.epoch
    FROM hw_leases l
    STRAIGHT_JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e
    LIMIT 18446744073709551615) h ON h.id = s.id AND h.epoch = s.epoch
ORDER BY j.id;

-- name: queue_ready
-- Counts ?1 of a queue at most, see next_ready_queue.
SELECT @hammerwork_queue, COUNT(*) FROM (SELECT 1 FROM hw_ready FORCE INDEX (PRIMARY) WHERE queue = @hammerwork_queue LIMIT ?1) counted;

-- name: queues_set
-- Those that are paused or have weights.
SELECT name, paused_at, weights FROM hw_queues WHERE paused_at IS NOT NULL OR weights <> '';

-- name: queues_held
SELECT j.queue, COUNT(*)
FROM hw_leases l
STRAIGHT_JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(e.id)
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = s.id
WHERE s.epoch = e.epoch AND s.status IN ('pending', 'retrying')
GROUP BY j.queue;

-- name: workers_seen
SELECT name, queues, slots, draining, first_seen_at, last_seen_at FROM hw_workers WHERE last_seen_at >= ?1 ORDER BY name;

-- name: workers_held
SELECT l.worker, COUNT(*)
FROM hw_leases l
STRAIGHT_JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(e.id)
WHERE s.epoch = e.epoch AND s.status IN ('pending', 'retrying')
GROUP BY l.worker;

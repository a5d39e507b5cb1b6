-- name: lock_workflows
SELECT id, name, status, reason, failure_policy, failing, user_paused, undecided, unforgiven,
    finally_begun, cancel_finally, rules, total, completed, failed, dead, timed_out, upstream_failed, cancelled, skipped,
    parent_job_id, in_flight, next_position
FROM workflows
WHERE id IN (SELECT unhex(value) FROM json_each(?1)) AND hidden = ''
ORDER BY id;

-- name: lock_workflows_of_jobs
SELECT id, name, status, reason, failure_policy, failing, user_paused, undecided, unforgiven,
    finally_begun, cancel_finally, rules, total, completed, failed, dead, timed_out, upstream_failed, cancelled, skipped,
    parent_job_id, in_flight, next_position
FROM workflows
WHERE id IN (SELECT workflow_id FROM jobs WHERE id IN (SELECT unhex(value) FROM json_each(?1))) AND hidden = ''
ORDER BY id;

-- name: lock_jobs_and_children
-- The jobs ?1 and their children in the same workflow, or, for jobs without
-- one, their children without one: those behind ?2 edges at most.
SELECT s.id, j.workflow_id, j.name, j.queue, j.retry, s.status, s.dependency_status, s.epoch, s.attempts, s.give_backs,
    s.priority, s.join_rule, s.quorum, s.unresolved, s.active, s.inactive, s.broken, s.scheduled_at, s.lease_id, s.cause_job_id,
    s.cancelling, s.reason, s.spared, s.decision, s.earlier, j.barrier, j.rules
FROM job_state s
JOIN jobs j ON j.id = s.id
WHERE s.id IN (
    SELECT unhex(value) FROM json_each(?1)
    UNION
    SELECT child_id FROM (
        SELECT e.child_id
        FROM json_each(?1) x
        CROSS JOIN jobs p ON p.id = unhex(x.value)
        CROSS JOIN edges e ON e.parent_id = p.id
        CROSS JOIN jobs c ON c.id = e.child_id
        WHERE c.workflow_id IS p.workflow_id
        LIMIT ?2))
ORDER BY s.id;

-- name: lock_descendants
-- All jobs that can be reached from ?1 within a workflow, or among jobs without
-- one, the nearest ?2 at most. Jobs that have ended are reached, but nothing
-- behind them.
WITH RECURSIVE reached(id, workflow_id, open) AS (
    SELECT id, workflow_id, 1 FROM jobs WHERE id IN (SELECT unhex(value) FROM json_each(?1))
    UNION
    SELECT c.id, c.workflow_id, cs.status IN ('pending', 'retrying', 'suspended')
    FROM reached r
    CROSS JOIN edges e ON e.parent_id = r.id
    CROSS JOIN jobs c ON c.id = e.child_id
    CROSS JOIN job_state cs ON cs.id = c.id
    WHERE r.open AND c.workflow_id IS r.workflow_id
    LIMIT ?2
)
SELECT s.id, j.workflow_id, j.name, j.queue, j.retry, s.status, s.dependency_status, s.epoch, s.attempts, s.give_backs,
    s.priority, s.join_rule, s.quorum, s.unresolved, s.active, s.inactive, s.broken, s.scheduled_at, s.lease_id, s.cause_job_id,
    s.cancelling, s.reason, s.spared, s.decision, s.earlier, j.barrier, j.rules
FROM job_state s
JOIN jobs j ON j.id = s.id
WHERE s.id IN (SELECT id FROM reached)
ORDER BY s.id;

-- name: lock_open_jobs
-- The jobs of workflow ?1 that have not ended or wait for a decision, or all
-- (?4), of those in the positions from ?2 to before ?3.
SELECT s.id, j.workflow_id, j.name, j.queue, j.retry, s.status, s.dependency_status, s.epoch, s.attempts, s.give_backs,
    s.priority, s.join_rule, s.quorum, s.unresolved, s.active, s.inactive, s.broken, s.scheduled_at, s.lease_id, s.cause_job_id,
    s.cancelling, s.reason, s.spared, s.decision, s.earlier, j.barrier, j.rules
FROM jobs j
CROSS JOIN job_state s ON s.id = j.id
WHERE j.workflow_id = ?1 AND j.position >= ?2 AND j.position < ?3
    AND (?4 OR s.status IN ('pending', 'retrying', 'suspended') OR s.decision = 'open')
ORDER BY s.id;

-- name: lock_more_jobs
SELECT s.id, j.workflow_id, j.name, j.queue, j.retry, s.status, s.dependency_status, s.epoch, s.attempts, s.give_backs,
    s.priority, s.join_rule, s.quorum, s.unresolved, s.active, s.inactive, s.broken, s.scheduled_at, s.lease_id, s.cause_job_id,
    s.cancelling, s.reason, s.spared, s.decision, s.earlier, j.barrier, j.rules
FROM job_state s
JOIN jobs j ON j.id = s.id
WHERE s.id IN (SELECT unhex(value) FROM json_each(?1))
ORDER BY s.id;

-- name: edges_from
-- Any ?2 of them, if there are more; ?3: also those that are resolved.
SELECT e.parent_id, e.child_id, e."on", e.optional, e.state, c.workflow_id
FROM json_each(?1) x
CROSS JOIN edges e ON e.parent_id = unhex(x.value)
CROSS JOIN jobs c ON c.id = e.child_id
WHERE (?3 OR e.state = 'unresolved')
LIMIT ?2;

-- name: edges_of
-- The next ?3 of one job, by child; ?4: also those that are resolved.
SELECT e.parent_id, e.child_id, e."on", e.optional, e.state, c.workflow_id
FROM (
    SELECT * FROM edges WHERE parent_id = ?1 AND child_id > ?2 AND (?4 OR state = 'unresolved') ORDER BY child_id LIMIT ?3) e
CROSS JOIN jobs c ON c.id = e.child_id
ORDER BY e.child_id;

-- name: take_ready
-- Takes back what nobody has claimed; who is missing in the answer is held.
DELETE FROM ready
WHERE (queue, rank, scheduled_at, id) IN (
    SELECT j.queue, 4 - s.priority, s.scheduled_at, s.id
    FROM json_each(?1) x
    CROSS JOIN job_state s ON s.id = unhex(x.value)
    CROSS JOIN jobs j ON j.id = s.id)
RETURNING id;

-- name: take_timers
DELETE FROM timers
WHERE (due_at, kind, id) IN (
    SELECT s.scheduled_at, 'job', s.id
    FROM json_each(?1) x
    JOIN job_state s ON s.id = unhex(x.value))
RETURNING id;

-- name: end_jobs
UPDATE job_state SET
    status = c.status, dependency_status = c.dependency_status, reason = c.reason,
    error = iif(c.error = '' AND c.status <> 'completed', job_state.error, c.error), -- keeps the last attempt's
    cause_job_id = c.cause, attempts = c.attempts, give_backs = 0, unresolved = c.unresolved, active = c.active,
    inactive = c.inactive, broken = c.broken, started_at = iif(job_state.status = 'suspended', job_state.started_at, c.started_at), finished_at = ?2, lease_id = c.lease,
    worker = c.worker, result = c.result, decision = c.decision, spared = c.spared
FROM (
    SELECT unhex(value ->> 'id') AS id, value ->> 'epoch' AS epoch, value ->> 'status' AS status,
        value ->> 'dependency_status' AS dependency_status, value ->> 'reason' AS reason, value ->> 'error' AS error,
        unhex(value ->> 'cause') AS cause, value ->> 'attempts' AS attempts, value ->> 'unresolved' AS unresolved,
        value ->> 'active' AS active, value ->> 'inactive' AS inactive, value ->> 'broken' AS broken,
        value ->> 'started_at' AS started_at, unhex(value ->> 'lease') AS lease, value ->> 'worker' AS worker,
        CAST(value ->> 'result' AS BLOB) AS result, value ->> 'decision' AS decision, value ->> 'spared' AS spared
    FROM json_each(?1)) AS c
WHERE job_state.id = c.id AND job_state.epoch = c.epoch AND job_state.status IN ('pending', 'retrying', 'suspended');

-- name: requeue_jobs
-- A claim ended without a terminal outcome: the epoch moves on.
UPDATE job_state SET
    status = c.status, attempts = c.attempts, give_backs = c.give_backs, epoch = job_state.epoch + 1,
    scheduled_at = c.scheduled_at, error = c.error
FROM (
    SELECT unhex(value ->> 'id') AS id, value ->> 'epoch' AS epoch, value ->> 'status' AS status,
        value ->> 'attempts' AS attempts, value ->> 'give_backs' AS give_backs,
        value ->> 'scheduled_at' AS scheduled_at, value ->> 'error' AS error
    FROM json_each(?1)) AS c
WHERE job_state.id = c.id AND job_state.epoch = c.epoch AND job_state.status IN ('pending', 'retrying');

-- name: count_jobs
UPDATE job_state SET
    dependency_status = c.dependency_status, unresolved = c.unresolved, active = c.active, inactive = c.inactive,
    broken = c.broken, cause_job_id = c.cause, spared = c.spared
FROM (
    SELECT unhex(value ->> 'id') AS id, value ->> 'dependency_status' AS dependency_status,
        value ->> 'unresolved' AS unresolved, value ->> 'active' AS active, value ->> 'inactive' AS inactive,
        value ->> 'broken' AS broken, unhex(value ->> 'cause') AS cause, value ->> 'spared' AS spared
    FROM json_each(?1)) AS c
WHERE job_state.id = c.id;

-- name: insert_attempts
INSERT INTO attempts (job_id, epoch, attempt, lease_id, worker, outcome, error, started_at, finished_at)
SELECT unhex(value ->> 'id'), value ->> 'epoch', value ->> 'attempt', unhex(value ->> 'lease'), value ->> 'worker',
    value ->> 'outcome', value ->> 'error', value ->> 'started_at', ?2
FROM json_each(?1) WHERE true
ON CONFLICT DO NOTHING;

-- name: resolve_edges
UPDATE edges SET state = c.state
FROM (
    SELECT unhex(value ->> 'parent') AS parent, unhex(value ->> 'child') AS child, value ->> 'state' AS state
    FROM json_each(?1)) AS c
WHERE edges.parent_id = c.parent AND edges.child_id = c.child AND edges.state = 'unresolved';

-- name: update_workflows
UPDATE workflows SET
    status = c.status, reason = c.reason, failing = c.failing, user_paused = c.user_paused,
    undecided = c.undecided, unforgiven = c.unforgiven, finally_begun = c.finally_begun,
    cancel_finally = c.cancel_finally, completed = c.completed, failed = c.failed,
    dead = c.dead, timed_out = c.timed_out, upstream_failed = c.upstream_failed, cancelled = c.cancelled,
    skipped = c.skipped, in_flight = c.in_flight, next_position = c.next_position,
    finished_at = iif(c.ended, ?2, NULL), moved_at = ?2
FROM (
    SELECT unhex(value ->> 'id') AS id, value ->> 'status' AS status, value ->> 'reason' AS reason,
        value ->> 'failing' AS failing, value ->> 'user_paused' AS user_paused,
        value ->> 'undecided' AS undecided, value ->> 'unforgiven' AS unforgiven,
        value ->> 'finally_begun' AS finally_begun, value ->> 'cancel_finally' AS cancel_finally, value ->> 'completed' AS completed, value ->> 'failed' AS failed,
        value ->> 'dead' AS dead, value ->> 'timed_out' AS timed_out, value ->> 'upstream_failed' AS upstream_failed,
        value ->> 'cancelled' AS cancelled, value ->> 'skipped' AS skipped, value ->> 'ended' AS ended,
        value ->> 'in_flight' AS in_flight, value ->> 'next_position' AS next_position
    FROM json_each(?1)) AS c
WHERE workflows.id = c.id AND workflows.finished_at IS NULL;

-- name: held_by
-- Who holds these jobs.
SELECT unhex(e.value ->> 0), e.value ->> 1, l.id, l.worker, l.claimed_at
FROM leases l, json_each(l.jobs) e
WHERE e.value ->> 0 IN (SELECT value FROM json_each(?1));

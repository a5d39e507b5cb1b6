-- How these statements are written, so that a plan made when a table was empty
-- or when its statistics were old stays right:
--
--   - What is looked up by id is a LATERAL subquery that cannot be flattened
--     (OFFSET 0 or FOR UPDATE): a lookup in the index for each id, in the order of
--     the ids, whatever the planner believes.
--   - What is changed is bound to the ids of the batch (= ANY) and to their rows;
--     a status is asked in a way that statistics say nothing about (|| '').
--   - A guarded statement ends in hammerwork_changed, which fails the whole
--     transaction on its way to the commit.

-- name: lock_workflows
SELECT w.id, w.name, w.status, w.reason, w.failure_policy, w.failing, w.user_paused, w.undecided, w.unforgiven,
    w.finally_begun, w.cancel_finally, w.rules, w.total, w.completed, w.failed, w.dead, w.timed_out, w.upstream_failed, w.cancelled, w.skipped,
    w.parent_job_id, w.in_flight, w.next_position
FROM (SELECT DISTINCT id FROM unnest($1::uuid[]) x(id) ORDER BY id) x
CROSS JOIN LATERAL (SELECT * FROM workflows WHERE id = x.id AND hidden = '' FOR UPDATE) w;

-- name: lock_workflows_of_jobs
SELECT w.id, w.name, w.status, w.reason, w.failure_policy, w.failing, w.user_paused, w.undecided, w.unforgiven,
    w.finally_begun, w.cancel_finally, w.rules, w.total, w.completed, w.failed, w.dead, w.timed_out, w.upstream_failed, w.cancelled, w.skipped,
    w.parent_job_id, w.in_flight, w.next_position
FROM (
    SELECT DISTINCT j.workflow_id AS id
    FROM unnest($1::uuid[]) x(id)
    CROSS JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = x.id OFFSET 0) j
    WHERE j.workflow_id IS NOT NULL
    ORDER BY id) x
CROSS JOIN LATERAL (SELECT * FROM workflows WHERE id = x.id AND hidden = '' FOR UPDATE) w;

-- name: lock_jobs_and_children
-- The jobs $1 and their children in the same workflow, or, for jobs without
-- one, their children without one: those behind $2 edges at most.
SELECT s.id, j.workflow_id, j.name, j.queue, j.retry, s.status, s.dependency_status, s.epoch, s.attempts, s.give_backs,
    s.priority, s.join_rule, s.quorum, s.unresolved, s.active, s.inactive, s.broken, s.scheduled_at, s.lease_id, s.cause_job_id,
    s.cancelling, s.reason, s.spared, s.decision, s.earlier, j.barrier, j.rules
FROM (
    SELECT id FROM unnest($1::uuid[]) x(id)
    UNION
    (SELECT e.child_id
    FROM unnest($1::uuid[]) x(id)
    CROSS JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = x.id OFFSET 0) p
    CROSS JOIN LATERAL (SELECT child_id FROM edges WHERE parent_id = x.id OFFSET 0) e
    CROSS JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = e.child_id OFFSET 0) c
    WHERE c.workflow_id IS NOT DISTINCT FROM p.workflow_id
    LIMIT $2::int)
    ORDER BY id) x
CROSS JOIN LATERAL (SELECT * FROM job_state WHERE id = x.id FOR UPDATE) s
CROSS JOIN LATERAL (SELECT workflow_id, name, queue, retry, barrier, rules FROM jobs WHERE id = x.id OFFSET 0) j;

-- name: lock_descendants
-- All jobs that can be reached from $1 within a workflow, or among jobs without
-- one, $2 at most. Jobs that have ended are reached, but nothing behind them.
-- The transaction holds locks of jobs already, and who waited for more of them
-- out of order could deadlock: it does not wait (NOWAIT), it runs again.
WITH RECURSIVE reached(id, workflow_id, open) AS (
    SELECT x.id, j.workflow_id, true
    FROM unnest($1::uuid[]) x(id)
    CROSS JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = x.id OFFSET 0) j
    UNION
    SELECT e.child_id, c.workflow_id, cs.status IN ('pending', 'retrying', 'suspended')
    FROM reached r
    CROSS JOIN LATERAL (SELECT child_id FROM edges WHERE parent_id = r.id OFFSET 0) e
    CROSS JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = e.child_id OFFSET 0) c
    CROSS JOIN LATERAL (SELECT status FROM job_state WHERE id = e.child_id OFFSET 0) cs
    WHERE r.open AND c.workflow_id IS NOT DISTINCT FROM r.workflow_id
)
SELECT s.id, j.workflow_id, j.name, j.queue, j.retry, s.status, s.dependency_status, s.epoch, s.attempts, s.give_backs,
    s.priority, s.join_rule, s.quorum, s.unresolved, s.active, s.inactive, s.broken, s.scheduled_at, s.lease_id, s.cause_job_id,
    s.cancelling, s.reason, s.spared, s.decision, s.earlier, j.barrier, j.rules
FROM (SELECT DISTINCT id FROM (SELECT id FROM reached LIMIT $2::int) r ORDER BY id) x
CROSS JOIN LATERAL (SELECT * FROM job_state WHERE id = x.id FOR UPDATE NOWAIT) s
CROSS JOIN LATERAL (SELECT workflow_id, name, queue, retry, barrier, rules FROM jobs WHERE id = x.id OFFSET 0) j;

-- name: lock_open_jobs
-- The jobs of workflow $1 that have not ended or wait for a decision, or all
-- ($4), of those in the positions from $2 to before $3. It does not wait, as
-- lock_descendants.
SELECT s.id, j.workflow_id, j.name, j.queue, j.retry, s.status, s.dependency_status, s.epoch, s.attempts, s.give_backs,
    s.priority, s.join_rule, s.quorum, s.unresolved, s.active, s.inactive, s.broken, s.scheduled_at, s.lease_id, s.cause_job_id,
    s.cancelling, s.reason, s.spared, s.decision, s.earlier, j.barrier, j.rules
FROM (
    SELECT j.id
    FROM (SELECT id FROM jobs WHERE workflow_id = $1::uuid AND position >= $2::int AND position < $3::int OFFSET 0) j
    CROSS JOIN LATERAL (SELECT status, decision FROM job_state WHERE id = j.id OFFSET 0) s
    WHERE $4::int = 1 OR s.status IN ('pending', 'retrying', 'suspended') OR s.decision = 'open'
    ORDER BY id) x
CROSS JOIN LATERAL (SELECT * FROM job_state WHERE id = x.id FOR UPDATE NOWAIT) s
CROSS JOIN LATERAL (SELECT workflow_id, name, queue, retry, barrier, rules FROM jobs WHERE id = x.id OFFSET 0) j;

-- name: lock_more_jobs
-- It does not wait, as lock_descendants.
SELECT s.id, j.workflow_id, j.name, j.queue, j.retry, s.status, s.dependency_status, s.epoch, s.attempts, s.give_backs,
    s.priority, s.join_rule, s.quorum, s.unresolved, s.active, s.inactive, s.broken, s.scheduled_at, s.lease_id, s.cause_job_id,
    s.cancelling, s.reason, s.spared, s.decision, s.earlier, j.barrier, j.rules
FROM (SELECT DISTINCT id FROM unnest($1::uuid[]) x(id) ORDER BY id) x
CROSS JOIN LATERAL (SELECT * FROM job_state WHERE id = x.id FOR UPDATE NOWAIT) s
CROSS JOIN LATERAL (SELECT workflow_id, name, queue, retry, barrier, rules FROM jobs WHERE id = x.id OFFSET 0) j;

-- name: edges_from
-- Any $2 of them, if there are more, each time the same; $3: also those that are resolved.
SELECT x.id, e.child_id, e."on", e.optional, e.state, c.workflow_id
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (
    SELECT * FROM edges WHERE parent_id = x.id AND ($3::int = 1 OR state = 'unresolved') ORDER BY child_id LIMIT $2::int) e
CROSS JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = e.child_id OFFSET 0) c
LIMIT $2::int;

-- name: edges_of
-- The next $3 of one job, by child; $4: also those that are resolved.
SELECT e.parent_id, e.child_id, e."on", e.optional, e.state, c.workflow_id
FROM (
    SELECT * FROM edges
    WHERE parent_id = $1::uuid AND child_id > $2::uuid AND ($4::int = 1 OR state = 'unresolved')
    ORDER BY child_id LIMIT $3::int) e
CROSS JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = e.child_id OFFSET 0) c
ORDER BY e.child_id;

-- name: take_ready
-- Takes back what nobody has claimed; who is missing in the answer is held.
DELETE FROM ready
WHERE ctid = ANY (ARRAY(
    SELECT r.ctid
    FROM unnest($1::uuid[]) x(id)
    CROSS JOIN LATERAL (SELECT priority, scheduled_at FROM job_state WHERE id = x.id OFFSET 0) s
    CROSS JOIN LATERAL (SELECT queue FROM jobs WHERE id = x.id OFFSET 0) j
    CROSS JOIN LATERAL (
        SELECT ctid FROM ready
        WHERE queue = j.queue AND rank = 4 - s.priority AND scheduled_at = s.scheduled_at AND id = x.id OFFSET 0) r))
RETURNING id;

-- name: take_timers
DELETE FROM timers
WHERE ctid = ANY (ARRAY(
    SELECT t.ctid
    FROM unnest($1::uuid[]) x(id)
    CROSS JOIN LATERAL (SELECT scheduled_at FROM job_state WHERE id = x.id OFFSET 0) s
    CROSS JOIN LATERAL (SELECT ctid FROM timers WHERE due_at = s.scheduled_at AND kind = 'job' AND id = x.id OFFSET 0) t))
RETURNING id;

-- name: end_jobs
WITH changed AS (
    UPDATE job_state s SET
        status = c.status, dependency_status = c.dependency_status, reason = c.reason,
        error = CASE WHEN c.error = '' AND c.status <> 'completed' THEN s.error ELSE c.error END, -- keeps the last attempt's
        cause_job_id = c.cause, attempts = c.attempts, give_backs = 0, unresolved = c.unresolved, active = c.active,
        inactive = c.inactive, broken = c.broken, started_at = CASE WHEN s.status = 'suspended' THEN s.started_at ELSE c.started_at END, finished_at = $19::bigint, lease_id = c.lease,
        worker = c.worker, result = c.result, decision = c.decision, spared = c.spared = 1
    FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::int[], $9::int[],
        $10::int[], $11::int[], $12::int[], $13::bigint[], $14::uuid[], $15::text[], $16::bytea[], $17::text[], $18::int[])
        AS c(id, epoch, status, dependency_status, reason, error, cause, attempts, unresolved,
            active, inactive, broken, started_at, lease, worker, result, decision, spared)
    WHERE s.id = ANY ($1::uuid[]) AND s.id = c.id AND s.epoch = c.epoch
        AND s.status || '' IN ('pending', 'retrying', 'suspended')
    RETURNING 1)
SELECT hammerwork_changed(count(*), $20::int) FROM changed;

-- name: requeue_jobs
-- A claim ended without a terminal outcome: the epoch moves on.
WITH changed AS (
    UPDATE job_state s SET
        status = c.status, attempts = c.attempts, give_backs = c.give_backs, epoch = s.epoch + 1,
        scheduled_at = c.scheduled_at, error = c.error
    FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::int[], $5::int[], $6::bigint[], $7::text[])
        AS c(id, epoch, status, attempts, give_backs, scheduled_at, error)
    WHERE s.id = ANY ($1::uuid[]) AND s.id = c.id AND s.epoch = c.epoch
        AND s.status || '' IN ('pending', 'retrying')
    RETURNING 1)
SELECT hammerwork_changed(count(*), $8::int) FROM changed;

-- name: count_jobs
WITH changed AS (
    UPDATE job_state s SET
        dependency_status = c.dependency_status, unresolved = c.unresolved, active = c.active, inactive = c.inactive,
        broken = c.broken, cause_job_id = c.cause, spared = c.spared = 1
    FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::int[], $7::uuid[], $8::int[])
        AS c(id, dependency_status, unresolved, active, inactive, broken, cause, spared)
    WHERE s.id = ANY ($1::uuid[]) AND s.id = c.id
    RETURNING 1)
SELECT hammerwork_changed(count(*), $9::int) FROM changed;

-- name: insert_attempts
INSERT INTO attempts (job_id, epoch, attempt, lease_id, worker, outcome, error, started_at, finished_at)
SELECT c.id, c.epoch, c.attempt, c.lease, c.worker, c.outcome, c.error, c.started_at, $9::bigint
FROM unnest($1::uuid[], $2::bigint[], $3::int[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::bigint[])
    AS c(id, epoch, attempt, lease, worker, outcome, error, started_at)
ON CONFLICT DO NOTHING;

-- name: resolve_edges
-- BETWEEN: the index of children must not look better than the one of both, or
-- each edge into a job of many parents reads all of the others.
-- By ctid: an earlier statement has locked both ends of each edge, and nobody
-- changes an edge without that, so that what this one sees is the newest there
-- is. Were it not, the count would be wrong and the transaction fail.
WITH changed AS (
    UPDATE edges SET state = found.state
    FROM (
        SELECT e.ctid AS place, c.state
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::text[]) AS c(parent, child, "on", optional, state)
        CROSS JOIN LATERAL (
            SELECT ctid FROM edges WHERE parent_id = c.parent AND child_id BETWEEN c.child AND c.child AND state = 'unresolved' OFFSET 0) e) AS found
    WHERE edges.ctid = found.place
    RETURNING 1)
SELECT hammerwork_changed(count(*), $6::int) FROM changed;

-- name: update_workflows
WITH changed AS (
    UPDATE workflows w SET
        status = c.status, reason = c.reason, failing = c.failing = 1, user_paused = c.user_paused = 1,
        undecided = c.undecided, unforgiven = c.unforgiven, finally_begun = c.finally_begun = 1,
        cancel_finally = c.cancel_finally = 1, completed = c.completed, failed = c.failed, dead = c.dead,
        timed_out = c.timed_out, upstream_failed = c.upstream_failed, cancelled = c.cancelled, skipped = c.skipped,
        in_flight = c.in_flight, next_position = c.next_position,
        finished_at = CASE WHEN c.ended = 1 THEN $20::bigint END, moved_at = $20::bigint
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[],
        $10::int[], $11::int[], $12::int[], $13::int[], $14::int[], $15::int[], $16::int[], $17::int[], $18::int[], $19::int[])
        AS c(id, status, reason, failing, user_paused, undecided, unforgiven, finally_begun, cancel_finally,
            completed, failed, dead, timed_out, upstream_failed, cancelled, skipped, ended, in_flight, next_position)
    WHERE w.id = ANY ($1::uuid[]) AND w.id = c.id AND coalesce(w.finished_at, 0) = 0 -- not the index of open ones
    RETURNING 1)
SELECT hammerwork_changed(count(*), $21::int) FROM changed;

-- name: held_by
-- Who holds these jobs.
SELECT e.id, e.epoch, l.id, l.worker, l.claimed_at
FROM leases l
CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS e(id, epoch)
WHERE e.id = ANY ($1::uuid[]);

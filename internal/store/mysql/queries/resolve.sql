-- How these statements are written, so that what they read does not depend on
-- what the server believes of its tables:
--
--   - STRAIGHT_JOIN: the list of a batch comes first, and what is looked up by id
--     is looked up once for each entry of it.
--   - A locking read locks rows of all of its tables but those of a subquery in
--     FROM. Such a subquery says which rows, in the order of their ids; its LIMIT
--     keeps the order and the subquery apart. What never changes is read in a
--     subquery in SELECT.
--   - Texts stay out of subqueries in FROM: what is put aside with one of them is
--     written to a file.
--   - What a guarded statement changed is counted before the transaction is
--     committed; a row that already was as it should be counts, too.

-- name: lock_workflows
SELECT w.id, w.name, w.status, w.reason, w.failure_policy, w.failing, w.user_paused, w.undecided, w.unforgiven,
    w.finally_begun, w.cancel_finally, w.rules, w.total, w.completed, w.failed, w.dead, w.timed_out, w.upstream_failed, w.cancelled, w.skipped,
    w.parent_job_id, w.in_flight, w.next_position
FROM (SELECT UNHEX(i.id) AS id FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i ORDER BY id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = x.id
WHERE w.hidden = ''
FOR UPDATE;

-- name: lock_workflows_of_jobs
SELECT w.id, w.name, w.status, w.reason, w.failure_policy, w.failing, w.user_paused, w.undecided, w.unforgiven,
    w.finally_begun, w.cancel_finally, w.rules, w.total, w.completed, w.failed, w.dead, w.timed_out, w.upstream_failed, w.cancelled, w.skipped,
    w.parent_job_id, w.in_flight, w.next_position
FROM (
    SELECT DISTINCT j.workflow_id AS id
    FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
    STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(i.id)
    WHERE j.workflow_id IS NOT NULL
    ORDER BY id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = x.id
WHERE w.hidden = ''
FOR UPDATE;

-- name: lock_jobs_and_children
-- The jobs ?1 and their children in the same workflow, or, for jobs without
-- one, their children without one: those behind ?2 edges at most.
SELECT s.id, (SELECT j.workflow_id FROM hw_jobs j WHERE j.id = s.id), (SELECT j.name FROM hw_jobs j WHERE j.id = s.id),
    (SELECT j.queue FROM hw_jobs j WHERE j.id = s.id), (SELECT j.retry FROM hw_jobs j WHERE j.id = s.id),
    s.status, s.dependency_status, s.epoch, s.attempts, s.give_backs, s.priority, s.join_rule,
    s.quorum, s.unresolved, s.active, s.inactive, s.broken, s.scheduled_at, s.lease_id, s.cause_job_id, s.cancelling,
    s.reason, s.spared, s.decision, s.earlier, (SELECT j.barrier FROM hw_jobs j WHERE j.id = s.id),
    (SELECT j.rules FROM hw_jobs j WHERE j.id = s.id)
FROM (
    SELECT id FROM (
        SELECT UNHEX(i.id) AS id FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
        UNION
        (SELECT e.child_id
        FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
        STRAIGHT_JOIN hw_jobs p FORCE INDEX (PRIMARY) ON p.id = UNHEX(i.id)
        STRAIGHT_JOIN hw_edges e FORCE INDEX (PRIMARY) ON e.parent_id = p.id
        STRAIGHT_JOIN hw_jobs c FORCE INDEX (PRIMARY) ON c.id = e.child_id
        WHERE c.workflow_id <=> p.workflow_id
        LIMIT ?2)) i
    ORDER BY id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = x.id
FOR UPDATE;

-- name: lock_descendants
-- All jobs that can be reached from ?1 in ?3 steps within a workflow, or among
-- jobs without one, the nearest ?2 at most. Jobs that have ended are reached, but
-- nothing behind them. The last column says how often a job was reached: once for
-- each length of the ways that lead to it. The transaction holds locks of jobs
-- already, and who waited for more of them out of order could deadlock: it does
-- not wait (NOWAIT), it runs again.
SELECT s.id, (SELECT j.workflow_id FROM hw_jobs j WHERE j.id = s.id), (SELECT j.name FROM hw_jobs j WHERE j.id = s.id),
    (SELECT j.queue FROM hw_jobs j WHERE j.id = s.id), (SELECT j.retry FROM hw_jobs j WHERE j.id = s.id),
    s.status, s.dependency_status, s.epoch, s.attempts, s.give_backs, s.priority, s.join_rule,
    s.quorum, s.unresolved, s.active, s.inactive, s.broken, s.scheduled_at, s.lease_id, s.cause_job_id, s.cancelling,
    s.reason, s.spared, s.decision, s.earlier, (SELECT j.barrier FROM hw_jobs j WHERE j.id = s.id),
    (SELECT j.rules FROM hw_jobs j WHERE j.id = s.id), x.times
FROM (
    SELECT id, times FROM (
        WITH RECURSIVE reached (id, workflow_id, open, step) AS (
            SELECT j.id, j.workflow_id, 1, 0
            FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
            STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(i.id)
            UNION
            SELECT c.id, c.workflow_id, cs.status IN ('pending', 'retrying', 'suspended'), r.step + 1
            FROM reached r
            STRAIGHT_JOIN hw_edges e FORCE INDEX (PRIMARY) ON e.parent_id = r.id
            STRAIGHT_JOIN hw_jobs c FORCE INDEX (PRIMARY) ON c.id = e.child_id
            STRAIGHT_JOIN hw_job_state cs FORCE INDEX (PRIMARY) ON cs.id = e.child_id
            WHERE r.open AND r.step < ?3 AND c.workflow_id <=> r.workflow_id
        )
        SELECT id, COUNT(*) AS times FROM reached GROUP BY id ORDER BY MIN(step) LIMIT ?2) i
    ORDER BY id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = x.id
FOR UPDATE NOWAIT;

-- name: lock_open_jobs
-- The jobs of workflow ?1 that have not ended or wait for a decision, or all
-- (?4), of those in the positions from ?2 to before ?3. It does not wait, as
-- lock_descendants.
SELECT s.id, (SELECT j.workflow_id FROM hw_jobs j WHERE j.id = s.id), (SELECT j.name FROM hw_jobs j WHERE j.id = s.id),
    (SELECT j.queue FROM hw_jobs j WHERE j.id = s.id), (SELECT j.retry FROM hw_jobs j WHERE j.id = s.id),
    s.status, s.dependency_status, s.epoch, s.attempts, s.give_backs, s.priority, s.join_rule,
    s.quorum, s.unresolved, s.active, s.inactive, s.broken, s.scheduled_at, s.lease_id, s.cause_job_id, s.cancelling,
    s.reason, s.spared, s.decision, s.earlier, (SELECT j.barrier FROM hw_jobs j WHERE j.id = s.id),
    (SELECT j.rules FROM hw_jobs j WHERE j.id = s.id)
FROM (
    SELECT j.id
    FROM hw_jobs j FORCE INDEX (hw_jobs_workflow)
    STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = j.id
    WHERE j.workflow_id = UNHEX(?1) AND j.position >= ?2 AND j.position < ?3
        AND (?4 = 1 OR s.status IN ('pending', 'retrying', 'suspended') OR s.decision = 'open')
    ORDER BY j.id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = x.id
FOR UPDATE NOWAIT;

-- name: lock_more_jobs
-- It does not wait, as lock_descendants.
SELECT s.id, (SELECT j.workflow_id FROM hw_jobs j WHERE j.id = s.id), (SELECT j.name FROM hw_jobs j WHERE j.id = s.id),
    (SELECT j.queue FROM hw_jobs j WHERE j.id = s.id), (SELECT j.retry FROM hw_jobs j WHERE j.id = s.id),
    s.status, s.dependency_status, s.epoch, s.attempts, s.give_backs, s.priority, s.join_rule,
    s.quorum, s.unresolved, s.active, s.inactive, s.broken, s.scheduled_at, s.lease_id, s.cause_job_id, s.cancelling,
    s.reason, s.spared, s.decision, s.earlier, (SELECT j.barrier FROM hw_jobs j WHERE j.id = s.id),
    (SELECT j.rules FROM hw_jobs j WHERE j.id = s.id)
FROM (SELECT UNHEX(i.id) AS id FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i ORDER BY id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = x.id
FOR UPDATE NOWAIT;

-- name: edges_from
-- Any ?2 of them, if there are more; ?3: also those that are resolved.
SELECT e.parent_id, e.child_id, e.`on`, e.optional, e.state, c.workflow_id
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_edges e FORCE INDEX (PRIMARY) ON e.parent_id = UNHEX(i.id)
STRAIGHT_JOIN hw_jobs c FORCE INDEX (PRIMARY) ON c.id = e.child_id
WHERE (?3 = 1 OR e.state = 'unresolved')
LIMIT ?2;

-- name: edges_of
-- The next ?3 of one job, by child; ?4: also those that are resolved.
SELECT e.parent_id, e.child_id, e.`on`, e.optional, e.state, c.workflow_id
FROM (
    SELECT parent_id, child_id, `on`, optional, state FROM hw_edges FORCE INDEX (PRIMARY)
    WHERE parent_id = UNHEX(?1) AND child_id > UNHEX(?2) AND (?4 = 1 OR state = 'unresolved')
    ORDER BY child_id LIMIT ?3) e
STRAIGHT_JOIN hw_jobs c FORCE INDEX (PRIMARY) ON c.id = e.child_id
ORDER BY e.child_id;

-- name: take_ready
-- Locks what nobody has claimed, which is to be removed; who is missing in the
-- answer is held.
SELECT r.id, r.queue, r.`rank`, r.scheduled_at
FROM (
    SELECT j.queue, 4 - s.priority AS `rank`, s.scheduled_at, s.id
    FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
    STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(i.id)
    STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = s.id
    ORDER BY s.id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_ready r FORCE INDEX (PRIMARY) ON r.queue = x.queue AND r.`rank` = x.`rank` AND r.scheduled_at = x.scheduled_at AND r.id = x.id
FOR UPDATE;

-- name: take_timers
SELECT t.id, t.due_at, t.kind
FROM (
    SELECT s.scheduled_at, s.id
    FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
    STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(i.id)
    ORDER BY s.id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_timers t FORCE INDEX (PRIMARY) ON t.kind = 'job' AND t.due_at = x.scheduled_at AND t.id = x.id
FOR UPDATE;

-- name: end_jobs
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', epoch BIGINT PATH '$.epoch',
    status VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.status',
    dependency_status VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.dependency_status',
    reason VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.reason',
    error LONGTEXT CHARACTER SET utf8mb4 PATH '$.error', cause VARCHAR(32) PATH '$.cause',
    attempts INT PATH '$.attempts', unresolved INT PATH '$.unresolved', active INT PATH '$.active',
    inactive INT PATH '$.inactive', broken INT PATH '$.broken', started_at BIGINT PATH '$.started_at',
    lease VARCHAR(32) PATH '$.lease', worker LONGTEXT CHARACTER SET utf8mb4 PATH '$.worker',
    result LONGTEXT CHARACTER SET utf8mb4 PATH '$.result',
    decision VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.decision', spared INT PATH '$.spared')) c
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(c.id) AND s.epoch = c.epoch
SET s.error = CASE WHEN c.error = '' AND c.status <> 'completed' THEN s.error ELSE c.error END, -- keeps the last attempt's
    s.started_at = CASE WHEN s.status = 'suspended' THEN s.started_at ELSE c.started_at END, -- while it has its status
    s.status = c.status, s.dependency_status = c.dependency_status, s.reason = c.reason, s.cause_job_id = UNHEX(c.cause),
    s.attempts = c.attempts, s.give_backs = 0, s.unresolved = c.unresolved, s.active = c.active, s.inactive = c.inactive,
    s.broken = c.broken, s.finished_at = ?2, s.lease_id = UNHEX(c.lease), s.worker = c.worker,
    s.result = FROM_BASE64(c.result), s.decision = c.decision, s.spared = c.spared
WHERE s.status IN ('pending', 'retrying', 'suspended');

-- name: requeue_jobs
-- A claim ended without a terminal outcome: the epoch moves on.
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', epoch BIGINT PATH '$.epoch',
    status VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.status', attempts INT PATH '$.attempts',
    give_backs INT PATH '$.give_backs', scheduled_at BIGINT PATH '$.scheduled_at',
    error LONGTEXT CHARACTER SET utf8mb4 PATH '$.error')) c
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(c.id) AND s.epoch = c.epoch
SET s.status = c.status, s.attempts = c.attempts, s.give_backs = c.give_backs, s.epoch = c.epoch + 1,
    s.scheduled_at = c.scheduled_at, s.error = c.error
WHERE s.status IN ('pending', 'retrying');

-- name: count_jobs
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id',
    dependency_status VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.dependency_status',
    unresolved INT PATH '$.unresolved', active INT PATH '$.active', inactive INT PATH '$.inactive',
    broken INT PATH '$.broken', cause VARCHAR(32) PATH '$.cause', spared INT PATH '$.spared')) c
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(c.id)
SET s.dependency_status = c.dependency_status, s.unresolved = c.unresolved, s.active = c.active, s.inactive = c.inactive,
    s.broken = c.broken, s.cause_job_id = UNHEX(c.cause), s.spared = c.spared;

-- name: insert_attempts
INSERT IGNORE INTO hw_attempts (job_id, epoch, attempt, lease_id, worker, outcome, error, started_at, finished_at)
SELECT UNHEX(c.id), c.epoch, c.attempt, UNHEX(c.lease), c.worker, c.outcome, c.error, c.started_at, ?2
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', epoch BIGINT PATH '$.epoch', attempt INT PATH '$.attempt',
    lease VARCHAR(32) PATH '$.lease', worker LONGTEXT CHARACTER SET utf8mb4 PATH '$.worker',
    outcome VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.outcome',
    error LONGTEXT CHARACTER SET utf8mb4 PATH '$.error', started_at BIGINT PATH '$.started_at')) c;

-- name: resolve_edges
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (
    parent VARCHAR(32) PATH '$.parent', child VARCHAR(32) PATH '$.child',
    state VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.state')) c
STRAIGHT_JOIN hw_edges e FORCE INDEX (PRIMARY) ON e.parent_id = UNHEX(c.parent) AND e.child_id = UNHEX(c.child)
SET e.state = c.state
WHERE e.state = 'unresolved';

-- name: update_workflows
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', status VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.status',
    reason VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.reason', failing INT PATH '$.failing',
    user_paused INT PATH '$.user_paused', undecided INT PATH '$.undecided', unforgiven INT PATH '$.unforgiven',
    finally_begun INT PATH '$.finally_begun', cancel_finally INT PATH '$.cancel_finally',
    completed INT PATH '$.completed', failed INT PATH '$.failed', dead INT PATH '$.dead',
    timed_out INT PATH '$.timed_out', upstream_failed INT PATH '$.upstream_failed',
    cancelled INT PATH '$.cancelled', skipped INT PATH '$.skipped', ended INT PATH '$.ended',
    in_flight INT PATH '$.in_flight', next_position INT PATH '$.next_position')) c
STRAIGHT_JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = UNHEX(c.id)
SET w.status = c.status, w.reason = c.reason, w.failing = c.failing, w.user_paused = c.user_paused,
    w.undecided = c.undecided, w.unforgiven = c.unforgiven, w.finally_begun = c.finally_begun,
    w.cancel_finally = c.cancel_finally, w.completed = c.completed, w.failed = c.failed, w.dead = c.dead,
    w.timed_out = c.timed_out, w.upstream_failed = c.upstream_failed, w.cancelled = c.cancelled,
    w.skipped = c.skipped, w.in_flight = c.in_flight, w.next_position = c.next_position, w.finished_at = CASE WHEN c.ended = 1 THEN ?2 END, w.moved_at = ?2
WHERE w.finished_at IS NULL;

-- name: held_by
-- Who holds these jobs.
SELECT UNHEX(e.id), e.epoch, l.id, l.worker, l.claimed_at
FROM hw_leases l
STRAIGHT_JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e
STRAIGHT_JOIN (SELECT i.id FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i LIMIT 18446744073709551615) k ON k.id = e.id;

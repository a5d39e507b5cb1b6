-- name: edge_checks
-- Those after parent ?2 and child ?3.
SELECT parent_id, child_id FROM hw_edge_check FORCE INDEX (PRIMARY)
WHERE parent_id >= UNHEX(?2) AND (parent_id > UNHEX(?2) OR child_id > UNHEX(?3))
ORDER BY parent_id, child_id
LIMIT ?1;

-- name: lock_jobs
SELECT s.id, (SELECT j.workflow_id FROM hw_jobs j WHERE j.id = s.id), (SELECT j.name FROM hw_jobs j WHERE j.id = s.id),
    (SELECT j.queue FROM hw_jobs j WHERE j.id = s.id), (SELECT j.retry FROM hw_jobs j WHERE j.id = s.id),
    s.status, s.dependency_status, s.epoch, s.attempts, s.give_backs, s.priority, s.join_rule,
    s.quorum, s.unresolved, s.active, s.inactive, s.broken, s.scheduled_at, s.lease_id, s.cause_job_id, s.cancelling,
    s.reason, s.spared, s.decision, s.earlier, (SELECT j.barrier FROM hw_jobs j WHERE j.id = s.id),
    (SELECT j.rules FROM hw_jobs j WHERE j.id = s.id)
FROM (SELECT UNHEX(i.id) AS id FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i ORDER BY id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = x.id
FOR UPDATE;

-- name: edges_between
SELECT e.parent_id, e.child_id, e.`on`, e.optional, e.state, j.workflow_id
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    parent VARCHAR(32) PATH '$.parent', child VARCHAR(32) PATH '$.child')) c
STRAIGHT_JOIN hw_edges e FORCE INDEX (PRIMARY) ON e.parent_id = UNHEX(c.parent) AND e.child_id = UNHEX(c.child)
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = e.child_id
WHERE e.state = 'unresolved'
ORDER BY e.parent_id, e.child_id;

-- name: delete_edge_checks
DELETE k
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    parent VARCHAR(32) PATH '$.parent', child VARCHAR(32) PATH '$.child')) c
STRAIGHT_JOIN hw_edge_check k FORCE INDEX (PRIMARY) ON k.parent_id = UNHEX(c.parent) AND k.child_id = UNHEX(c.child);

-- name: insert_parent_checks
-- A check without a child: of all unresolved edges of a parent.
INSERT IGNORE INTO hw_edge_check (parent_id, child_id)
SELECT UNHEX(i.id), UNHEX('00000000000000000000000000000000')
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
ORDER BY i.id;

-- name: take_parent_checks
-- What another works off at this time is left to it.
SELECT k.parent_id
FROM (SELECT UNHEX(i.id) AS id FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i ORDER BY id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_edge_check k FORCE INDEX (PRIMARY) ON k.parent_id = x.id AND k.child_id = UNHEX('00000000000000000000000000000000')
FOR UPDATE SKIP LOCKED;

-- name: delete_parent_checks
DELETE k
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_edge_check k FORCE INDEX (PRIMARY)
    ON k.parent_id = UNHEX(i.id) AND k.child_id = UNHEX('00000000000000000000000000000000');

-- name: insert_start_checks
-- Of jobs that wait for nothing but the evaluation of their condition.
INSERT IGNORE INTO hw_edge_check (parent_id, child_id)
SELECT UNHEX('00000000000000000000000000000000'), UNHEX(i.id)
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
ORDER BY i.id;

-- name: delete_start_checks
DELETE k
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_edge_check k FORCE INDEX (PRIMARY)
    ON k.parent_id = UNHEX('00000000000000000000000000000000') AND k.child_id = UNHEX(i.id);

-- name: own_priorities
SELECT j.id, j.priority
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(i.id);

-- name: lift_jobs
-- Open jobs get a higher priority; they are locked.
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$.id', priority INT PATH '$.priority')) c
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(c.id)
SET s.priority = c.priority
WHERE s.priority < c.priority AND s.finished_at IS NULL;

-- name: insert_lift_checks
-- Of unresolved edges into jobs, ?2 at most.
INSERT IGNORE INTO hw_edge_check (parent_id, child_id)
SELECT x.parent_id, x.child_id
FROM (
    SELECT e.parent_id, e.child_id
    FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
    STRAIGHT_JOIN hw_edges e FORCE INDEX (hw_edges_child) ON e.child_id = UNHEX(i.id)
    WHERE e.state = 'unresolved'
    LIMIT ?2) x
ORDER BY x.parent_id, x.child_id;

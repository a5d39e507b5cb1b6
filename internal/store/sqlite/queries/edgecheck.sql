-- name: edge_checks
-- Those after parent ?2 and child ?3.
SELECT parent_id, child_id FROM edge_check
WHERE parent_id >= ?2 AND (parent_id > ?2 OR child_id > ?3)
ORDER BY parent_id, child_id
LIMIT ?1;

-- name: lock_jobs
SELECT s.id, j.workflow_id, j.name, j.queue, j.retry, s.status, s.dependency_status, s.epoch, s.attempts, s.give_backs,
    s.priority, s.join_rule, s.quorum, s.unresolved, s.active, s.inactive, s.broken, s.scheduled_at, s.lease_id, s.cause_job_id,
    s.cancelling, s.reason, s.spared, s.decision, s.earlier, j.barrier, j.rules
FROM job_state s
JOIN jobs j ON j.id = s.id
WHERE s.id IN (SELECT unhex(value) FROM json_each(?1))
ORDER BY s.id;

-- name: edges_between
SELECT e.parent_id, e.child_id, e."on", e.optional, e.state, c.workflow_id
FROM json_each(?1) x
CROSS JOIN edges e ON e.parent_id = unhex(x.value ->> 'parent') AND e.child_id = unhex(x.value ->> 'child')
CROSS JOIN jobs c ON c.id = e.child_id
WHERE e.state = 'unresolved'
ORDER BY e.parent_id, e.child_id;

-- name: delete_edge_checks
DELETE FROM edge_check
WHERE (parent_id, child_id) IN (SELECT unhex(value ->> 'parent'), unhex(value ->> 'child') FROM json_each(?1));

-- name: insert_parent_checks
-- A check without a child: of all unresolved edges of a parent.
INSERT INTO edge_check (parent_id, child_id)
SELECT unhex(value), zeroblob(16) FROM json_each(?1) WHERE true
ON CONFLICT DO NOTHING;

-- name: take_parent_checks
SELECT parent_id FROM edge_check
WHERE parent_id IN (SELECT unhex(value) FROM json_each(?1)) AND child_id = zeroblob(16)
ORDER BY parent_id;

-- name: delete_parent_checks
DELETE FROM edge_check WHERE parent_id IN (SELECT unhex(value) FROM json_each(?1)) AND child_id = zeroblob(16);

-- name: insert_start_checks
-- Of jobs that wait for nothing but the evaluation of their condition.
INSERT INTO edge_check (parent_id, child_id)
SELECT zeroblob(16), unhex(value) FROM json_each(?1) WHERE true
ON CONFLICT DO NOTHING;

-- name: delete_start_checks
DELETE FROM edge_check WHERE parent_id = zeroblob(16) AND child_id IN (SELECT unhex(value) FROM json_each(?1));

-- name: own_priorities
SELECT j.id, j.priority
FROM json_each(?1) x
CROSS JOIN jobs j ON j.id = unhex(x.value);

-- name: lift_jobs
-- Open jobs get a higher priority.
UPDATE job_state SET priority = c.priority
FROM (SELECT unhex(value ->> 'id') AS id, value ->> 'priority' AS priority FROM json_each(?1)) AS c
WHERE job_state.id = c.id AND job_state.priority < c.priority AND job_state.finished_at IS NULL;

-- name: insert_lift_checks
-- Of unresolved edges into jobs, ?2 at most.
INSERT INTO edge_check (parent_id, child_id)
SELECT parent_id, child_id
FROM (
    SELECT e.parent_id, e.child_id
    FROM json_each(?1) x
    CROSS JOIN edges e ON e.child_id = unhex(x.value)
    WHERE e.state = 'unresolved'
    LIMIT ?2)
ORDER BY parent_id, child_id
ON CONFLICT DO NOTHING;

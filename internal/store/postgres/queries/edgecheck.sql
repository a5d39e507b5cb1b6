-- name: edge_checks
-- Those after parent $2 and child $3.
SELECT parent_id, child_id FROM edge_check
WHERE parent_id >= $2::uuid AND (parent_id > $2::uuid OR child_id > $3::uuid)
ORDER BY parent_id, child_id
LIMIT $1::int;

-- name: lock_jobs
SELECT s.id, j.workflow_id, j.name, j.queue, j.retry, s.status, s.dependency_status, s.epoch, s.attempts, s.give_backs,
    s.priority, s.join_rule, s.quorum, s.unresolved, s.active, s.inactive, s.broken, s.scheduled_at, s.lease_id, s.cause_job_id,
    s.cancelling, s.reason, s.spared, s.decision, s.earlier, j.barrier, j.rules
FROM (SELECT DISTINCT id FROM unnest($1::uuid[]) x(id) ORDER BY id) x
CROSS JOIN LATERAL (SELECT * FROM job_state WHERE id = x.id FOR UPDATE) s
CROSS JOIN LATERAL (SELECT workflow_id, name, queue, retry, barrier, rules FROM jobs WHERE id = x.id OFFSET 0) j;

-- name: edges_between
SELECT c.parent, c.child, e."on", e.optional, e.state, j.workflow_id
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::text[]) AS c(parent, child, "on", optional, state)
CROSS JOIN LATERAL (SELECT * FROM edges WHERE parent_id = c.parent AND child_id BETWEEN c.child AND c.child AND state = 'unresolved' OFFSET 0) e
CROSS JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = c.child OFFSET 0) j
ORDER BY c.parent, c.child;

-- name: delete_edge_checks
DELETE FROM edge_check
WHERE ctid = ANY (ARRAY(
    SELECT k.ctid
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::text[]) AS c(parent, child, "on", optional, state)
    CROSS JOIN LATERAL (SELECT ctid FROM edge_check WHERE parent_id = c.parent AND child_id = c.child OFFSET 0) k));

-- name: insert_parent_checks
-- A check without a child: of all unresolved edges of a parent.
INSERT INTO edge_check (parent_id, child_id)
SELECT id, '00000000-0000-0000-0000-000000000000' FROM unnest($1::uuid[]) x(id)
ORDER BY id
ON CONFLICT DO NOTHING;

-- name: take_parent_checks
-- What another works off at this time is left to it.
SELECT k.parent_id
FROM (SELECT DISTINCT id FROM unnest($1::uuid[]) x(id) ORDER BY id) x
CROSS JOIN LATERAL (
    SELECT parent_id FROM edge_check WHERE parent_id = x.id AND child_id = '00000000-0000-0000-0000-000000000000'
    FOR UPDATE SKIP LOCKED) k;

-- name: delete_parent_checks
DELETE FROM edge_check WHERE parent_id = ANY ($1::uuid[]) AND child_id = '00000000-0000-0000-0000-000000000000';

-- name: insert_start_checks
-- Of jobs that wait for nothing but the evaluation of their condition.
INSERT INTO edge_check (parent_id, child_id)
SELECT '00000000-0000-0000-0000-000000000000', id FROM unnest($1::uuid[]) x(id)
ORDER BY id
ON CONFLICT DO NOTHING;

-- name: delete_start_checks
DELETE FROM edge_check
WHERE ctid = ANY (ARRAY(
    SELECT k.ctid
    FROM unnest($1::uuid[]) x(id)
    CROSS JOIN LATERAL (
        SELECT ctid FROM edge_check WHERE parent_id = '00000000-0000-0000-0000-000000000000' AND child_id = x.id OFFSET 0) k));

-- name: own_priorities
SELECT x.id, j.priority
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT priority FROM jobs WHERE id = x.id OFFSET 0) j;

-- name: lift_jobs
-- Open jobs get a higher priority; they are locked.
WITH changed AS (
    UPDATE job_state s SET priority = c.priority
    FROM unnest($1::uuid[], $2::int[]) AS c(id, priority)
    WHERE s.id = ANY ($1::uuid[]) AND s.id = c.id AND s.priority < c.priority AND s.finished_at IS NULL
    RETURNING 1)
SELECT hammerwork_changed(count(*), $3::int) FROM changed;

-- name: insert_lift_checks
-- Of unresolved edges into jobs, $2 at most.
INSERT INTO edge_check (parent_id, child_id)
SELECT e.parent_id, x.id
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT parent_id FROM edges WHERE child_id = x.id AND state = 'unresolved' LIMIT $2::int) e
ORDER BY e.parent_id, x.id
LIMIT $2::int
ON CONFLICT DO NOTHING;

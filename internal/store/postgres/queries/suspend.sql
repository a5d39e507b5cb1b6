-- How these statements are written: see resolve.sql.

-- name: suspend_jobs
WITH changed AS (
    UPDATE job_state s SET status = 'suspended', started_at = $4::bigint
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS c(id, epoch, expires_at)
    WHERE s.id = ANY ($1::uuid[]) AND s.id = c.id AND s.epoch = c.epoch AND s.status || '' IN ('pending', 'retrying')
        AND s.dependency_status || '' IN ('none', 'satisfied')
    RETURNING 1)
SELECT hammerwork_changed(count(*), $5::int) FROM changed;

-- name: open_suspensions
-- A map has its list before.
INSERT INTO suspensions (job_id, opened_at, expires_at)
SELECT c.id, $4::bigint, c.expires_at
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS c(id, epoch, expires_at)
ORDER BY c.id
ON CONFLICT (job_id) DO UPDATE SET opened_at = excluded.opened_at, expires_at = excluded.expires_at;

-- name: keep_lists
-- What maps are over, whose items are made later.
INSERT INTO suspensions (job_id, list)
SELECT c.id, c.list FROM unnest($1::uuid[], $2::bytea[]) AS c(id, list)
ORDER BY c.id
ON CONFLICT (job_id) DO UPDATE SET list = excluded.list;

-- name: answer_gates
INSERT INTO suspensions (job_id, answered_at, actor, comment, approve, expired, payload)
SELECT c.id, $7::bigint, c.actor, c.comment, c.approve = 1, c.expired = 1, c.payload
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::int[], $6::bytea[]) AS c(id, actor, comment, approve, expired, payload)
ORDER BY c.id
ON CONFLICT (job_id) DO UPDATE SET
    answered_at = excluded.answered_at, actor = excluded.actor, comment = excluded.comment, approve = excluded.approve,
    expired = excluded.expired, payload = excluded.payload;

-- name: suspensions_of_jobs
SELECT x.id, s.opened_at, s.expires_at, s.answered_at, s.actor, s.comment, s.approve, s.expired, s.payload
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT * FROM suspensions WHERE job_id = x.id OFFSET 0) s;

-- name: delete_gate_timers
DELETE FROM timers
WHERE ctid = ANY (ARRAY(
    SELECT t.ctid
    FROM unnest($1::uuid[]) x(id)
    CROSS JOIN LATERAL (SELECT expires_at FROM suspensions WHERE job_id = x.id OFFSET 0) s
    CROSS JOIN LATERAL (SELECT ctid FROM timers WHERE due_at = s.expires_at AND kind = 'gate' AND id = x.id OFFSET 0) t));

-- name: delete_suspensions
DELETE FROM suspensions WHERE job_id = ANY ($1::uuid[]);

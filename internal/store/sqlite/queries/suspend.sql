-- name: suspend_jobs
UPDATE job_state SET status = 'suspended', started_at = ?2
FROM (SELECT unhex(value ->> 'id') AS id, value ->> 'epoch' AS epoch FROM json_each(?1)) AS c
WHERE job_state.id = c.id AND job_state.epoch = c.epoch AND job_state.status IN ('pending', 'retrying')
    AND job_state.dependency_status IN ('none', 'satisfied');

-- name: open_suspensions
-- A map has its list before.
INSERT INTO suspensions (job_id, opened_at, expires_at)
SELECT unhex(value ->> 'id'), ?2, value ->> 'expires_at' FROM json_each(?1) WHERE true
ON CONFLICT (job_id) DO UPDATE SET opened_at = excluded.opened_at, expires_at = excluded.expires_at;

-- name: keep_lists
-- What maps are over, whose items are made later.
INSERT INTO suspensions (job_id, list)
SELECT unhex(value ->> 'id'), CAST(value ->> 'list' AS BLOB) FROM json_each(?1) WHERE true
ON CONFLICT (job_id) DO UPDATE SET list = excluded.list;

-- name: answer_gates
INSERT INTO suspensions (job_id, answered_at, actor, comment, approve, expired, payload)
SELECT unhex(value ->> 'id'), ?2, value ->> 'actor', value ->> 'comment', value ->> 'approve', value ->> 'expired',
    CAST(value ->> 'payload' AS BLOB)
FROM json_each(?1) WHERE true
ON CONFLICT (job_id) DO UPDATE SET
    answered_at = excluded.answered_at, actor = excluded.actor, comment = excluded.comment, approve = excluded.approve,
    expired = excluded.expired, payload = excluded.payload;

-- name: suspensions_of_jobs
SELECT s.job_id, s.opened_at, s.expires_at, s.answered_at, s.actor, s.comment, s.approve, s.expired, s.payload
FROM json_each(?1) x
CROSS JOIN suspensions s ON s.job_id = unhex(x.value);

-- name: delete_gate_timers
DELETE FROM timers
WHERE (kind, due_at, id) IN (
    SELECT 'gate', s.expires_at, s.job_id
    FROM json_each(?1) x
    CROSS JOIN suspensions s ON s.job_id = unhex(x.value)
    WHERE s.expires_at IS NOT NULL);

-- name: delete_suspensions
DELETE FROM suspensions WHERE job_id IN (SELECT unhex(value) FROM json_each(?1));

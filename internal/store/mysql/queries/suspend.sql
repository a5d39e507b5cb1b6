-- How these statements are written: see resolve.sql.

-- name: suspend_jobs
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$.id', epoch BIGINT PATH '$.epoch')) c
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(c.id) AND s.epoch = c.epoch
SET s.started_at = ?2, s.status = 'suspended'
WHERE s.status IN ('pending', 'retrying') AND s.dependency_status IN ('none', 'satisfied');

-- name: open_suspensions
-- A map has its list before.
INSERT INTO hw_suspensions (job_id, opened_at, expires_at, actor, comment)
SELECT UNHEX(c.id), ?2, c.expires_at, '', ''
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$.id', expires_at BIGINT PATH '$.expires_at')) c
ORDER BY c.id
ON DUPLICATE KEY UPDATE opened_at = ?2, expires_at = c.expires_at;

-- name: keep_lists
-- What maps are over, whose items are made later.
INSERT INTO hw_suspensions (job_id, list, actor, comment)
SELECT UNHEX(c.id), FROM_BASE64(c.list), '', ''
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$.id', list LONGTEXT CHARACTER SET utf8mb4 PATH '$.list')) c
ORDER BY c.id
ON DUPLICATE KEY UPDATE list = FROM_BASE64(c.list);

-- name: answer_gates
INSERT INTO hw_suspensions (job_id, answered_at, actor, comment, approve, expired, payload)
SELECT UNHEX(c.id), ?2, c.actor, c.comment, c.approve, c.expired, FROM_BASE64(c.payload)
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', actor LONGTEXT CHARACTER SET utf8mb4 PATH '$.actor',
    comment LONGTEXT CHARACTER SET utf8mb4 PATH '$.comment', approve INT PATH '$.approve', expired INT PATH '$.expired',
    payload LONGTEXT CHARACTER SET utf8mb4 PATH '$.payload')) c
ORDER BY c.id
ON DUPLICATE KEY UPDATE
    answered_at = ?2, actor = c.actor, comment = c.comment, approve = c.approve, expired = c.expired,
    payload = FROM_BASE64(c.payload);

-- name: suspensions_of_jobs
SELECT s.job_id, s.opened_at, s.expires_at, s.answered_at, s.actor, s.comment, s.approve, s.expired, s.payload
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_suspensions s FORCE INDEX (PRIMARY) ON s.job_id = UNHEX(i.id);

-- name: delete_gate_timers
DELETE t
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_suspensions s FORCE INDEX (PRIMARY) ON s.job_id = UNHEX(i.id)
STRAIGHT_JOIN hw_timers t FORCE INDEX (PRIMARY) ON t.kind = 'gate' AND t.due_at = s.expires_at AND t.id = s.job_id;

-- name: delete_suspensions
DELETE s
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_suspensions s FORCE INDEX (PRIMARY) ON s.job_id = UNHEX(i.id);

-- name: lock_leases
SELECT l.id, l.worker, l.claimed_at, l.expires_at, l.accepted, l.jobs, l.progress
FROM (SELECT UNHEX(i.id) AS id FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i ORDER BY id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_leases l FORCE INDEX (PRIMARY) ON l.id = x.id
FOR UPDATE;

-- name: lock_leases_of_jobs
-- Leases that list any of the jobs ?1.
SELECT l.id, l.worker, l.claimed_at, l.expires_at, l.accepted, l.jobs, l.progress
FROM (
    SELECT DISTINCT l.id
    FROM hw_leases l
    STRAIGHT_JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e
    STRAIGHT_JOIN (SELECT i.id FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i LIMIT 18446744073709551615) k ON k.id = e.id
    ORDER BY l.id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_leases l FORCE INDEX (PRIMARY) ON l.id = x.id
FOR UPDATE;

-- name: lock_leases_of_workflows
-- Leases that list any job of the workflows ?1.
SELECT l.id, l.worker, l.claimed_at, l.expires_at, l.accepted, l.jobs, l.progress
FROM (
    SELECT DISTINCT l.id
    FROM hw_leases l
    STRAIGHT_JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e
    STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(e.id)
    STRAIGHT_JOIN (SELECT UNHEX(i.id) AS id FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i LIMIT 18446744073709551615) k ON k.id = j.workflow_id
    ORDER BY l.id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_leases l FORCE INDEX (PRIMARY) ON l.id = x.id
FOR UPDATE;

-- name: extend_leases
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', worker LONGTEXT CHARACTER SET utf8mb4 PATH '$.worker',
    progress LONGTEXT CHARACTER SET utf8mb4 PATH '$.progress')) c
STRAIGHT_JOIN hw_leases l FORCE INDEX (PRIMARY) ON l.id = UNHEX(c.id)
SET l.expires_at = ?2, l.accepted = 1, l.progress = c.progress
WHERE l.worker = c.worker;

-- name: lease_jobs_to_stop
-- Jobs of these leases that are not held any more, or that should stop, apart
-- from those that ended under the lease itself.
SELECT l.id, s.id, NOT (s.epoch = e.epoch AND s.status IN ('pending', 'retrying'))
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_leases l FORCE INDEX (PRIMARY) ON l.id = UNHEX(i.id)
STRAIGHT_JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(e.id)
WHERE (s.epoch <> e.epoch OR s.status NOT IN ('pending', 'retrying') OR s.cancelling = 1)
    AND NOT (s.lease_id <=> l.id)
ORDER BY l.id, s.id;

-- name: expired_leases
SELECT id FROM hw_leases FORCE INDEX (hw_leases_expiry) WHERE expires_at <= ?1 ORDER BY expires_at, id LIMIT ?2;

-- name: overdue_leases
SELECT COUNT(*), COUNT(DISTINCT worker) FROM hw_leases WHERE expires_at <= ?1 AND accepted = 1;

-- name: standing_leases
SELECT COUNT(*) FROM (SELECT 1 FROM hw_leases WHERE expires_at > ?1 AND accepted = 1 LIMIT ?2) l;

-- name: shrink_leases
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', n INT PATH '$.n')) c
STRAIGHT_JOIN hw_leases l FORCE INDEX (PRIMARY) ON l.id = UNHEX(c.id)
SET l.remaining = l.remaining - c.n;

-- name: delete_empty_leases
DELETE l
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_leases l FORCE INDEX (PRIMARY) ON l.id = UNHEX(i.id)
WHERE l.remaining <= 0;

-- name: delete_leases
DELETE l
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_leases l FORCE INDEX (PRIMARY) ON l.id = UNHEX(i.id);

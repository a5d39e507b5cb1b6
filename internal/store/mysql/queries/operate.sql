-- name: mark_cancelling
-- Held jobs that should stop.
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(i.id)
SET s.cancelling = 1
WHERE s.finished_at IS NULL;

-- name: pause_queue
INSERT INTO hw_queues (name, paused_at) VALUES (?1, ?2)
ON DUPLICATE KEY UPDATE paused_at = COALESCE(paused_at, ?2);

-- name: resume_queue
UPDATE hw_queues SET paused_at = NULL WHERE name = ?1;

-- name: weigh_queue
INSERT INTO hw_queues (name, weights) VALUES (?1, ?2)
ON DUPLICATE KEY UPDATE weights = ?2;

-- name: see_workers
-- A worker that was away for long comes anew. The assignments happen in turn.
INSERT INTO hw_workers (name, queues, slots, draining, first_seen_at, last_seen_at)
SELECT c.name, c.queues, c.slots, c.draining, ?2, ?2
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    name VARCHAR(1024) CHARACTER SET utf8mb4 PATH '$.name',
    queues LONGTEXT CHARACTER SET utf8mb4 PATH '$.queues', slots INT PATH '$.slots',
    draining INT PATH '$.draining')) c
ORDER BY c.name
ON DUPLICATE KEY UPDATE
    queues = c.queues, slots = c.slots, draining = c.draining,
    first_seen_at = CASE WHEN hw_workers.last_seen_at < ?3 THEN ?2 ELSE hw_workers.first_seen_at END,
    last_seen_at = ?2;

-- name: forget_workers
-- What another has locked is left out. The others are to be removed.
SELECT w.name
FROM (SELECT name FROM hw_workers WHERE last_seen_at < ?1 ORDER BY name LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_workers w FORCE INDEX (PRIMARY) ON w.name = x.name
WHERE w.last_seen_at < ?1
FOR UPDATE SKIP LOCKED;

-- name: remove_workers
-- These are locked.
DELETE w
FROM JSON_TABLE(?1, '$[*]' COLUMNS (name VARCHAR(1024) CHARACTER SET utf8mb4 PATH '$.name')) c
STRAIGHT_JOIN hw_workers w FORCE INDEX (PRIMARY) ON w.name = CAST(c.name AS BINARY);

-- name: keys_stored
SELECT k.scope, k.`key`, k.hash, k.id
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    scope VARCHAR(1024) CHARACTER SET utf8mb4 PATH '$.scope',
    `key` VARCHAR(1024) CHARACTER SET utf8mb4 PATH '$.key')) c
STRAIGHT_JOIN hw_idempotency_keys k FORCE INDEX (PRIMARY) ON k.scope = CAST(c.scope AS BINARY) AND k.`key` = CAST(c.`key` AS BINARY);

-- name: keys_stored_now
-- keys_stored in a caller's transaction, which may see an older state than what
-- insert_keys met.
SELECT k.scope, k.`key`, k.hash, k.id
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    scope VARCHAR(1024) CHARACTER SET utf8mb4 PATH '$.scope',
    `key` VARCHAR(1024) CHARACTER SET utf8mb4 PATH '$.key')) c
STRAIGHT_JOIN hw_idempotency_keys k FORCE INDEX (PRIMARY) ON k.scope = CAST(c.scope AS BINARY) AND k.`key` = CAST(c.`key` AS BINARY)
LOCK IN SHARE MODE;

-- name: insert_keys
-- One that another transaction is about to insert is waited for.
INSERT IGNORE INTO hw_idempotency_keys (scope, `key`, hash, id, created_at)
SELECT CAST(c.scope AS BINARY), CAST(c.`key` AS BINARY), UNHEX(c.hash), UNHEX(c.id), ?2
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    scope VARCHAR(1024) CHARACTER SET utf8mb4 PATH '$.scope',
    `key` VARCHAR(1024) CHARACTER SET utf8mb4 PATH '$.key',
    hash VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.hash', id VARCHAR(32) PATH '$.id')) c
ORDER BY CAST(c.scope AS BINARY), CAST(c.`key` AS BINARY);

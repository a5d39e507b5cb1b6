-- name: mark_cancelling
-- Held jobs that should stop.
UPDATE job_state SET cancelling = 1 WHERE id IN (SELECT unhex(value) FROM json_each(?1)) AND finished_at IS NULL;

-- name: pause_queue
INSERT INTO queues (name, paused_at) VALUES (?1, ?2)
ON CONFLICT (name) DO UPDATE SET paused_at = coalesce(queues.paused_at, excluded.paused_at);

-- name: resume_queue
UPDATE queues SET paused_at = NULL WHERE name = ?1;

-- name: weigh_queue
INSERT INTO queues (name, weights) VALUES (?1, ?2)
ON CONFLICT (name) DO UPDATE SET weights = excluded.weights;

-- name: see_workers
-- A worker that was away for long comes anew.
INSERT INTO workers (name, queues, slots, draining, first_seen_at, last_seen_at)
SELECT value ->> 'name', value ->> 'queues', value ->> 'slots', value ->> 'draining', ?2, ?2 FROM json_each(?1) WHERE true
ON CONFLICT (name) DO UPDATE SET
    queues = excluded.queues, slots = excluded.slots, draining = excluded.draining,
    first_seen_at = CASE WHEN workers.last_seen_at < ?3 THEN excluded.first_seen_at ELSE workers.first_seen_at END,
    last_seen_at = excluded.last_seen_at;

-- name: forget_workers
DELETE FROM workers WHERE last_seen_at < ?1;

-- name: keys_stored
SELECT k.scope, k."key", k.hash, k.id
FROM json_each(?1) x
CROSS JOIN idempotency_keys k ON k.scope = x.value ->> 'scope' AND k."key" = x.value ->> 'key';

-- name: insert_keys
-- One that another transaction is about to insert is waited for.
INSERT INTO idempotency_keys (scope, "key", hash, id, created_at)
SELECT value ->> 'scope', value ->> 'key', unhex(value ->> 'hash'), unhex(value ->> 'id'), ?2 FROM json_each(?1) WHERE true
ON CONFLICT DO NOTHING;

-- name: lock_file
-- Changes nothing, and makes a transaction the one that writes.
DELETE FROM idempotency_keys WHERE scope = '';

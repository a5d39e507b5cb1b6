-- name: mark_cancelling
-- Held jobs that should stop.
UPDATE job_state SET cancelling = true WHERE id = ANY ($1::uuid[]) AND finished_at IS NULL;

-- name: pause_queue
INSERT INTO queues (name, paused_at) VALUES ($1::text, $2::bigint)
ON CONFLICT (name) DO UPDATE SET paused_at = coalesce(queues.paused_at, excluded.paused_at);

-- name: resume_queue
UPDATE queues SET paused_at = NULL WHERE name = $1::text;

-- name: weigh_queue
INSERT INTO queues (name, weights) VALUES ($1::text, $2::text)
ON CONFLICT (name) DO UPDATE SET weights = excluded.weights;

-- name: see_workers
-- A worker that was away for long comes anew.
INSERT INTO workers (name, queues, slots, draining, first_seen_at, last_seen_at)
SELECT c.name, c.queues, c.slots, c.draining = 1, $5::bigint, $5::bigint
FROM unnest($1::text[], $2::text[], $3::int[], $4::int[]) AS c(name, queues, slots, draining)
ORDER BY c.name
ON CONFLICT (name) DO UPDATE SET
    queues = excluded.queues, slots = excluded.slots, draining = excluded.draining,
    first_seen_at = CASE WHEN workers.last_seen_at < $6::bigint THEN excluded.first_seen_at ELSE workers.first_seen_at END,
    last_seen_at = excluded.last_seen_at;

-- name: forget_workers
DELETE FROM workers
WHERE name = ANY (ARRAY(SELECT name FROM workers WHERE last_seen_at < $1::bigint ORDER BY name FOR UPDATE SKIP LOCKED));

-- name: keys_stored
SELECT k.scope, k."key", k.hash, k.id
FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) AS c(scope, "key", hash, id)
CROSS JOIN LATERAL (SELECT * FROM idempotency_keys WHERE scope = c.scope AND "key" = c."key" OFFSET 0) k;

-- name: insert_keys
-- One that another transaction is about to insert is waited for.
INSERT INTO idempotency_keys (scope, "key", hash, id, created_at)
SELECT c.scope, c."key", decode(c.hash, 'hex'), c.id, $5::bigint
FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) AS c(scope, "key", hash, id)
ORDER BY c.scope, c."key"
ON CONFLICT DO NOTHING;

-- name: ready_queues
-- Hops from one queue to the next along the primary key.
WITH RECURSIVE q(queue) AS (
    (SELECT queue FROM ready ORDER BY queue LIMIT 1)
    UNION ALL
    SELECT (SELECT r.queue FROM ready r WHERE r.queue > q.queue ORDER BY r.queue LIMIT 1) FROM q WHERE q.queue IS NOT NULL
)
SELECT queue FROM q WHERE queue IS NOT NULL;

-- name: ready_heads
-- The first $5 rows of a queue after (rank, scheduled_at, id), with the queue's
-- weights.
SELECT queue, rank, scheduled_at, id, coalesce((SELECT weights FROM queues WHERE name = $1::text), '')
FROM ready
WHERE queue = $1::text AND (rank, scheduled_at, id) > ($2::int, $3::bigint, $4::uuid)
    AND NOT EXISTS (SELECT 1 FROM queues WHERE name = $1::text AND paused_at IS NOT NULL)
ORDER BY rank, scheduled_at, id
LIMIT $5::int;

-- name: delete_ready
-- What another claim has locked is left out.
DELETE FROM ready
WHERE ctid = ANY (ARRAY(
    SELECT r.ctid
    FROM unnest($1::text[], $2::int[], $3::bigint[], $4::uuid[]) AS c(queue, rank, scheduled_at, id)
    CROSS JOIN LATERAL (
        SELECT ctid FROM ready
        WHERE queue = c.queue AND rank = c.rank AND scheduled_at = c.scheduled_at AND id = c.id FOR UPDATE SKIP LOCKED) r))
RETURNING id;

-- name: free_ready
-- Locks the first $5 of these rows that no other claim has locked.
SELECT c.id
FROM unnest($1::text[], $2::int[], $3::bigint[], $4::uuid[]) AS c(queue, rank, scheduled_at, id)
CROSS JOIN LATERAL (
    SELECT 1 FROM ready
    WHERE queue = c.queue AND rank = c.rank AND scheduled_at = c.scheduled_at AND id = c.id FOR UPDATE SKIP LOCKED) r
LIMIT $5::int;

-- name: insert_leases
INSERT INTO leases (id, worker, claimed_at, expires_at, remaining, job_ids, epochs)
SELECT c.id, c.worker, $5::bigint, $6::bigint, c.remaining, split_part(c.jobs, '|', 1)::uuid[], split_part(c.jobs, '|', 2)::bigint[]
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[]) AS c(id, worker, remaining, jobs);

-- name: leases_by_id
SELECT l.id, l.worker, l.job_ids::text || '|' || l.epochs::text, l.expires_at
FROM (SELECT DISTINCT id FROM unnest($1::uuid[]) x(id) ORDER BY id) x
CROSS JOIN LATERAL (SELECT * FROM leases WHERE id = x.id OFFSET 0) l;

-- name: claimed_jobs
-- Only jobs that can be claimed or are held: the others have ended. The last
-- columns count their direct parents, up to 1,001, and the bytes of the
-- parents' results.
SELECT x.id, j.workflow_id, coalesce(w.name, ''), j.name, j.queue, j.payload, s.epoch, s.attempts, j.max_attempts, j.timeout,
    s.priority, j.trace_id, j.traceparent, j.correlation_id, s.earlier, v.inputs, p.n, p.bytes
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT * FROM jobs WHERE id = x.id OFFSET 0) j
CROSS JOIN LATERAL (
    SELECT epoch, attempts, earlier, priority FROM job_state WHERE id = x.id AND status IN ('pending', 'retrying') OFFSET 0) s
LEFT JOIN LATERAL (SELECT name FROM workflows WHERE id = j.workflow_id OFFSET 0) w ON true
LEFT JOIN LATERAL (SELECT inputs FROM evaluations WHERE job_id = x.id AND j.rules <> '' OFFSET 0) v ON true
CROSS JOIN LATERAL (
    SELECT count(*) AS n, coalesce(sum(octet_length(ps.result)), 0)::bigint AS bytes
    FROM (SELECT parent_id FROM edges WHERE child_id = x.id LIMIT 1001) e
    CROSS JOIN LATERAL (SELECT result FROM job_state WHERE id = e.parent_id OFFSET 0) ps) p;

-- name: parents_results
SELECT x.id, e.parent_id, pj.name, p.status, p.result
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT parent_id FROM edges WHERE child_id = x.id OFFSET 0) e
CROSS JOIN LATERAL (SELECT status, result FROM job_state WHERE id = e.parent_id OFFSET 0) p
CROSS JOIN LATERAL (SELECT name FROM jobs WHERE id = e.parent_id OFFSET 0) pj
ORDER BY x.id, e.parent_id;

-- name: held_job
-- One row when the fence (job, epoch, lease) holds.
SELECT 1
FROM (SELECT job_ids, epochs FROM leases WHERE id = $3::uuid OFFSET 0) l
CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS e(id, epoch)
CROSS JOIN LATERAL (SELECT epoch, status FROM job_state WHERE id = e.id OFFSET 0) s
WHERE e.id = $1::uuid AND e.epoch = $2::bigint AND s.epoch = $2::bigint AND s.status IN ('pending', 'retrying');

-- name: parents_page
SELECT e.parent_id, pj.name, p.status, p.result
FROM (SELECT parent_id FROM edges WHERE child_id = $1::uuid AND parent_id > $2::uuid ORDER BY parent_id) e
CROSS JOIN LATERAL (SELECT name FROM jobs WHERE id = e.parent_id OFFSET 0) pj
CROSS JOIN LATERAL (SELECT status, result FROM job_state WHERE id = e.parent_id OFFSET 0) p
WHERE $3::text = '' OR pj.name = $3::text
ORDER BY e.parent_id
LIMIT $4::int;

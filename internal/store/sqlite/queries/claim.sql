-- name: ready_queues
-- Hops from one queue to the next along the primary key.
WITH RECURSIVE q(queue) AS (
    SELECT min(queue) FROM ready
    UNION ALL
    SELECT (SELECT min(r.queue) FROM ready r WHERE r.queue > q.queue) FROM q WHERE q.queue IS NOT NULL
)
SELECT queue FROM q WHERE queue IS NOT NULL;

-- name: ready_heads
-- The first ?5 rows of a queue after (rank, scheduled_at, id), with the queue's
-- weights.
SELECT queue, rank, scheduled_at, id, coalesce((SELECT weights FROM queues WHERE name = ?1), '')
FROM ready
WHERE queue = ?1 AND (rank, scheduled_at, id) > (?2, ?3, ?4)
    AND NOT EXISTS (SELECT 1 FROM queues WHERE name = ?1 AND paused_at IS NOT NULL)
ORDER BY rank, scheduled_at, id
LIMIT ?5;

-- name: delete_ready
DELETE FROM ready
WHERE (queue, rank, scheduled_at, id) IN (
    SELECT value ->> 'queue', value ->> 'rank', value ->> 'scheduled_at', unhex(value ->> 'id') FROM json_each(?1))
RETURNING id;

-- name: free_ready
-- The first ?2 of these rows that are there.
SELECT r.id
FROM json_each(?1) x
CROSS JOIN ready r ON r.queue = x.value ->> 'queue' AND r.rank = x.value ->> 'rank'
    AND r.scheduled_at = x.value ->> 'scheduled_at' AND r.id = unhex(x.value ->> 'id')
LIMIT ?2;

-- name: insert_leases
INSERT INTO leases (id, worker, claimed_at, expires_at, remaining, jobs)
SELECT unhex(value ->> 'id'), value ->> 'worker', ?2, ?3, value ->> 'remaining', value -> 'jobs' FROM json_each(?1);

-- name: leases_by_id
SELECT id, worker, jobs, expires_at FROM leases WHERE id IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY id;

-- name: claimed_jobs
-- Only jobs that can be claimed or are held: the others have ended. The last
-- columns count their direct parents, up to 1,001, and the bytes of the
-- parents' results.
SELECT j.id, j.workflow_id, coalesce(w.name, ''), j.name, j.queue, j.payload, s.epoch, s.attempts, j.max_attempts, j.timeout,
    s.priority, j.trace_id, j.traceparent, j.correlation_id, s.earlier,
    (SELECT inputs FROM evaluations v WHERE v.job_id = j.id AND j.rules <> ''),
    (SELECT count(*) FROM (SELECT 1 FROM edges e WHERE e.child_id = j.id LIMIT 1001)),
    (SELECT coalesce(sum(length(p.result)), 0)
        FROM (SELECT e.parent_id FROM edges e WHERE e.child_id = j.id LIMIT 1001) e
        CROSS JOIN job_state p ON p.id = e.parent_id)
FROM json_each(?1) x
CROSS JOIN jobs j ON j.id = unhex(x.value)
CROSS JOIN job_state s ON s.id = j.id
LEFT JOIN workflows w ON w.id = j.workflow_id
WHERE s.status IN ('pending', 'retrying');

-- name: parents_results
SELECT c.child_id, p.id, pj.name, p.status, p.result
FROM json_each(?1) x
CROSS JOIN edges c ON c.child_id = unhex(x.value)
CROSS JOIN job_state p ON p.id = c.parent_id
CROSS JOIN jobs pj ON pj.id = p.id
ORDER BY c.child_id, p.id;

-- name: held_job
-- One row when the fence (job, epoch, lease) holds.
SELECT 1
FROM leases l, json_each(l.jobs) e
JOIN job_state s ON s.id = unhex(e.value ->> 0)
WHERE l.id = ?3 AND s.id = ?1 AND e.value ->> 1 = ?2 AND s.epoch = ?2 AND s.status IN ('pending', 'retrying');

-- name: parents_page
SELECT p.id, pj.name, p.status, p.result
FROM edges c
CROSS JOIN job_state p ON p.id = c.parent_id
CROSS JOIN jobs pj ON pj.id = p.id
WHERE c.child_id = ?1 AND c.parent_id > ?2 AND (?3 = '' OR pj.name = ?3)
ORDER BY c.parent_id
LIMIT ?4;

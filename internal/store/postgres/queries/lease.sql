-- name: lock_leases
SELECT l.id, l.worker, l.claimed_at, l.expires_at, l.accepted, l.job_ids::text || '|' || l.epochs::text, l.progress
FROM (SELECT DISTINCT id FROM unnest($1::uuid[]) x(id) ORDER BY id) x
CROSS JOIN LATERAL (SELECT * FROM leases WHERE id = x.id FOR UPDATE) l;

-- name: lock_leases_of_jobs
-- Leases that list any of the jobs $1.
SELECT l.id, l.worker, l.claimed_at, l.expires_at, l.accepted, l.job_ids::text || '|' || l.epochs::text, l.progress
FROM (SELECT id FROM leases WHERE job_ids && $1::uuid[] ORDER BY id) x
CROSS JOIN LATERAL (SELECT * FROM leases WHERE id = x.id FOR UPDATE) l;

-- name: lock_leases_of_workflows
-- Leases that list any job of the workflows $1.
SELECT l.id, l.worker, l.claimed_at, l.expires_at, l.accepted, l.job_ids::text || '|' || l.epochs::text, l.progress
FROM (
    SELECT id FROM leases l
    WHERE EXISTS (
        SELECT 1 FROM unnest(l.job_ids) e(id)
        CROSS JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = e.id OFFSET 0) j
        WHERE j.workflow_id = ANY ($1::uuid[]))
    ORDER BY id) x
CROSS JOIN LATERAL (SELECT * FROM leases WHERE id = x.id FOR UPDATE) l;

-- name: extend_leases
UPDATE leases l SET expires_at = $4::bigint, accepted = true, progress = b.progress
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS b(id, worker, progress)
WHERE l.id = ANY ($1::uuid[]) AND l.id = b.id AND l.worker = b.worker;

-- name: lease_jobs_to_stop
-- Jobs of these leases that are not held any more, or that should stop, apart
-- from those that ended under the lease itself.
SELECT l.id, e.id, NOT (s.epoch = e.epoch AND s.status IN ('pending', 'retrying'))
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT id, job_ids, epochs FROM leases WHERE id = x.id OFFSET 0) l
CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS e(id, epoch)
CROSS JOIN LATERAL (SELECT epoch, status, cancelling, lease_id FROM job_state WHERE id = e.id OFFSET 0) s
WHERE (s.epoch <> e.epoch OR s.status NOT IN ('pending', 'retrying') OR s.cancelling)
    AND s.lease_id IS DISTINCT FROM l.id
ORDER BY l.id, e.id;

-- name: expired_leases
SELECT id FROM leases WHERE expires_at <= $1::bigint ORDER BY expires_at, id LIMIT $2::int;

-- name: overdue_leases
SELECT count(*), count(DISTINCT worker) FROM leases WHERE expires_at <= $1::bigint AND accepted;

-- name: standing_leases
SELECT count(*) FROM (SELECT FROM leases WHERE expires_at > $1::bigint AND accepted LIMIT $2::int) l;

-- name: shrink_leases
UPDATE leases l SET remaining = l.remaining - c.n
FROM unnest($1::uuid[], $2::int[]) AS c(id, n)
WHERE l.id = ANY ($1::uuid[]) AND l.id = c.id;

-- name: delete_empty_leases
DELETE FROM leases WHERE id = ANY ($1::uuid[]) AND remaining <= 0;

-- name: delete_leases
DELETE FROM leases WHERE id = ANY ($1::uuid[]);

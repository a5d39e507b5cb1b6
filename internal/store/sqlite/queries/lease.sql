-- name: lock_leases
SELECT id, worker, claimed_at, expires_at, accepted, jobs, progress
FROM leases
WHERE id IN (SELECT unhex(value) FROM json_each(?1))
ORDER BY id;

-- name: lock_leases_of_jobs
-- Leases that list any of the jobs ?1.
SELECT id, worker, claimed_at, expires_at, accepted, jobs, progress
FROM leases
WHERE EXISTS (SELECT 1 FROM json_each(leases.jobs) e WHERE e.value ->> 0 IN (SELECT value FROM json_each(?1)))
ORDER BY id;

-- name: lock_leases_of_workflows
-- Leases that list any job of the workflows ?1.
SELECT id, worker, claimed_at, expires_at, accepted, jobs, progress
FROM leases
WHERE EXISTS (
    SELECT 1 FROM json_each(leases.jobs) e CROSS JOIN jobs j ON j.id = unhex(e.value ->> 0)
    WHERE j.workflow_id IN (SELECT unhex(value) FROM json_each(?1)))
ORDER BY id;

-- name: extend_leases
UPDATE leases SET expires_at = ?2, accepted = 1, progress = b.progress
FROM (
    SELECT unhex(value ->> 'id') AS id, value ->> 'worker' AS worker, value ->> 'progress' AS progress
    FROM json_each(?1)) AS b
WHERE leases.id = b.id AND leases.worker = b.worker;

-- name: lease_jobs_to_stop
-- Jobs of these leases that are not held any more, or that should stop, apart
-- from those that ended under the lease itself.
SELECT l.id, s.id, NOT (s.epoch = e.value ->> 1 AND s.status IN ('pending', 'retrying'))
FROM json_each(?1) x
CROSS JOIN leases l ON l.id = unhex(x.value)
CROSS JOIN json_each(l.jobs) e
CROSS JOIN job_state s ON s.id = unhex(e.value ->> 0)
WHERE (s.epoch <> e.value ->> 1 OR s.status NOT IN ('pending', 'retrying') OR s.cancelling = 1)
    AND NOT (s.lease_id IS NOT NULL AND s.lease_id = l.id)
ORDER BY l.id, s.id;

-- name: expired_leases
SELECT id FROM leases WHERE expires_at <= ?1 ORDER BY expires_at, id LIMIT ?2;

-- name: overdue_leases
SELECT count(*), count(DISTINCT worker) FROM leases WHERE expires_at <= ?1 AND accepted = 1;

-- name: standing_leases
SELECT count(*) FROM (SELECT 1 FROM leases WHERE expires_at > ?1 AND accepted = 1 LIMIT ?2);

-- name: shrink_leases
UPDATE leases SET remaining = remaining - c.n
FROM (SELECT unhex(value ->> 'id') AS id, value ->> 'n' AS n FROM json_each(?1)) AS c
WHERE leases.id = c.id;

-- name: delete_empty_leases
DELETE FROM leases WHERE id IN (SELECT unhex(value) FROM json_each(?1)) AND remaining <= 0;

-- name: delete_leases
DELETE FROM leases WHERE id IN (SELECT unhex(value) FROM json_each(?1));

-- name: expire_embedded_leases
UPDATE leases SET expires_at = ?1 WHERE expires_at > ?1 AND worker >= 'embedded/' AND worker < 'embedded0';

-- name: job_standing
-- What bears on a claim of a job besides what job says.
SELECT s.join_rule, s.quorum, s.unresolved, s.active, s.inactive, s.broken, coalesce(w.status, ''), coalesce(w.failing, 0),
    coalesce(w.user_paused, 0), coalesce(w.undecided, 0),
    q.paused_at IS NOT NULL,
    EXISTS (SELECT 1 FROM ready r
        WHERE r.queue = j.queue AND r.rank = 4 - s.priority AND r.scheduled_at = s.scheduled_at AND r.id = s.id),
    (SELECT count(*) FROM (
        SELECT 1 FROM ready r
        WHERE r.queue = j.queue AND (r.rank, r.scheduled_at, r.id) < (4 - s.priority, s.scheduled_at, s.id)
            AND r.rank >= CASE WHEN coalesce(q.weights, '') = '' THEN 0 ELSE 4 - s.priority END
        LIMIT 1000)),
    EXISTS (SELECT 1 FROM edge_check k WHERE k.parent_id = zeroblob(16) AND k.child_id = j.id)
        OR EXISTS (SELECT 1 FROM edges e CROSS JOIN edge_check k ON k.parent_id = e.parent_id AND k.child_id IN (e.child_id, zeroblob(16))
            WHERE e.child_id = j.id AND e.state = 'unresolved'),
    s.spared, coalesce(q.weights, '')
FROM job_state s
CROSS JOIN jobs j ON j.id = s.id
LEFT JOIN workflows w ON w.id = j.workflow_id
LEFT JOIN queues q ON q.name = j.queue
WHERE s.id = ?1;

-- name: parents_in_the_way
-- Those whose edges are not active, ?2 at most; the last column counts all.
SELECT e.parent_id, j.workflow_id, coalesce(j.name, ''), coalesce(s.status, ''), coalesce(s.epoch, 0), e."on", e.optional, e.state,
    (SELECT count(*) FROM edges a WHERE a.child_id = ?1)
FROM edges e
LEFT JOIN jobs j ON j.id = e.parent_id
LEFT JOIN job_state s ON s.id = e.parent_id
WHERE e.child_id = ?1 AND e.state <> 'active'
ORDER BY e.parent_id
LIMIT ?2;

-- name: lease_of_job
SELECT l.id, l.worker, l.accepted, l.claimed_at, l.expires_at
FROM leases l, json_each(l.jobs) e
CROSS JOIN job_state s ON s.id = unhex(e.value ->> 0)
WHERE e.value ->> 0 = ?1 AND s.epoch = e.value ->> 1 AND s.status IN ('pending', 'retrying');

-- name: causes
-- The failures behind jobs that are upstream_failed, those with most of them first.
SELECT grouped.cause, coalesce(j.name, ''), coalesce(s.status, ''), coalesce(s.error, ''), grouped.n
FROM (
    SELECT s.cause_job_id AS cause, count(*) AS n
    FROM jobs j CROSS JOIN job_state s ON s.id = j.id
    WHERE j.workflow_id = ?1 AND s.status = 'upstream_failed' AND s.cause_job_id IS NOT NULL
    GROUP BY s.cause_job_id
    ORDER BY n DESC, s.cause_job_id
    LIMIT ?2) AS grouped
LEFT JOIN jobs j ON j.id = grouped.cause
LEFT JOIN job_state s ON s.id = grouped.cause
ORDER BY grouped.n DESC, grouped.cause;

-- name: job_evaluation
SELECT evaluated_at, value, digest, inputs, error FROM evaluations WHERE job_id = ?1;

-- name: job_runs
SELECT epoch, run, status, reason, error, attempts, worker, result, payload, started_at, finished_at
FROM job_runs WHERE job_id = ?1 ORDER BY epoch;

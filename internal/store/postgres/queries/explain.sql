-- name: job_standing
-- What bears on a claim of a job besides what job says.
SELECT s.join_rule, s.quorum, s.unresolved, s.active, s.inactive, s.broken, coalesce(w.status, ''), coalesce(w.failing, false),
    coalesce(w.user_paused, false), coalesce(w.undecided, 0),
    q.paused_at IS NOT NULL,
    EXISTS (
        SELECT 1 FROM ready
        WHERE queue = j.queue AND rank = 4 - s.priority AND scheduled_at = s.scheduled_at AND id = j.id OFFSET 0),
    (SELECT count(*) FROM (
        SELECT 1 FROM ready
        WHERE queue = j.queue AND (rank, scheduled_at, id) < (4 - s.priority, s.scheduled_at, j.id)
            AND rank >= CASE WHEN coalesce(q.weights, '') = '' THEN 0 ELSE 4 - s.priority END
        LIMIT 1000) ahead),
    EXISTS (
        SELECT 1 FROM edge_check
        WHERE parent_id = '00000000-0000-0000-0000-000000000000' AND child_id BETWEEN j.id AND j.id OFFSET 0)
    OR EXISTS (
        SELECT 1
        FROM (SELECT parent_id FROM edges WHERE child_id = $1::uuid AND state = 'unresolved' OFFSET 0) e
        CROSS JOIN LATERAL (
            SELECT 1 FROM edge_check
            WHERE parent_id = e.parent_id AND child_id IN ($1::uuid, '00000000-0000-0000-0000-000000000000') OFFSET 0) k
        OFFSET 0),
    s.spared, coalesce(q.weights, '')
FROM (SELECT id, workflow_id, queue FROM jobs WHERE id = $1::uuid OFFSET 0) j
CROSS JOIN LATERAL (SELECT * FROM job_state WHERE id = j.id OFFSET 0) s
LEFT JOIN LATERAL (SELECT status, failing, user_paused, undecided FROM workflows WHERE id = j.workflow_id OFFSET 0) w ON true
LEFT JOIN LATERAL (SELECT paused_at, weights FROM queues WHERE name = j.queue OFFSET 0) q ON true;

-- name: parents_in_the_way
-- Those whose edges are not active, $2 at most; the last column counts all.
SELECT e.parent_id, j.workflow_id, coalesce(j.name, ''), coalesce(s.status, ''), coalesce(s.epoch, 0), e."on", e.optional, e.state,
    (SELECT count(*) FROM edges WHERE child_id = $1::uuid)
FROM (SELECT * FROM edges WHERE child_id = $1::uuid AND state <> 'active' ORDER BY parent_id LIMIT $2::int) e
LEFT JOIN LATERAL (SELECT workflow_id, name FROM jobs WHERE id = e.parent_id OFFSET 0) j ON true
LEFT JOIN LATERAL (SELECT status, epoch FROM job_state WHERE id = e.parent_id OFFSET 0) s ON true
ORDER BY e.parent_id;

-- name: lease_of_job
SELECT l.id, l.worker, l.accepted, l.claimed_at, l.expires_at
FROM leases l
CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS e(id, epoch)
CROSS JOIN LATERAL (SELECT epoch, status FROM job_state WHERE id = e.id OFFSET 0) s
WHERE e.id = $1::text::uuid AND s.epoch = e.epoch AND s.status IN ('pending', 'retrying');

-- name: causes
-- The failures behind jobs that are upstream_failed, those with most of them first.
SELECT g.cause, coalesce(j.name, ''), coalesce(s.status, ''), coalesce(s.error, ''), g.n
FROM (
    SELECT s.cause_job_id AS cause, count(*) AS n
    FROM (SELECT id FROM jobs WHERE workflow_id = $1::uuid OFFSET 0) j
    CROSS JOIN LATERAL (SELECT status, cause_job_id FROM job_state WHERE id = j.id OFFSET 0) s
    WHERE s.status = 'upstream_failed' AND s.cause_job_id IS NOT NULL
    GROUP BY s.cause_job_id
    ORDER BY n DESC, s.cause_job_id
    LIMIT $2::int) AS g
LEFT JOIN LATERAL (SELECT name FROM jobs WHERE id = g.cause OFFSET 0) j ON true
LEFT JOIN LATERAL (SELECT status, error FROM job_state WHERE id = g.cause OFFSET 0) s ON true
ORDER BY g.n DESC, g.cause;

-- name: job_evaluation
SELECT evaluated_at, value, digest, inputs, error FROM evaluations WHERE job_id = $1::uuid;

-- name: job_runs
SELECT epoch, run, status, reason, error, attempts, worker, result, payload, started_at, finished_at
FROM job_runs WHERE job_id = $1::uuid ORDER BY epoch;

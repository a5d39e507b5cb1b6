-- name: workflow_events
-- What happened in a workflow after (at, place, kind) and up to $5, $6 at most:
-- its begin and end, what people did, the begin and end of attempts and jobs, in
-- this run, in earlier ones and of jobs that are held. Attempts are numbered over all
-- runs; a job that ended without one in its run has none. Of what has one time the
-- end of the workflow comes last.
SELECT at, place, kind, job_id, name, status, reason, error, worker, attempt, actor, comment
FROM (
    SELECT created_at AS at, id AS place, 0 AS kind, NULL::uuid AS job_id, name, 'running' AS status, '' AS reason, '' AS error,
        '' AS worker, 0 AS attempt, '' AS actor, '' AS comment
    FROM workflows
    WHERE id = $1::uuid
    UNION ALL
    SELECT finished_at, id, 5, NULL::uuid, name, status, reason, '', '', 0, '', ''
    FROM workflows
    WHERE id = $1::uuid AND finished_at IS NOT NULL
    UNION ALL
    SELECT a.at, a.id, 1, a.job_id, coalesce(j.name, ''), a.action, '', '', '', 0, a.actor, a.comment
    FROM (SELECT id, at, actor, action, job_id, comment FROM audit WHERE workflow_id = $1::uuid OFFSET 0) a
    LEFT JOIN LATERAL (SELECT name FROM jobs WHERE id = a.job_id OFFSET 0) j ON true
    UNION ALL
    SELECT s.started_at, j.id, 2, j.id, j.name, 'running', '', '', s.worker,
        CASE WHEN s.attempts > 0 THEN s.earlier + s.attempts ELSE 0 END, '', ''
    FROM (SELECT id, name FROM jobs WHERE workflow_id = $1::uuid OFFSET 0) j
    CROSS JOIN LATERAL (SELECT started_at, finished_at, status, reason, error, worker, earlier, attempts FROM job_state WHERE id = j.id OFFSET 0) s
    WHERE s.status = 'completed' AND s.started_at IS NOT NULL
    UNION ALL
    SELECT s.finished_at, j.id, 4, j.id, j.name, s.status, s.reason, s.error, s.worker,
        CASE WHEN s.attempts > 0 THEN s.earlier + s.attempts ELSE 0 END, '', ''
    FROM (SELECT id, name FROM jobs WHERE workflow_id = $1::uuid OFFSET 0) j
    CROSS JOIN LATERAL (SELECT started_at, finished_at, status, reason, error, worker, earlier, attempts FROM job_state WHERE id = j.id OFFSET 0) s
    WHERE s.finished_at IS NOT NULL
    UNION ALL
    SELECT s.started_at, j.id, 2, j.id, j.name, 'running', '', '', s.worker,
        CASE WHEN s.attempts > 0 THEN
            (SELECT sum(attempts) FROM job_runs WHERE job_id = j.id AND epoch <= s.epoch)
        ELSE 0 END, '', ''
    FROM (SELECT id, name FROM jobs WHERE workflow_id = $1::uuid OFFSET 0) j
    CROSS JOIN LATERAL (SELECT started_at, finished_at, status, reason, error, worker, epoch, attempts FROM job_runs WHERE job_id = j.id OFFSET 0) s
    WHERE s.status = 'completed' AND s.started_at IS NOT NULL
    UNION ALL
    SELECT s.finished_at, j.id, 4, j.id, j.name, s.status, s.reason, s.error, s.worker,
        CASE WHEN s.attempts > 0 THEN
            (SELECT sum(attempts) FROM job_runs WHERE job_id = j.id AND epoch <= s.epoch)
        ELSE 0 END, '', ''
    FROM (SELECT id, name FROM jobs WHERE workflow_id = $1::uuid OFFSET 0) j
    CROSS JOIN LATERAL (SELECT started_at, finished_at, status, reason, error, worker, epoch, attempts FROM job_runs WHERE job_id = j.id OFFSET 0) s
    WHERE s.finished_at IS NOT NULL
    UNION ALL
    SELECT a.started_at, j.id, 2, j.id, j.name, 'running', '', '', a.worker, a.attempt, '', ''
    FROM (SELECT id, name FROM jobs WHERE workflow_id = $1::uuid OFFSET 0) j
    CROSS JOIN LATERAL (SELECT started_at, finished_at, outcome, error, worker, attempt FROM attempts WHERE job_id = j.id OFFSET 0) a
    UNION ALL
    SELECT a.finished_at, j.id, 3, j.id, j.name, a.outcome, '', a.error, a.worker, a.attempt, '', ''
    FROM (SELECT id, name FROM jobs WHERE workflow_id = $1::uuid OFFSET 0) j
    CROSS JOIN LATERAL (SELECT started_at, finished_at, outcome, error, worker, attempt FROM attempts WHERE job_id = j.id OFFSET 0) a
    UNION ALL
    SELECT l.claimed_at, j.id, 2, j.id, j.name, 'running', '', '', l.worker, s.earlier + s.attempts + 1, '', ''
    FROM leases l
    CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS h(id, epoch)
    CROSS JOIN LATERAL (SELECT id, name, workflow_id FROM jobs WHERE id = h.id OFFSET 0) j
    CROSS JOIN LATERAL (SELECT epoch, status, earlier, attempts FROM job_state WHERE id = h.id OFFSET 0) s
    WHERE j.workflow_id = $1::uuid AND s.epoch = h.epoch AND s.status IN ('pending', 'retrying')) e
WHERE at <= $5::bigint AND (at, kind = 5, place, kind) > ($2::bigint, $4::int = 5, $3::uuid, $4::int)
ORDER BY at, kind = 5, place, kind
LIMIT $6::int;

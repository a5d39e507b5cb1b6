-- name: workflow_events
-- What happened in a workflow after (at, place, kind) and up to ?5, ?6 at most:
-- its begin and end, what people did, the begin and end of attempts and jobs, in
-- this run, in earlier ones and of jobs that are held. Attempts are numbered over all
-- runs; a job that ended without one in its run has none. Of what has one time the
-- end of the workflow comes last.
SELECT at, place, kind, job_id, name, status, reason, error, worker, attempt, actor, comment
FROM (
    SELECT created_at AS at, id AS place, 0 AS kind, NULL AS job_id, name, 'running' AS status, '' AS reason, '' AS error,
        '' AS worker, 0 AS attempt, '' AS actor, '' AS comment
    FROM workflows
    WHERE id = ?1
    UNION ALL
    SELECT finished_at, id, 5, NULL, name, status, reason, '', '', 0, '', ''
    FROM workflows
    WHERE id = ?1 AND finished_at IS NOT NULL
    UNION ALL
    SELECT a.at, a.id, 1, a.job_id, coalesce(j.name, ''), a.action, '', '', '', 0, a.actor, a.comment
    FROM audit a
    LEFT JOIN jobs j ON j.id = a.job_id
    WHERE a.workflow_id = ?1
    UNION ALL
    SELECT s.started_at, j.id, 2, j.id, j.name, 'running', '', '', s.worker,
        CASE WHEN s.attempts > 0 THEN s.earlier + s.attempts ELSE 0 END, '', ''
    FROM jobs j INDEXED BY jobs_workflow
    CROSS JOIN job_state s ON s.id = j.id
    WHERE j.workflow_id = ?1 AND s.status = 'completed' AND s.started_at IS NOT NULL
    UNION ALL
    SELECT s.finished_at, j.id, 4, j.id, j.name, s.status, s.reason, s.error, s.worker,
        CASE WHEN s.attempts > 0 THEN s.earlier + s.attempts ELSE 0 END, '', ''
    FROM jobs j INDEXED BY jobs_workflow
    CROSS JOIN job_state s ON s.id = j.id
    WHERE j.workflow_id = ?1 AND s.finished_at IS NOT NULL
    UNION ALL
    SELECT s.started_at, j.id, 2, j.id, j.name, 'running', '', '', s.worker,
        CASE WHEN s.attempts > 0 THEN
            (SELECT sum(r.attempts) FROM job_runs r WHERE r.job_id = s.job_id AND r.epoch <= s.epoch)
        ELSE 0 END, '', ''
    FROM jobs j INDEXED BY jobs_workflow
    CROSS JOIN job_runs s ON s.job_id = j.id
    WHERE j.workflow_id = ?1 AND s.status = 'completed' AND s.started_at IS NOT NULL
    UNION ALL
    SELECT s.finished_at, j.id, 4, j.id, j.name, s.status, s.reason, s.error, s.worker,
        CASE WHEN s.attempts > 0 THEN
            (SELECT sum(r.attempts) FROM job_runs r WHERE r.job_id = s.job_id AND r.epoch <= s.epoch)
        ELSE 0 END, '', ''
    FROM jobs j INDEXED BY jobs_workflow
    CROSS JOIN job_runs s ON s.job_id = j.id
    WHERE j.workflow_id = ?1 AND s.finished_at IS NOT NULL
    UNION ALL
    SELECT a.started_at, j.id, 2, j.id, j.name, 'running', '', '', a.worker, a.attempt, '', ''
    FROM jobs j INDEXED BY jobs_workflow
    CROSS JOIN attempts a ON a.job_id = j.id
    WHERE j.workflow_id = ?1
    UNION ALL
    SELECT a.finished_at, j.id, 3, j.id, j.name, a.outcome, '', a.error, a.worker, a.attempt, '', ''
    FROM jobs j INDEXED BY jobs_workflow
    CROSS JOIN attempts a ON a.job_id = j.id
    WHERE j.workflow_id = ?1
    UNION ALL
    SELECT l.claimed_at, j.id, 2, j.id, j.name, 'running', '', '', l.worker, s.earlier + s.attempts + 1, '', ''
    FROM leases l, json_each(l.jobs) h
    CROSS JOIN jobs j ON j.id = unhex(h.value ->> 0)
    CROSS JOIN job_state s ON s.id = j.id
    WHERE j.workflow_id = ?1 AND s.epoch = h.value ->> 1 AND s.status IN ('pending', 'retrying')) e
WHERE at <= ?5 AND (at, kind = 5, place, kind) > (?2, ?4 = 5, ?3, ?4)
ORDER BY at, kind = 5, place, kind
LIMIT ?6;

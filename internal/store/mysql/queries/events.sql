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
    FROM hw_workflows
    WHERE id = UNHEX(?1)
    UNION ALL
    SELECT finished_at, id, 5, NULL, name, status, reason, '', '', 0, '', ''
    FROM hw_workflows
    WHERE id = UNHEX(?1) AND finished_at IS NOT NULL
    UNION ALL
    SELECT a.at, a.id, 1, a.job_id, COALESCE(j.name, ''), a.action, '', '', '', 0, a.actor, a.comment
    FROM hw_audit a FORCE INDEX (PRIMARY)
    LEFT JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = a.job_id
    WHERE a.workflow_id = UNHEX(?1)
    UNION ALL
    SELECT s.started_at, j.id, 2, j.id, j.name, 'running', '', '', s.worker,
        CASE WHEN s.attempts > 0 THEN s.earlier + s.attempts ELSE 0 END, '', ''
    FROM hw_jobs j FORCE INDEX (hw_jobs_workflow)
    STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = j.id
    WHERE j.workflow_id = UNHEX(?1) AND s.status = 'completed' AND s.started_at IS NOT NULL
    UNION ALL
    SELECT s.finished_at, j.id, 4, j.id, j.name, s.status, s.reason, s.error, s.worker,
        CASE WHEN s.attempts > 0 THEN s.earlier + s.attempts ELSE 0 END, '', ''
    FROM hw_jobs j FORCE INDEX (hw_jobs_workflow)
    STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = j.id
    WHERE j.workflow_id = UNHEX(?1) AND s.finished_at IS NOT NULL
    UNION ALL
    SELECT s.started_at, j.id, 2, j.id, j.name, 'running', '', '', s.worker,
        CASE WHEN s.attempts > 0 THEN
            (SELECT CAST(SUM(r.attempts) AS SIGNED) FROM hw_job_runs r FORCE INDEX (PRIMARY)
                WHERE r.job_id = s.job_id AND r.epoch <= s.epoch)
        ELSE 0 END, '', ''
    FROM hw_jobs j FORCE INDEX (hw_jobs_workflow)
    STRAIGHT_JOIN hw_job_runs s FORCE INDEX (PRIMARY) ON s.job_id = j.id
    WHERE j.workflow_id = UNHEX(?1) AND s.status = 'completed' AND s.started_at IS NOT NULL
    UNION ALL
    SELECT s.finished_at, j.id, 4, j.id, j.name, s.status, s.reason, s.error, s.worker,
        CASE WHEN s.attempts > 0 THEN
            (SELECT CAST(SUM(r.attempts) AS SIGNED) FROM hw_job_runs r FORCE INDEX (PRIMARY)
                WHERE r.job_id = s.job_id AND r.epoch <= s.epoch)
        ELSE 0 END, '', ''
    FROM hw_jobs j FORCE INDEX (hw_jobs_workflow)
    STRAIGHT_JOIN hw_job_runs s FORCE INDEX (PRIMARY) ON s.job_id = j.id
    WHERE j.workflow_id = UNHEX(?1) AND s.finished_at IS NOT NULL
    UNION ALL
    SELECT a.started_at, j.id, 2, j.id, j.name, 'running', '', '', a.worker, a.attempt, '', ''
    FROM hw_jobs j FORCE INDEX (hw_jobs_workflow)
    STRAIGHT_JOIN hw_attempts a FORCE INDEX (PRIMARY) ON a.job_id = j.id
    WHERE j.workflow_id = UNHEX(?1)
    UNION ALL
    SELECT a.finished_at, j.id, 3, j.id, j.name, a.outcome, '', a.error, a.worker, a.attempt, '', ''
    FROM hw_jobs j FORCE INDEX (hw_jobs_workflow)
    STRAIGHT_JOIN hw_attempts a FORCE INDEX (PRIMARY) ON a.job_id = j.id
    WHERE j.workflow_id = UNHEX(?1)
    UNION ALL
    SELECT l.claimed_at, j.id, 2, j.id, j.name, 'running', '', '', l.worker, s.earlier + s.attempts + 1, '', ''
    FROM hw_leases l
    STRAIGHT_JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) h
    STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(h.id)
    STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = j.id
    WHERE j.workflow_id = UNHEX(?1) AND s.epoch = h.epoch AND s.status IN ('pending', 'retrying')) e
WHERE at <= ?5 AND (at > ?2 OR at = ?2 AND ((kind = 5) > (?4 = 5) OR (kind = 5) = (?4 = 5)
    AND (place > UNHEX(?3) OR place = UNHEX(?3) AND kind > ?4)))
ORDER BY at, kind = 5, place, kind
LIMIT ?6;

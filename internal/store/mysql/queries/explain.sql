-- name: job_standing
-- What bears on a claim of a job besides what job says. A subquery that counts
-- has the job as a constant of its own, so that it reads one range.
SELECT s.join_rule, s.quorum, s.unresolved, s.active, s.inactive, s.broken, COALESCE(w.status, ''), COALESCE(w.failing, 0),
    COALESCE(w.user_paused, 0), COALESCE(w.undecided, 0),
    EXISTS (SELECT 1 FROM hw_queues q WHERE q.name = j.queue AND q.paused_at IS NOT NULL),
    EXISTS (
        SELECT 1 FROM hw_ready r FORCE INDEX (PRIMARY)
        WHERE r.queue = j.queue AND r.`rank` = 4 - s.priority AND r.scheduled_at = s.scheduled_at AND r.id = j.id),
    (SELECT COUNT(*) FROM (
        SELECT 1
        FROM hw_job_state ms FORCE INDEX (PRIMARY)
        STRAIGHT_JOIN hw_jobs mj FORCE INDEX (PRIMARY)
        STRAIGHT_JOIN hw_ready r FORCE INDEX (PRIMARY)
        WHERE ms.id = UNHEX(?1) AND mj.id = UNHEX(?1) AND r.queue = mj.queue AND (r.`rank` < 4 - ms.priority
                AND NOT EXISTS (SELECT 1 FROM hw_queues mq WHERE mq.name = mj.queue AND mq.weights <> '')
            OR r.`rank` = 4 - ms.priority AND (r.scheduled_at < ms.scheduled_at OR r.scheduled_at = ms.scheduled_at AND r.id < UNHEX(?1)))
        LIMIT 1000) ahead),
    EXISTS (
        SELECT 1 FROM hw_edge_check k FORCE INDEX (PRIMARY)
        WHERE k.parent_id = UNHEX('00000000000000000000000000000000') AND k.child_id = j.id)
    OR EXISTS (
        SELECT 1 FROM hw_edges e FORCE INDEX (hw_edges_child)
        STRAIGHT_JOIN hw_edge_check k FORCE INDEX (PRIMARY) ON k.parent_id = e.parent_id AND k.child_id = e.child_id
        WHERE e.child_id = j.id AND e.state = 'unresolved')
    OR EXISTS (
        SELECT 1 FROM hw_edges e FORCE INDEX (hw_edges_child)
        STRAIGHT_JOIN hw_edge_check k FORCE INDEX (PRIMARY)
            ON k.parent_id = e.parent_id AND k.child_id = UNHEX('00000000000000000000000000000000')
        WHERE e.child_id = j.id AND e.state = 'unresolved'),
    s.spared, COALESCE((SELECT q.weights FROM hw_queues q WHERE q.name = j.queue), '')
FROM hw_job_state s FORCE INDEX (PRIMARY)
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = s.id
LEFT JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = j.workflow_id
WHERE s.id = UNHEX(?1);

-- name: parents_in_the_way
-- Those whose edges are not active, ?2 at most; the last column counts all.
SELECT e.parent_id, j.workflow_id, COALESCE(j.name, ''), COALESCE(s.status, ''), COALESCE(s.epoch, 0), e.`on`, e.optional, e.state,
    (SELECT COUNT(*) FROM hw_edges a FORCE INDEX (hw_edges_child) WHERE a.child_id = UNHEX(?1))
FROM (
    SELECT parent_id, `on`, optional, state FROM hw_edges FORCE INDEX (hw_edges_child)
    WHERE child_id = UNHEX(?1) AND state <> 'active' ORDER BY parent_id LIMIT ?2) e
LEFT JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = e.parent_id
LEFT JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = e.parent_id
ORDER BY e.parent_id;

-- name: lease_of_job
SELECT l.id, l.worker, l.accepted, l.claimed_at, l.expires_at
FROM hw_leases l
STRAIGHT_JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(e.id)
WHERE s.id = UNHEX(?1) AND s.epoch = e.epoch AND s.status IN ('pending', 'retrying');

-- name: causes
-- The failures behind jobs that are upstream_failed, those with most of them first.
SELECT g.cause, COALESCE(j.name, ''), COALESCE(s.status, ''), COALESCE(s.error, ''), g.n
FROM (
    SELECT u.cause_job_id AS cause, COUNT(*) AS n
    FROM hw_jobs x FORCE INDEX (hw_jobs_workflow)
    STRAIGHT_JOIN hw_job_state u FORCE INDEX (PRIMARY) ON u.id = x.id
    WHERE x.workflow_id = UNHEX(?1) AND u.status = 'upstream_failed' AND u.cause_job_id IS NOT NULL
    GROUP BY u.cause_job_id
    ORDER BY n DESC, u.cause_job_id
    LIMIT ?2) g
LEFT JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = g.cause
LEFT JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = g.cause
ORDER BY g.n DESC, g.cause;

-- name: job_evaluation
SELECT evaluated_at, value, digest, inputs, error FROM hw_evaluations WHERE job_id = UNHEX(?1);

-- name: job_runs
SELECT epoch, run, status, reason, error, attempts, worker, result, payload, started_at, finished_at
FROM hw_job_runs WHERE job_id = UNHEX(?1) ORDER BY epoch;

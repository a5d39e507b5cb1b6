-- name: keep_runs
-- How jobs stood that begin anew, if they had ended or an attempt of them had, with
-- the payload that is replaced.
INSERT INTO job_runs (job_id, epoch, run, status, reason, error, attempts, worker, result, payload, started_at, finished_at)
SELECT s.id, s.epoch, s.run, s.status, s.reason, s.error, s.attempts, s.worker, s.result,
    iif(x.value ->> 'payload' IS NULL, NULL, j.payload), s.started_at, s.finished_at
FROM json_each(?1) x
CROSS JOIN job_state s ON s.id = unhex(x.value ->> 'id')
CROSS JOIN jobs j ON j.id = s.id
WHERE s.finished_at IS NOT NULL OR s.attempts > 0 OR x.value ->> 'payload' IS NOT NULL;

-- name: reset_jobs
UPDATE job_state SET
    status = 'pending', dependency_status = c.dependency_status, epoch = job_state.epoch + 1,
    earlier = job_state.earlier + job_state.attempts, attempts = 0, give_backs = 0, unresolved = c.unresolved,
    active = c.active, inactive = c.inactive, broken = c.broken, scheduled_at = c.scheduled_at, started_at = NULL,
    finished_at = NULL, reason = '', error = '', cause_job_id = c.cause, lease_id = NULL, worker = '', result = NULL,
    cancelling = 0, spared = c.spared, decision = '', run = iif(c.run > 0, c.run, job_state.run - c.run)
FROM (
    SELECT unhex(value ->> 'id') AS id, value ->> 'dependency_status' AS dependency_status,
        value ->> 'unresolved' AS unresolved, value ->> 'active' AS active, value ->> 'inactive' AS inactive,
        value ->> 'broken' AS broken, value ->> 'scheduled_at' AS scheduled_at, value ->> 'run' AS run,
        unhex(value ->> 'cause') AS cause, value ->> 'spared' AS spared
    FROM json_each(?1)) AS c
WHERE job_state.id = c.id;

-- name: replace_payloads
UPDATE jobs SET payload = CAST(c.payload AS BLOB)
FROM (SELECT unhex(value ->> 'id') AS id, value ->> 'payload' AS payload FROM json_each(?1)) AS c
WHERE jobs.id = c.id;

-- name: move_deadlines
UPDATE jobs SET deadline_at = c.due_at
FROM (SELECT unhex(value ->> 'id') AS id, value ->> 'due_at' AS due_at FROM json_each(?1)) AS c
WHERE jobs.id = c.id;

-- name: decide_jobs
UPDATE job_state SET decision = c.decision, result = coalesce(c.result, job_state.result)
FROM (
    SELECT unhex(value ->> 'id') AS id, value ->> 'decision' AS decision, CAST(value ->> 'result' AS BLOB) AS result
    FROM json_each(?1)) AS c
WHERE job_state.id = c.id AND job_state.finished_at IS NOT NULL;

-- name: reopen_edges
UPDATE edges SET state = 'unresolved'
FROM (SELECT unhex(value ->> 'parent') AS parent, unhex(value ->> 'child') AS child FROM json_each(?1)) AS c
WHERE edges.parent_id = c.parent AND edges.child_id = c.child AND edges.state <> 'unresolved';

-- name: workflow_run
SELECT run, timeout, health_check_interval FROM workflows WHERE id = ?1;

-- name: reopen_workflow
UPDATE workflows SET run = ?2, finished_at = NULL, deadline_at = iif(timeout > 0, ?3 + timeout, NULL) WHERE id = ?1;

-- name: insert_evaluations
-- The newest one of each job counts.
INSERT INTO evaluations (job_id, evaluated_at, value, digest, inputs, error)
SELECT unhex(value ->> 'id'), ?2, value ->> 'value', value ->> 'digest', value ->> 'with', value ->> 'error'
FROM json_each(?1) WHERE true
ON CONFLICT (job_id) DO UPDATE SET
    evaluated_at = excluded.evaluated_at, value = excluded.value, digest = excluded.digest, inputs = excluded.inputs,
    error = excluded.error;

-- name: specs_of_jobs
SELECT j.id, j.payload, coalesce(w.metadata, 'null')
FROM json_each(?1) x
CROSS JOIN jobs j ON j.id = unhex(x.value)
LEFT JOIN workflows w ON w.id = j.workflow_id;

-- name: inputs_of_jobs
-- The direct parents of jobs, whether they are in the same workflow, and how large their results are.
SELECT e.child_id, e.parent_id, p.name, coalesce(p.workflow_id = c.workflow_id, false), s.status, s.epoch, s.attempts, coalesce(length(s.result), 0)
FROM json_each(?1) x
CROSS JOIN jobs c ON c.id = unhex(x.value)
CROSS JOIN edges e ON e.child_id = c.id
CROSS JOIN jobs p ON p.id = e.parent_id
CROSS JOIN job_state s ON s.id = e.parent_id;

-- name: results_of_jobs
SELECT s.id, s.result
FROM json_each(?1) x
CROSS JOIN job_state s ON s.id = unhex(x.value);

-- name: insert_audit
INSERT INTO audit (id, at, actor, action, workflow_id, job_id, comment)
SELECT unhex(value ->> 'id'), ?2, value ->> 'actor', value ->> 'action', unhex(value ->> 'workflow_id'),
    unhex(value ->> 'job_id'), value ->> 'comment'
FROM json_each(?1) WHERE true
ON CONFLICT DO NOTHING;

-- name: audit
SELECT id, at, actor, action, workflow_id, job_id, comment
FROM audit WHERE workflow_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3;

-- name: newest_claim
-- When a job of a workflow was claimed last, of those that are held.
SELECT max(l.claimed_at)
FROM leases l, json_each(l.jobs) e
CROSS JOIN jobs j ON j.id = unhex(e.value ->> 0)
WHERE j.workflow_id = ?1;

-- name: workflow_moved
SELECT name, health_check_interval, coalesce(moved_at, created_at) FROM workflows WHERE id = ?1 AND hidden = '';

-- name: workflow_rules
SELECT rules FROM workflows WHERE id = ?1;

-- name: edges_from_outside
-- The resolved edges into jobs from parents that are in another workflow, or gone.
SELECT e.parent_id, e.child_id, e."on", e.optional, e.state, coalesce(s.status, ''), coalesce(s.reason, ''), s.cause_job_id
FROM json_each(?1) x
CROSS JOIN jobs c ON c.id = unhex(x.value)
CROSS JOIN edges e ON e.child_id = c.id
LEFT JOIN jobs p ON p.id = e.parent_id
LEFT JOIN job_state s ON s.id = e.parent_id
WHERE e.state <> 'unresolved' AND (p.id IS NULL OR p.workflow_id IS NOT c.workflow_id);

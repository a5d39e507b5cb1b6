-- How these statements are written: see resolve.sql.

-- name: keep_runs
-- How jobs stood that begin anew, if they had ended or an attempt of them had, with
-- the payload that is replaced.
INSERT INTO hw_job_runs (job_id, epoch, run, status, reason, error, attempts, worker, result, payload, started_at, finished_at)
SELECT s.id, s.epoch, s.run, s.status, s.reason, s.error, s.attempts, s.worker, s.result,
    CASE WHEN c.payload IS NOT NULL THEN j.payload END, s.started_at, s.finished_at
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', payload LONGTEXT CHARACTER SET utf8mb4 PATH '$.payload')) c
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(c.id)
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = s.id
WHERE s.finished_at IS NOT NULL OR s.attempts > 0 OR c.payload IS NOT NULL;

-- name: reset_jobs
-- The assignments happen in turn.
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id',
    dependency_status VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.dependency_status',
    unresolved INT PATH '$.unresolved', active INT PATH '$.active', inactive INT PATH '$.inactive',
    broken INT PATH '$.broken', scheduled_at BIGINT PATH '$.scheduled_at', run INT PATH '$.run',
    cause VARCHAR(32) PATH '$.cause', spared INT PATH '$.spared')) c
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(c.id)
SET s.earlier = s.earlier + s.attempts, s.attempts = 0, s.status = 'pending', s.dependency_status = c.dependency_status,
    s.epoch = s.epoch + 1, s.give_backs = 0, s.unresolved = c.unresolved, s.active = c.active, s.inactive = c.inactive,
    s.broken = c.broken, s.scheduled_at = c.scheduled_at, s.started_at = NULL, s.finished_at = NULL, s.reason = '',
    s.error = '', s.cause_job_id = UNHEX(c.cause), s.lease_id = NULL, s.worker = '', s.result = NULL, s.cancelling = 0,
    s.spared = c.spared, s.decision = '', s.run = CASE WHEN c.run > 0 THEN c.run ELSE s.run - c.run END;

-- name: replace_payloads
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', payload LONGTEXT CHARACTER SET utf8mb4 PATH '$.payload')) c
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(c.id)
SET j.payload = FROM_BASE64(c.payload);

-- name: move_deadlines
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$.id', due_at BIGINT PATH '$.due_at')) c
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(c.id)
SET j.deadline_at = c.due_at;

-- name: decide_jobs
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', decision VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.decision',
    result LONGTEXT CHARACTER SET utf8mb4 PATH '$.result')) c
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(c.id)
SET s.decision = c.decision, s.result = COALESCE(FROM_BASE64(c.result), s.result)
WHERE s.finished_at IS NOT NULL;

-- name: reopen_edges
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (
    parent VARCHAR(32) PATH '$.parent', child VARCHAR(32) PATH '$.child')) c
STRAIGHT_JOIN hw_edges e FORCE INDEX (PRIMARY) ON e.parent_id = UNHEX(c.parent) AND e.child_id = UNHEX(c.child)
SET e.state = 'unresolved'
WHERE e.state <> 'unresolved';

-- name: workflow_run
SELECT run, timeout, health_check_interval FROM hw_workflows WHERE id = UNHEX(?1);

-- name: reopen_workflow
UPDATE hw_workflows SET run = ?2, finished_at = NULL, deadline_at = CASE WHEN timeout > 0 THEN ?3 + timeout END
WHERE id = UNHEX(?1);

-- name: insert_evaluations
-- The newest one of each job counts.
INSERT INTO hw_evaluations (job_id, evaluated_at, value, digest, inputs, error)
SELECT UNHEX(c.id), ?2, c.value, c.digest, c.inputs, c.error
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', value INT PATH '$.value',
    digest VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.digest',
    inputs LONGTEXT CHARACTER SET utf8mb4 PATH '$.with',
    error LONGTEXT CHARACTER SET utf8mb4 PATH '$.error')) c
ORDER BY c.id
ON DUPLICATE KEY UPDATE
    evaluated_at = ?2, value = c.value, digest = c.digest, inputs = c.inputs, error = c.error;

-- name: specs_of_jobs
SELECT j.id, j.payload, COALESCE(w.metadata, 'null')
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(i.id)
LEFT JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = j.workflow_id;

-- name: inputs_of_jobs
-- The direct parents of jobs, whether they are in the same workflow, and how large their results are.
SELECT e.child_id, e.parent_id, p.name, COALESCE(p.workflow_id = c.workflow_id, FALSE), s.status, s.epoch, s.attempts, COALESCE(OCTET_LENGTH(s.result), 0)
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_jobs c FORCE INDEX (PRIMARY) ON c.id = UNHEX(i.id)
STRAIGHT_JOIN hw_edges e FORCE INDEX (hw_edges_child) ON e.child_id = c.id
STRAIGHT_JOIN hw_jobs p FORCE INDEX (PRIMARY) ON p.id = e.parent_id
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = e.parent_id;

-- name: results_of_jobs
SELECT s.id, s.result
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(i.id);

-- name: edges_from_outside
-- The resolved edges into jobs from parents that are in another workflow, or gone.
SELECT e.parent_id, e.child_id, e.`on`, e.optional, e.state, COALESCE(s.status, ''), COALESCE(s.reason, ''), s.cause_job_id
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_jobs c FORCE INDEX (PRIMARY) ON c.id = UNHEX(i.id)
STRAIGHT_JOIN hw_edges e FORCE INDEX (hw_edges_child) ON e.child_id = c.id
LEFT JOIN hw_jobs p FORCE INDEX (PRIMARY) ON p.id = e.parent_id
LEFT JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = e.parent_id
WHERE e.state <> 'unresolved' AND (p.id IS NULL OR NOT (p.workflow_id <=> c.workflow_id));

-- name: insert_audit
INSERT INTO hw_audit (id, at, actor, action, workflow_id, job_id, comment)
SELECT UNHEX(c.id), ?2, c.actor, c.action, UNHEX(c.workflow_id), UNHEX(c.job_id), c.comment
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', actor LONGTEXT CHARACTER SET utf8mb4 PATH '$.actor',
    action VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.action', workflow_id VARCHAR(32) PATH '$.workflow_id',
    job_id VARCHAR(32) PATH '$.job_id', comment LONGTEXT CHARACTER SET utf8mb4 PATH '$.comment')) c
ON DUPLICATE KEY UPDATE id = hw_audit.id;

-- name: audit
SELECT id, at, actor, action, workflow_id, job_id, comment
FROM hw_audit FORCE INDEX (PRIMARY) WHERE workflow_id = UNHEX(?1) AND id > UNHEX(?2) ORDER BY id LIMIT ?3;

-- name: newest_claim
-- When a job of a workflow was claimed last, of those that are held.
SELECT MAX(l.claimed_at)
FROM hw_leases l
STRAIGHT_JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(e.id)
WHERE j.workflow_id = UNHEX(?1);

-- name: workflow_moved
SELECT name, health_check_interval, COALESCE(moved_at, created_at) FROM hw_workflows WHERE id = UNHEX(?1) AND hidden = '';

-- name: workflow_rules
SELECT rules FROM hw_workflows WHERE id = UNHEX(?1);

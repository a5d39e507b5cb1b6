-- How these statements are written: see resolve.sql.

-- name: keep_runs
-- How jobs stood that begin anew, if they had ended or an attempt of them had, with
-- the payload that is replaced.
INSERT INTO job_runs (job_id, epoch, run, status, reason, error, attempts, worker, result, payload, started_at, finished_at)
SELECT c.id, s.epoch, s.run, s.status, s.reason, s.error, s.attempts, s.worker, s.result,
    CASE WHEN c.payload IS NOT NULL THEN j.payload END, s.started_at, s.finished_at
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::int[], $7::bigint[], $8::int[], $9::bytea[],
    $10::uuid[], $11::int[])
    AS c(id, dependency_status, unresolved, active, inactive, broken, scheduled_at, run, payload, cause, spared)
CROSS JOIN LATERAL (SELECT * FROM job_state WHERE id = c.id OFFSET 0) s
CROSS JOIN LATERAL (SELECT payload FROM jobs WHERE id = c.id OFFSET 0) j
WHERE s.finished_at IS NOT NULL OR s.attempts > 0 OR c.payload IS NOT NULL;

-- name: reset_jobs
WITH changed AS (
    UPDATE job_state s SET
        status = 'pending', dependency_status = c.dependency_status, epoch = s.epoch + 1,
        earlier = s.earlier + s.attempts, attempts = 0, give_backs = 0, unresolved = c.unresolved,
        active = c.active, inactive = c.inactive, broken = c.broken, scheduled_at = c.scheduled_at, started_at = NULL,
        finished_at = NULL, reason = '', error = '', cause_job_id = c.cause, lease_id = NULL, worker = '', result = NULL,
        cancelling = false, spared = c.spared = 1, decision = '', run = CASE WHEN c.run > 0 THEN c.run ELSE s.run - c.run END
    FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::int[], $7::bigint[], $8::int[], $9::bytea[],
        $10::uuid[], $11::int[])
        AS c(id, dependency_status, unresolved, active, inactive, broken, scheduled_at, run, payload, cause, spared)
    WHERE s.id = ANY ($1::uuid[]) AND s.id = c.id
    RETURNING 1)
SELECT hammerwork_changed(count(*), $12::int) FROM changed;

-- name: replace_payloads
UPDATE jobs j SET payload = c.payload
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::int[], $7::bigint[], $8::int[], $9::bytea[],
    $10::uuid[], $11::int[])
    AS c(id, dependency_status, unresolved, active, inactive, broken, scheduled_at, run, payload, cause, spared)
WHERE j.id = ANY ($1::uuid[]) AND j.id = c.id;

-- name: move_deadlines
UPDATE jobs j SET deadline_at = c.due_at
FROM unnest($1::bigint[], $2::text[], $3::uuid[]) AS c(due_at, kind, id)
WHERE j.id = ANY ($3::uuid[]) AND j.id = c.id;

-- name: decide_jobs
WITH changed AS (
    UPDATE job_state s SET decision = c.decision, result = coalesce(c.result, s.result)
    FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS c(id, decision, result)
    WHERE s.id = ANY ($1::uuid[]) AND s.id = c.id AND coalesce(s.finished_at, 0) <> 0 -- statistics say nothing about it
    RETURNING 1)
SELECT hammerwork_changed(count(*), $4::int) FROM changed;

-- name: reopen_edges
-- As resolve_edges.
WITH changed AS (
    UPDATE edges SET state = 'unresolved'
    FROM (
        SELECT e.ctid AS place
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::text[]) AS c(parent, child, "on", optional, state)
        CROSS JOIN LATERAL (
            SELECT ctid FROM edges WHERE parent_id = c.parent AND child_id BETWEEN c.child AND c.child AND state <> 'unresolved' OFFSET 0) e) AS found
    WHERE edges.ctid = found.place
    RETURNING 1)
SELECT hammerwork_changed(count(*), $6::int) FROM changed;

-- name: workflow_run
SELECT run, timeout, health_check_interval FROM workflows WHERE id = $1::uuid;

-- name: reopen_workflow
UPDATE workflows SET run = $2::int, finished_at = NULL, deadline_at = CASE WHEN timeout > 0 THEN $3::bigint + timeout END
WHERE id = $1::uuid;

-- name: insert_evaluations
-- The newest one of each job counts.
INSERT INTO evaluations (job_id, evaluated_at, value, digest, inputs, error)
SELECT c.id, $6::bigint, c.value, c.digest, c."with", c.error
FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[]) AS c(id, value, digest, "with", error)
ON CONFLICT (job_id) DO UPDATE SET
    evaluated_at = excluded.evaluated_at, value = excluded.value, digest = excluded.digest, inputs = excluded.inputs,
    error = excluded.error;

-- name: specs_of_jobs
SELECT x.id, j.payload, coalesce(w.metadata, 'null')
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT workflow_id, payload FROM jobs WHERE id = x.id OFFSET 0) j
LEFT JOIN LATERAL (SELECT metadata FROM workflows WHERE id = j.workflow_id OFFSET 0) w ON true;

-- name: inputs_of_jobs
-- The direct parents of jobs, whether they are in the same workflow, and how large their results are.
SELECT x.id, e.parent_id, p.name, coalesce(p.workflow_id = c.workflow_id, false), s.status, s.epoch, s.attempts, coalesce(octet_length(s.result), 0)
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = x.id OFFSET 0) c
CROSS JOIN LATERAL (SELECT parent_id FROM edges WHERE child_id = x.id OFFSET 0) e
CROSS JOIN LATERAL (SELECT workflow_id, name FROM jobs WHERE id = e.parent_id OFFSET 0) p
CROSS JOIN LATERAL (SELECT status, epoch, attempts, result FROM job_state WHERE id = e.parent_id OFFSET 0) s;

-- name: results_of_jobs
SELECT x.id, s.result
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT result FROM job_state WHERE id = x.id OFFSET 0) s;

-- name: edges_from_outside
-- The resolved edges into jobs from parents that are in another workflow, or gone.
SELECT e.parent_id, x.id, e."on", e.optional, e.state, coalesce(s.status, ''), coalesce(s.reason, ''), s.cause_job_id
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = x.id OFFSET 0) c
CROSS JOIN LATERAL (SELECT * FROM edges WHERE child_id = x.id AND state <> 'unresolved' OFFSET 0) e
LEFT JOIN LATERAL (SELECT id, workflow_id FROM jobs WHERE id = e.parent_id OFFSET 0) p ON true
LEFT JOIN LATERAL (SELECT status, reason, cause_job_id FROM job_state WHERE id = e.parent_id OFFSET 0) s ON true
WHERE p.id IS NULL OR p.workflow_id IS DISTINCT FROM c.workflow_id;

-- name: insert_audit
INSERT INTO audit (id, at, actor, action, workflow_id, job_id, comment)
SELECT c.id, $7::bigint, c.actor, c.action, c.workflow_id, c.job_id, c.comment
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::text[])
    AS c(id, actor, action, workflow_id, job_id, comment)
ON CONFLICT DO NOTHING;

-- name: audit
SELECT id, at, actor, action, workflow_id, job_id, comment
FROM audit WHERE workflow_id = $1::uuid AND id > $2::uuid ORDER BY id LIMIT $3::int;

-- name: newest_claim
-- When a job of a workflow was claimed last, of those that are held.
SELECT max(l.claimed_at)
FROM leases l
CROSS JOIN LATERAL unnest(l.job_ids) AS e(id)
CROSS JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = e.id OFFSET 0) j
WHERE j.workflow_id = $1::uuid;

-- name: workflow_moved
SELECT name, health_check_interval, coalesce(moved_at, created_at) FROM workflows WHERE id = $1::uuid AND hidden = '';

-- name: workflow_rules
SELECT rules FROM workflows WHERE id = $1::uuid;

-- name: workflow_exists
SELECT hidden, created_at FROM workflows WHERE id = ?1;

-- name: lock_building
-- A workflow that is being enqueued in several transactions, and how many jobs
-- of it are there.
SELECT (SELECT count(*) FROM jobs WHERE workflow_id = ?1 AND ?2) FROM workflows WHERE id = ?1 AND hidden = 'building';

-- name: reveal_workflow
UPDATE workflows SET hidden = '' WHERE id = ?1 AND hidden = 'building';

-- name: jobs_existing
SELECT id FROM jobs WHERE id IN (SELECT unhex(value) FROM json_each(?1));

-- name: parents_stored
-- A workflow that is hidden has no jobs that anybody could depend on.
SELECT j.id
FROM json_each(?1) x
CROSS JOIN jobs j ON j.id = unhex(x.value)
LEFT JOIN workflows w ON w.id = j.workflow_id
WHERE coalesce(w.hidden, '') = '';

-- name: insert_workflow
INSERT INTO workflows (id, name, description, status, failure_policy, priority, metadata, digest, timeout,
    health_check_interval, trace_id, traceparent, correlation_id, total, created_at, started_at, hidden, rules,
    deadline_at, parent_job_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, iif(?4 <> 'pending', ?15, NULL), ?16, ?17,
    iif(?9 > 0 AND ?4 <> 'pending', ?15 + ?9, NULL), ?18);

-- name: insert_jobs
INSERT INTO jobs (id, workflow_id, position, name, queue, payload, depends_on, priority, max_attempts, retry, timeout,
    deadline_at, trace_id, traceparent, correlation_id, barrier, rules, created_at)
SELECT unhex(value ->> 'id'), unhex(value ->> 'workflow_id'), value ->> 'position', value ->> 'name', value ->> 'queue',
    CAST(value ->> 'payload' AS BLOB), value ->> 'depends_on', value ->> 'priority', value ->> 'max_attempts',
    value ->> 'retry', value ->> 'timeout', value ->> 'deadline_at', value ->> 'trace_id', value ->> 'traceparent',
    value ->> 'correlation_id', value ->> 'barrier', value ->> 'rules', ?2
FROM json_each(?1);

-- name: insert_job_states
INSERT INTO job_state (id, status, dependency_status, priority, join_rule, quorum, unresolved, scheduled_at)
SELECT unhex(value ->> 'id'), value ->> 'status', value ->> 'dependency_status', value ->> 'priority',
    value ->> 'join_rule', value ->> 'quorum', value ->> 'unresolved', value ->> 'scheduled_at'
FROM json_each(?1);

-- name: insert_edges
INSERT INTO edges (parent_id, child_id, "on", optional, state)
SELECT unhex(value ->> 'parent'), unhex(value ->> 'child'), value ->> 'on', value ->> 'optional', 'unresolved'
FROM json_each(?1);

-- name: insert_edge_checks
INSERT INTO edge_check (parent_id, child_id)
SELECT unhex(value ->> 'parent'), unhex(value ->> 'child') FROM json_each(?1) WHERE true
ON CONFLICT DO NOTHING;

-- name: insert_timers
INSERT INTO timers (due_at, kind, id)
SELECT value ->> 'due_at', value ->> 'kind', unhex(value ->> 'id') FROM json_each(?1) WHERE true
ON CONFLICT DO NOTHING;

-- name: make_ready
-- Jobs whose time has come; the others of ?1 wait in timers, see make_waiting.
INSERT INTO ready (queue, rank, scheduled_at, id)
SELECT j.queue, 4 - s.priority, s.scheduled_at, s.id
FROM json_each(?1) x
CROSS JOIN job_state s ON s.id = unhex(x.value)
CROSS JOIN jobs j ON j.id = s.id
WHERE s.status IN ('pending', 'retrying') AND s.dependency_status IN ('none', 'satisfied') AND s.scheduled_at <= ?2;

-- name: make_waiting
INSERT INTO timers (due_at, kind, id)
SELECT s.scheduled_at, 'job', s.id
FROM json_each(?1) x
CROSS JOIN job_state s ON s.id = unhex(x.value)
WHERE s.status IN ('pending', 'retrying') AND s.dependency_status IN ('none', 'satisfied') AND s.scheduled_at > ?2;

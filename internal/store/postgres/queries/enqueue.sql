-- name: workflow_exists
SELECT hidden, created_at FROM workflows WHERE id = $1::uuid;

-- name: lock_building
-- A workflow that is being enqueued in several transactions, and how many jobs
-- of it are there.
SELECT (SELECT count(*) FROM jobs WHERE workflow_id = $1::uuid AND $2::int = 1)
FROM workflows WHERE id = $1::uuid AND hidden = 'building' FOR UPDATE;

-- name: reveal_workflow
WITH changed AS (UPDATE workflows SET hidden = '' WHERE id = $1::uuid AND hidden = 'building' RETURNING 1)
SELECT hammerwork_changed(count(*), $2::int) FROM changed;

-- name: jobs_existing
SELECT j.id
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT id FROM jobs WHERE id = x.id OFFSET 0) j;

-- name: parents_stored
-- A workflow that is hidden has no jobs that anybody could depend on.
SELECT x.id
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = x.id OFFSET 0) j
LEFT JOIN LATERAL (SELECT hidden FROM workflows WHERE id = j.workflow_id OFFSET 0) w ON true
WHERE coalesce(w.hidden, '') = '';

-- name: insert_workflow
INSERT INTO workflows (id, name, description, status, failure_policy, priority, metadata, digest, timeout,
    health_check_interval, trace_id, traceparent, correlation_id, total, created_at, started_at, hidden, rules,
    deadline_at, parent_job_id)
VALUES ($1::uuid, $2::text, $3::text, $4::text, $5::text, $6::int, $7::text, $8::text, $9::bigint, $10::bigint, $11::text,
    $12::text, $13::text, $14::int, $15::bigint, CASE WHEN $4::text <> 'pending' THEN $15::bigint END, $16::text, $17::text,
    CASE WHEN $9::bigint > 0 AND $4::text <> 'pending' THEN $15::bigint + $9::bigint END, $18::uuid);

-- name: insert_jobs
INSERT INTO jobs (id, workflow_id, position, name, queue, payload, depends_on, priority, max_attempts, retry, timeout,
    deadline_at, trace_id, traceparent, correlation_id, barrier, rules, created_at)
SELECT c.id, c.workflow_id, c.position, c.name, c.queue, c.payload, c.depends_on, c.priority, c.max_attempts, c.retry, c.timeout,
    c.deadline_at, c.trace_id, c.traceparent, c.correlation_id, c.barrier, c.rules, $18::bigint
FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::bytea[], $7::text[], $8::int[], $9::int[],
    $10::text[], $11::bigint[], $12::bigint[], $13::text[], $14::text[], $15::text[], $16::boolean[], $17::text[])
    AS c(id, workflow_id, position, name, queue, payload, depends_on, priority, max_attempts, retry, timeout,
        deadline_at, trace_id, traceparent, correlation_id, barrier, rules);

-- name: insert_job_states
INSERT INTO job_state (id, status, dependency_status, priority, join_rule, quorum, unresolved, scheduled_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::text[], $6::int[], $7::int[], $8::bigint[]);

-- name: insert_edges
INSERT INTO edges (parent_id, child_id, "on", optional, state)
SELECT c.parent, c.child, c."on", c.optional = 1, 'unresolved'
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::text[]) AS c(parent, child, "on", optional, state);

-- name: insert_edge_checks
INSERT INTO edge_check (parent_id, child_id)
SELECT c.parent, c.child
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::text[]) AS c(parent, child, "on", optional, state)
ORDER BY c.parent, c.child
ON CONFLICT DO NOTHING;

-- name: insert_timers
INSERT INTO timers (due_at, kind, id)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::uuid[])
ON CONFLICT DO NOTHING;

-- name: make_ready
-- Jobs whose time has come, as far as their states agree.
INSERT INTO ready (queue, rank, scheduled_at, id)
SELECT j.queue, 4 - s.priority, s.scheduled_at, x.id
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (
    SELECT priority, scheduled_at FROM job_state
    WHERE id = x.id AND status IN ('pending', 'retrying') AND dependency_status IN ('none', 'satisfied')
        AND scheduled_at <= $2::bigint OFFSET 0) s
CROSS JOIN LATERAL (SELECT queue FROM jobs WHERE id = x.id OFFSET 0) j;

-- name: make_waiting
INSERT INTO timers (due_at, kind, id)
SELECT s.scheduled_at, 'job', x.id
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (
    SELECT scheduled_at FROM job_state
    WHERE id = x.id AND status IN ('pending', 'retrying') AND dependency_status IN ('none', 'satisfied')
        AND scheduled_at > $2::bigint OFFSET 0) s;

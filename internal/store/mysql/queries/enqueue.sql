-- name: workflow_exists
SELECT hidden, created_at FROM hw_workflows WHERE id = UNHEX(?1);

-- name: lock_building
-- A workflow that is being enqueued in several transactions, and how many jobs
-- of it are there.
SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM hw_jobs WHERE workflow_id = UNHEX(?1) AND ?2 = 1) n)
FROM hw_workflows WHERE id = UNHEX(?1) AND hidden = 'building' FOR UPDATE;

-- name: reveal_workflow
UPDATE hw_workflows SET hidden = '' WHERE id = UNHEX(?1) AND hidden = 'building';

-- name: jobs_existing
SELECT j.id
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(i.id);

-- name: parents_stored
-- A workflow that is hidden has no jobs that anybody could depend on.
SELECT j.id
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(i.id)
LEFT JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = j.workflow_id
WHERE COALESCE(w.hidden, '') = '';

-- name: insert_workflow
INSERT INTO hw_workflows (id, name, description, status, failure_policy, priority, metadata, digest, timeout,
    health_check_interval, trace_id, traceparent, correlation_id, total, created_at, started_at, hidden, rules,
    deadline_at, parent_job_id)
VALUES (UNHEX(?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, CASE WHEN ?4 <> 'pending' THEN ?15 END, ?16, ?17,
    CASE WHEN ?9 > 0 AND ?4 <> 'pending' THEN ?15 + ?9 END, CASE WHEN ?18 <> '' THEN UNHEX(?18) END);

-- name: insert_jobs
INSERT INTO hw_jobs (id, workflow_id, position, name, queue, payload, depends_on, priority, max_attempts, retry, timeout,
    deadline_at, trace_id, traceparent, correlation_id, barrier, rules, created_at)
SELECT UNHEX(c.id), UNHEX(c.workflow_id), c.position, c.name, c.queue, FROM_BASE64(c.payload), c.depends_on, c.priority,
    c.max_attempts, c.retry, c.timeout, c.deadline_at, c.trace_id, c.traceparent, c.correlation_id,
    c.barrier, c.rules, ?2
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', workflow_id VARCHAR(32) PATH '$.workflow_id', position INT PATH '$.position',
    name VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.name',
    queue VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.queue',
    payload LONGTEXT CHARACTER SET utf8mb4 PATH '$.payload',
    depends_on LONGTEXT CHARACTER SET utf8mb4 PATH '$.depends_on', priority INT PATH '$.priority',
    max_attempts INT PATH '$.max_attempts', retry LONGTEXT CHARACTER SET utf8mb4 PATH '$.retry',
    timeout BIGINT PATH '$.timeout', deadline_at BIGINT PATH '$.deadline_at',
    trace_id LONGTEXT CHARACTER SET utf8mb4 PATH '$.trace_id',
    traceparent LONGTEXT CHARACTER SET utf8mb4 PATH '$.traceparent',
    correlation_id LONGTEXT CHARACTER SET utf8mb4 PATH '$.correlation_id', barrier INT PATH '$.barrier',
    rules LONGTEXT CHARACTER SET utf8mb4 PATH '$.rules')) c;

-- name: insert_job_states
INSERT INTO hw_job_state (id, status, dependency_status, priority, join_rule, quorum, unresolved, scheduled_at, error, worker)
SELECT UNHEX(c.id), c.status, c.dependency_status, c.priority, c.join_rule, c.quorum, c.unresolved, c.scheduled_at, '', ''
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', status VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.status',
    dependency_status VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.dependency_status',
    priority INT PATH '$.priority', join_rule VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.join_rule',
    quorum INT PATH '$.quorum', unresolved INT PATH '$.unresolved', scheduled_at BIGINT PATH '$.scheduled_at')) c;

-- name: insert_edges
INSERT INTO hw_edges (parent_id, child_id, `on`, optional, state)
SELECT UNHEX(c.parent), UNHEX(c.child), c.`on`, c.optional, 'unresolved'
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    parent VARCHAR(32) PATH '$.parent', child VARCHAR(32) PATH '$.child',
    `on` VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.on', optional INT PATH '$.optional')) c;

-- name: insert_edge_checks
INSERT IGNORE INTO hw_edge_check (parent_id, child_id)
SELECT UNHEX(c.parent), UNHEX(c.child)
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    parent VARCHAR(32) PATH '$.parent', child VARCHAR(32) PATH '$.child')) c
ORDER BY c.parent, c.child;

-- name: insert_timers
INSERT IGNORE INTO hw_timers (due_at, kind, id)
SELECT c.due_at, c.kind, UNHEX(c.id)
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    due_at BIGINT PATH '$.due_at', kind VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.kind',
    id VARCHAR(32) PATH '$.id')) c;

-- name: make_ready
-- Jobs whose time has come, as far as their states agree.
INSERT INTO hw_ready (queue, `rank`, scheduled_at, id)
SELECT j.queue, 4 - s.priority, s.scheduled_at, s.id
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(i.id)
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = s.id
WHERE s.status IN ('pending', 'retrying') AND s.dependency_status IN ('none', 'satisfied') AND s.scheduled_at <= ?2;

-- name: make_waiting
INSERT INTO hw_timers (due_at, kind, id)
SELECT s.scheduled_at, 'job', s.id
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(i.id)
WHERE s.status IN ('pending', 'retrying') AND s.dependency_status IN ('none', 'satisfied') AND s.scheduled_at > ?2;

-- +goose Up
-- A job without a workflow has NULL as its workflow_id, and a sqlite3 older than
-- 3.41, which has no unhex(), reads the view as well.
DROP VIEW IF EXISTS hammerwork_jobs;
CREATE VIEW IF NOT EXISTS hammerwork_jobs AS
WITH held AS MATERIALIZED (
    SELECT upper(e.value ->> 0) AS id, e.value ->> 1 AS epoch, l.worker, l.claimed_at
    FROM leases l, json_each(l.jobs) e
)
SELECT
    lower(substr(hex(j.id), 1, 8) || '-' || substr(hex(j.id), 9, 4) || '-' || substr(hex(j.id), 13, 4) || '-' || substr(hex(j.id), 17, 4) || '-' || substr(hex(j.id), 21)) AS id,
    j.queue AS queue_name,
    j.name,
    CAST(j.payload AS TEXT) AS payload,
    CASE WHEN h.id IS NOT NULL AND s.status IN ('pending', 'retrying') THEN 'running' ELSE s.status END AS status,
    s.dependency_status,
    j.depends_on,
    s.priority,
    s.attempts,
    j.max_attempts,
    strftime('%Y-%m-%d %H:%M:%S', s.scheduled_at / 1000000, 'unixepoch') || printf('.%06d', s.scheduled_at % 1000000) AS scheduled_at,
    strftime('%Y-%m-%d %H:%M:%S', j.created_at / 1000000, 'unixepoch') || printf('.%06d', j.created_at % 1000000) AS created_at,
    strftime('%Y-%m-%d %H:%M:%S', coalesce(s.started_at, h.claimed_at) / 1000000, 'unixepoch') || printf('.%06d', coalesce(s.started_at, h.claimed_at) % 1000000) AS started_at,
    strftime('%Y-%m-%d %H:%M:%S', s.finished_at / 1000000, 'unixepoch') || printf('.%06d', s.finished_at % 1000000) AS finished_at,
    s.reason,
    s.error AS error_message,
    CAST(s.result AS TEXT) AS result,
    coalesce(h.worker, s.worker) AS worker,
    CASE WHEN j.workflow_id IS NOT NULL THEN lower(substr(hex(j.workflow_id), 1, 8) || '-' || substr(hex(j.workflow_id), 9, 4) || '-' || substr(hex(j.workflow_id), 13, 4) || '-' || substr(hex(j.workflow_id), 17, 4) || '-' || substr(hex(j.workflow_id), 21)) END AS workflow_id,
    w.name AS workflow_name,
    j.trace_id,
    j.correlation_id
FROM jobs j
JOIN job_state s ON s.id = j.id
LEFT JOIN workflows w ON w.id = j.workflow_id
LEFT JOIN held h ON h.id = hex(s.id) AND h.epoch = s.epoch
WHERE coalesce(w.hidden, '') = '';

-- +goose Down
DROP VIEW IF EXISTS hammerwork_jobs;
CREATE VIEW IF NOT EXISTS hammerwork_jobs AS
WITH held AS MATERIALIZED (
    SELECT unhex(e.value ->> 0) AS id, e.value ->> 1 AS epoch, l.worker, l.claimed_at
    FROM leases l, json_each(l.jobs) e
)
SELECT
    lower(substr(hex(j.id), 1, 8) || '-' || substr(hex(j.id), 9, 4) || '-' || substr(hex(j.id), 13, 4) || '-' || substr(hex(j.id), 17, 4) || '-' || substr(hex(j.id), 21)) AS id,
    j.queue AS queue_name,
    j.name,
    CAST(j.payload AS TEXT) AS payload,
    CASE WHEN h.id IS NOT NULL AND s.status IN ('pending', 'retrying') THEN 'running' ELSE s.status END AS status,
    s.dependency_status,
    j.depends_on,
    s.priority,
    s.attempts,
    j.max_attempts,
    strftime('%Y-%m-%d %H:%M:%S', s.scheduled_at / 1000000, 'unixepoch') || printf('.%06d', s.scheduled_at % 1000000) AS scheduled_at,
    strftime('%Y-%m-%d %H:%M:%S', j.created_at / 1000000, 'unixepoch') || printf('.%06d', j.created_at % 1000000) AS created_at,
    strftime('%Y-%m-%d %H:%M:%S', coalesce(s.started_at, h.claimed_at) / 1000000, 'unixepoch') || printf('.%06d', coalesce(s.started_at, h.claimed_at) % 1000000) AS started_at,
    strftime('%Y-%m-%d %H:%M:%S', s.finished_at / 1000000, 'unixepoch') || printf('.%06d', s.finished_at % 1000000) AS finished_at,
    s.reason,
    s.error AS error_message,
    CAST(s.result AS TEXT) AS result,
    coalesce(h.worker, s.worker) AS worker,
    lower(substr(hex(j.workflow_id), 1, 8) || '-' || substr(hex(j.workflow_id), 9, 4) || '-' || substr(hex(j.workflow_id), 13, 4) || '-' || substr(hex(j.workflow_id), 17, 4) || '-' || substr(hex(j.workflow_id), 21)) AS workflow_id,
    w.name AS workflow_name,
    j.trace_id,
    j.correlation_id
FROM jobs j
JOIN job_state s ON s.id = j.id
LEFT JOIN workflows w ON w.id = j.workflow_id
LEFT JOIN held h ON h.id = s.id AND h.epoch = s.epoch
WHERE coalesce(w.hidden, '') = '';

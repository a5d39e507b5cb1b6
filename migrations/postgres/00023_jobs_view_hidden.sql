-- +goose Up
-- A workflow that is hidden is hidden here, too.
CREATE OR REPLACE VIEW hammerwork_jobs AS
WITH held AS MATERIALIZED (
    SELECT e.id, e.epoch, l.worker, l.claimed_at
    FROM leases l CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS e(id, epoch)
)
SELECT
    j.id,
    j.queue AS queue_name,
    j.name,
    hammerwork_text(j.payload) AS payload,
    CASE WHEN h.id IS NOT NULL AND s.status IN ('pending', 'retrying') THEN 'running' ELSE s.status END AS status,
    s.dependency_status,
    j.depends_on,
    s.priority,
    s.attempts,
    j.max_attempts,
    hammerwork_time(s.scheduled_at) AS scheduled_at,
    hammerwork_time(j.created_at) AS created_at,
    hammerwork_time(coalesce(s.started_at, h.claimed_at)) AS started_at,
    hammerwork_time(s.finished_at) AS finished_at,
    s.reason,
    s.error AS error_message,
    hammerwork_text(s.result) AS result,
    coalesce(h.worker, s.worker) AS worker,
    j.workflow_id,
    w.name AS workflow_name,
    j.trace_id,
    j.correlation_id
FROM jobs j
JOIN job_state s ON s.id = j.id
LEFT JOIN workflows w ON w.id = j.workflow_id
LEFT JOIN held h ON h.id = s.id AND h.epoch = s.epoch
WHERE coalesce(w.hidden, '') = '';

-- +goose Down
CREATE OR REPLACE VIEW hammerwork_jobs AS
WITH held AS MATERIALIZED (
    SELECT e.id, e.epoch, l.worker, l.claimed_at
    FROM leases l CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS e(id, epoch)
)
SELECT
    j.id,
    j.queue AS queue_name,
    j.name,
    hammerwork_text(j.payload) AS payload,
    CASE WHEN h.id IS NOT NULL AND s.status IN ('pending', 'retrying') THEN 'running' ELSE s.status END AS status,
    s.dependency_status,
    j.depends_on,
    s.priority,
    s.attempts,
    j.max_attempts,
    hammerwork_time(s.scheduled_at) AS scheduled_at,
    hammerwork_time(j.created_at) AS created_at,
    hammerwork_time(coalesce(s.started_at, h.claimed_at)) AS started_at,
    hammerwork_time(s.finished_at) AS finished_at,
    s.reason,
    s.error AS error_message,
    hammerwork_text(s.result) AS result,
    coalesce(h.worker, s.worker) AS worker,
    j.workflow_id,
    w.name AS workflow_name,
    j.trace_id,
    j.correlation_id
FROM jobs j
JOIN job_state s ON s.id = j.id
LEFT JOIN workflows w ON w.id = j.workflow_id
LEFT JOIN held h ON h.id = s.id AND h.epoch = s.epoch;

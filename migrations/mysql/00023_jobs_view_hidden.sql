-- +goose Up
-- A workflow that is hidden is hidden here, too.
CREATE OR REPLACE VIEW hammerwork_jobs AS
SELECT
    LOWER(CONCAT(SUBSTR(HEX(j.id), 1, 8), '-', SUBSTR(HEX(j.id), 9, 4), '-', SUBSTR(HEX(j.id), 13, 4), '-', SUBSTR(HEX(j.id), 17, 4), '-', SUBSTR(HEX(j.id), 21))) AS id,
    j.queue AS queue_name,
    j.name,
    CONVERT(j.payload USING utf8mb4) AS payload,
    CASE WHEN h.id IS NOT NULL AND s.status IN ('pending', 'retrying') THEN 'running' ELSE s.status END AS status,
    s.dependency_status,
    j.depends_on,
    s.priority,
    s.attempts,
    j.max_attempts,
    TIMESTAMP'1970-01-01 00:00:00' + INTERVAL s.scheduled_at MICROSECOND AS scheduled_at,
    TIMESTAMP'1970-01-01 00:00:00' + INTERVAL j.created_at MICROSECOND AS created_at,
    TIMESTAMP'1970-01-01 00:00:00' + INTERVAL COALESCE(s.started_at, h.claimed_at) MICROSECOND AS started_at,
    TIMESTAMP'1970-01-01 00:00:00' + INTERVAL s.finished_at MICROSECOND AS finished_at,
    s.reason,
    s.error AS error_message,
    CONVERT(s.result USING utf8mb4) AS result,
    COALESCE(h.worker, s.worker) AS worker,
    LOWER(CONCAT(SUBSTR(HEX(j.workflow_id), 1, 8), '-', SUBSTR(HEX(j.workflow_id), 9, 4), '-', SUBSTR(HEX(j.workflow_id), 13, 4), '-', SUBSTR(HEX(j.workflow_id), 17, 4), '-', SUBSTR(HEX(j.workflow_id), 21))) AS workflow_id,
    w.name AS workflow_name,
    j.trace_id,
    j.correlation_id
FROM hw_jobs j
JOIN hw_job_state s ON s.id = j.id
LEFT JOIN hw_workflows w ON w.id = j.workflow_id
LEFT JOIN (
    SELECT UNHEX(e.id) AS id, e.epoch, l.worker, l.claimed_at
    FROM hw_leases l
    JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e) h
    ON h.id = s.id AND h.epoch = s.epoch
WHERE COALESCE(w.hidden, '') = '';

-- +goose Down
CREATE OR REPLACE VIEW hammerwork_jobs AS
SELECT
    LOWER(CONCAT(SUBSTR(HEX(j.id), 1, 8), '-', SUBSTR(HEX(j.id), 9, 4), '-', SUBSTR(HEX(j.id), 13, 4), '-', SUBSTR(HEX(j.id), 17, 4), '-', SUBSTR(HEX(j.id), 21))) AS id,
    j.queue AS queue_name,
    j.name,
    CONVERT(j.payload USING utf8mb4) AS payload,
    CASE WHEN h.id IS NOT NULL AND s.status IN ('pending', 'retrying') THEN 'running' ELSE s.status END AS status,
    s.dependency_status,
    j.depends_on,
    s.priority,
    s.attempts,
    j.max_attempts,
    TIMESTAMP'1970-01-01 00:00:00' + INTERVAL s.scheduled_at MICROSECOND AS scheduled_at,
    TIMESTAMP'1970-01-01 00:00:00' + INTERVAL j.created_at MICROSECOND AS created_at,
    TIMESTAMP'1970-01-01 00:00:00' + INTERVAL COALESCE(s.started_at, h.claimed_at) MICROSECOND AS started_at,
    TIMESTAMP'1970-01-01 00:00:00' + INTERVAL s.finished_at MICROSECOND AS finished_at,
    s.reason,
    s.error AS error_message,
    CONVERT(s.result USING utf8mb4) AS result,
    COALESCE(h.worker, s.worker) AS worker,
    LOWER(CONCAT(SUBSTR(HEX(j.workflow_id), 1, 8), '-', SUBSTR(HEX(j.workflow_id), 9, 4), '-', SUBSTR(HEX(j.workflow_id), 13, 4), '-', SUBSTR(HEX(j.workflow_id), 17, 4), '-', SUBSTR(HEX(j.workflow_id), 21))) AS workflow_id,
    w.name AS workflow_name,
    j.trace_id,
    j.correlation_id
FROM hw_jobs j
JOIN hw_job_state s ON s.id = j.id
LEFT JOIN hw_workflows w ON w.id = j.workflow_id
LEFT JOIN (
    SELECT UNHEX(e.id) AS id, e.epoch, l.worker, l.claimed_at
    FROM hw_leases l
    JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e) h
    ON h.id = s.id AND h.epoch = s.epoch;

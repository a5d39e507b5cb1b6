-- +goose Up
-- +goose StatementBegin
-- JSON as stored, for people; what is no text is shown with escapes.
CREATE OR REPLACE FUNCTION hammerwork_text(b bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    RETURN convert_from(b, 'UTF8');
EXCEPTION WHEN OTHERS THEN
    RETURN encode(b, 'escape');
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION hammerwork_time(us bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT timestamptz 'epoch' + us * interval '1 microsecond'
$$;
-- +goose StatementEnd

-- What people with a SQL prompt expect: one row a job.
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

-- The tables have a schema of their own; people look for the view in public,
-- where it is too if we may make it there.
-- +goose StatementBegin
DO $$ BEGIN
    IF current_schema() <> 'public' AND to_regclass('public.hammerwork_jobs') IS NULL THEN
        EXECUTE format('CREATE VIEW public.hammerwork_jobs AS SELECT * FROM %I.hammerwork_jobs', current_schema());
    END IF;
EXCEPTION WHEN insufficient_privilege OR invalid_schema_name THEN NULL;
END $$;
-- +goose StatementEnd

-- +goose Down
DROP VIEW hammerwork_jobs CASCADE;
DROP FUNCTION hammerwork_time;
DROP FUNCTION hammerwork_text;

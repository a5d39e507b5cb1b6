-- +goose Up
-- Finds old jobs that belong to no workflow.
CREATE INDEX IF NOT EXISTS jobs_alone ON jobs (created_at, id) WHERE workflow_id IS NULL;

-- +goose Down
DROP INDEX jobs_alone;

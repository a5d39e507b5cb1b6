-- +goose Up
-- Finds old jobs that belong to no workflow.
CREATE INDEX hw_jobs_alone ON hw_jobs (workflow_id, created_at, id);

-- +goose Down
DROP INDEX hw_jobs_alone ON hw_jobs;

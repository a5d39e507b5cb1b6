-- +goose Up
-- Finds workflows that have been kept for long enough.
CREATE INDEX hw_workflows_ended ON hw_workflows (status, finished_at, id);

-- +goose Down
DROP INDEX hw_workflows_ended ON hw_workflows;

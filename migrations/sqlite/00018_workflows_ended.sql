-- +goose Up
-- Finds workflows that have been kept for long enough.
CREATE INDEX IF NOT EXISTS workflows_ended ON workflows (status, finished_at, id) WHERE finished_at IS NOT NULL;

-- +goose Down
DROP INDEX workflows_ended;

-- +goose Up
-- Finds workflows that nobody sees.
CREATE INDEX IF NOT EXISTS workflows_unseen ON workflows (hidden, created_at, id) WHERE hidden <> '';

-- +goose Down
DROP INDEX workflows_unseen;

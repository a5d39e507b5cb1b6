-- +goose Up
-- Finds workflows that nobody sees.
CREATE INDEX hw_workflows_unseen ON hw_workflows (hidden, created_at, id);

-- +goose Down
DROP INDEX hw_workflows_unseen ON hw_workflows;

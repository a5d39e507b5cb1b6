-- +goose Up
-- 1: jobs outside depend on jobs of the workflow, or did.
ALTER TABLE hw_workflows ADD COLUMN depended_on TINYINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE hw_workflows DROP COLUMN depended_on;

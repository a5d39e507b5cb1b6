-- +goose Up
-- 1: jobs outside depend on jobs of the workflow, or did. What is stored already
-- is not looked through: it may be.
ALTER TABLE workflows ADD COLUMN depended_on INTEGER NOT NULL DEFAULT 0;
UPDATE workflows SET depended_on = 1;

-- +goose Down
ALTER TABLE workflows DROP COLUMN depended_on;

-- +goose Up
-- Whether jobs outside depend on jobs of the workflow, or did. What is stored
-- already is not looked through: it may be.
ALTER TABLE workflows ADD COLUMN IF NOT EXISTS depended_on boolean NOT NULL DEFAULT false;
UPDATE workflows SET depended_on = true;

-- +goose Down
ALTER TABLE workflows DROP COLUMN depended_on;

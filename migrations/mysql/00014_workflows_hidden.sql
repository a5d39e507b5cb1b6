-- +goose Up
-- building: being enqueued in several transactions; purging: being deleted in
-- several. Nobody sees either; '': everybody does.
ALTER TABLE hw_workflows ADD COLUMN hidden VARCHAR(32) NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE hw_workflows DROP COLUMN hidden;

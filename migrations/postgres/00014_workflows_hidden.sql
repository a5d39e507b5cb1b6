-- +goose Up
-- building: being enqueued in several transactions; purging: being deleted in
-- several. Nobody sees either; '': everybody does.
ALTER TABLE workflows ADD COLUMN IF NOT EXISTS hidden text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE workflows DROP COLUMN hidden;

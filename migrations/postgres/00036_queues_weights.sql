-- +goose Up
-- How priorities share claims, like high=2,normal=1; empty: strict.
ALTER TABLE queues ADD COLUMN IF NOT EXISTS weights text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE queues DROP COLUMN weights;

-- +goose Up
-- How priorities share claims, like high=2,normal=1; empty: strict.
ALTER TABLE hw_queues ADD COLUMN weights VARCHAR(100) NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE hw_queues DROP COLUMN weights;

-- +goose Up
-- A barrier has no work: the resolver completes it as soon as it could start.
ALTER TABLE jobs ADD COLUMN IF NOT EXISTS barrier boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE jobs DROP COLUMN barrier;

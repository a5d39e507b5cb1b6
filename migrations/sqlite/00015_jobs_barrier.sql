-- +goose Up
-- A barrier has no work: the resolver completes it as soon as it could start.
ALTER TABLE jobs ADD COLUMN barrier INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE jobs DROP COLUMN barrier;

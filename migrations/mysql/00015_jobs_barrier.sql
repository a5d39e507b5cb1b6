-- +goose Up
-- A barrier has no work: the resolver completes it as soon as it could start.
ALTER TABLE hw_jobs ADD COLUMN barrier TINYINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE hw_jobs DROP COLUMN barrier;

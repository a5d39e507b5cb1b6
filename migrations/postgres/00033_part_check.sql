-- +goose Up
-- Jobs that are made of parts and that CheckParts is to look at, with their parts.
CREATE TABLE IF NOT EXISTS part_check (
    id     uuid NOT NULL PRIMARY KEY,
    job_id uuid NOT NULL
);

-- +goose Down
DROP TABLE part_check;

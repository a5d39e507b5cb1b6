-- +goose Up
-- Jobs that are made of parts and that CheckParts is to look at, with their parts.
CREATE TABLE IF NOT EXISTS part_check (
    id     BLOB NOT NULL PRIMARY KEY,
    job_id BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE part_check;

-- +goose Up
-- Jobs that are made of parts and that CheckParts is to look at, with their parts.
CREATE TABLE IF NOT EXISTS hw_part_check (
    id     BINARY(16) NOT NULL PRIMARY KEY,
    job_id BINARY(16) NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_part_check;

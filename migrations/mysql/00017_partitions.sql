-- +goose Up
-- Which resolver hears the outcomes of a partition. No row, or one that has
-- expired: nobody.
CREATE TABLE IF NOT EXISTS hw_partitions (
    id         INT    NOT NULL PRIMARY KEY, -- from 0
    resolver   TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_partitions;

-- +goose Up
-- Which resolver hears the outcomes of a partition. No row, or one that has
-- expired: nobody.
CREATE TABLE IF NOT EXISTS partitions (
    id         INTEGER NOT NULL PRIMARY KEY, -- from 0
    resolver   TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE partitions;

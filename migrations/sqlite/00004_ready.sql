-- +goose Up
CREATE TABLE IF NOT EXISTS ready (
    queue        TEXT    NOT NULL,
    rank         INTEGER NOT NULL,                    -- 4 − priority
    scheduled_at INTEGER NOT NULL,
    id           BLOB    NOT NULL,
    PRIMARY KEY (queue, rank, scheduled_at, id)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE ready;

-- +goose Up
CREATE TABLE IF NOT EXISTS queues (
    name      TEXT    NOT NULL PRIMARY KEY,
    paused_at INTEGER                                 -- null: not paused
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE queues;

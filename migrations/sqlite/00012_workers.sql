-- +goose Up
CREATE TABLE IF NOT EXISTS workers (
    name          TEXT    NOT NULL PRIMARY KEY,
    queues        TEXT    NOT NULL,                   -- a JSON array; null: every queue
    slots         INTEGER NOT NULL,
    draining      INTEGER NOT NULL,
    first_seen_at INTEGER NOT NULL,                   -- since it was last away for over 10 minutes
    last_seen_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE workers;

-- +goose Up
CREATE TABLE IF NOT EXISTS timers (
    due_at INTEGER NOT NULL,
    kind   TEXT    NOT NULL,                          -- job, deadline, workflow, grace, cancel
    id     BLOB    NOT NULL,
    PRIMARY KEY (kind, due_at, id)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE timers;

-- +goose Up
-- What jobs wait for that no worker holds, since when, and how it was answered.
-- Without opened_at: a signal that came before its gate opened.
CREATE TABLE IF NOT EXISTS suspensions (
    job_id      BLOB    NOT NULL PRIMARY KEY,
    opened_at   INTEGER,          -- null: not yet
    expires_at  INTEGER,          -- null: never
    list        BLOB,             -- JSON: what a map is over
    answered_at INTEGER,          -- null: not yet
    actor       TEXT    NOT NULL DEFAULT '',
    comment     TEXT    NOT NULL DEFAULT '',
    approve     INTEGER NOT NULL DEFAULT 0,
    expired     INTEGER NOT NULL DEFAULT 0, -- 1: nobody answered, and the default held
    payload     BLOB              -- JSON, of a signal
) WITHOUT ROWID;

-- +goose Down
DROP TABLE suspensions;

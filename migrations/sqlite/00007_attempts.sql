-- +goose Up
CREATE TABLE IF NOT EXISTS attempts (
    job_id      BLOB    NOT NULL,
    epoch       INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,                     -- what the budget had counted when it ended
    lease_id    BLOB    NOT NULL,
    worker      TEXT    NOT NULL,
    outcome     TEXT    NOT NULL,
    error       TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    PRIMARY KEY (job_id, epoch)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE attempts;

-- +goose Up
-- How a job stood when it was reset: by a retry of its workflow, or a decision.
CREATE TABLE IF NOT EXISTS job_runs (
    job_id      BLOB    NOT NULL,
    epoch       INTEGER NOT NULL,
    run         INTEGER NOT NULL,
    status      TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    error       TEXT    NOT NULL,
    attempts    INTEGER NOT NULL,
    worker      TEXT    NOT NULL,
    result      BLOB,
    payload     BLOB,             -- null: it was not replaced
    started_at  INTEGER,
    finished_at INTEGER,
    PRIMARY KEY (job_id, epoch)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE job_runs;

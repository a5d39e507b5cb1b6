-- +goose Up
-- What people did to workflows and their jobs.
CREATE TABLE IF NOT EXISTS audit (
    workflow_id BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    at          INTEGER NOT NULL,
    actor       TEXT    NOT NULL,
    action      TEXT    NOT NULL, -- cancel, pause, decide.skip, …
    job_id      BLOB,             -- null: it was done to the workflow
    comment     TEXT    NOT NULL,
    PRIMARY KEY (workflow_id, id)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE audit;

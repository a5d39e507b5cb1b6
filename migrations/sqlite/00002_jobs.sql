-- +goose Up
CREATE TABLE IF NOT EXISTS jobs (
    id             BLOB    NOT NULL PRIMARY KEY,
    workflow_id    BLOB,                              -- null: none
    position       INTEGER NOT NULL,                  -- in the workflow's definition
    name           TEXT    NOT NULL,
    queue          TEXT    NOT NULL,
    payload        BLOB    NOT NULL,                  -- JSON, byte for byte as enqueued
    depends_on     TEXT    NOT NULL,                  -- JSON array of the parents' ids at enqueue
    priority       INTEGER NOT NULL,
    max_attempts   INTEGER NOT NULL,
    retry          TEXT    NOT NULL,                  -- JSON, the policy that holds for it
    timeout        INTEGER NOT NULL,                  -- microseconds an attempt may take; 0: any
    deadline_at    INTEGER,                           -- must have ended by then
    allow_failure  INTEGER NOT NULL DEFAULT 0,
    finally        INTEGER NOT NULL DEFAULT 0,
    catch          INTEGER NOT NULL DEFAULT 0,
    condition      TEXT    NOT NULL DEFAULT '',
    trace_id       TEXT    NOT NULL,
    traceparent    TEXT    NOT NULL,
    correlation_id TEXT    NOT NULL,
    created_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS jobs_workflow ON jobs (workflow_id, position) WHERE workflow_id IS NOT NULL;

-- +goose Down
DROP TABLE jobs;

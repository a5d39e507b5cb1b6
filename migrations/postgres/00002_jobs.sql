-- +goose Up
CREATE TABLE IF NOT EXISTS jobs (
    id             uuid    NOT NULL PRIMARY KEY,
    workflow_id    uuid,         -- null: none
    position       integer NOT NULL, -- in the workflow's definition
    name           text    NOT NULL,
    queue          text    NOT NULL,
    payload        bytea   NOT NULL, -- JSON, byte for byte as enqueued
    depends_on     text    NOT NULL, -- JSON array of the parents' ids at enqueue
    priority       integer NOT NULL,
    max_attempts   integer NOT NULL,
    retry          text    NOT NULL, -- JSON, the policy that holds for it
    timeout        bigint  NOT NULL, -- microseconds an attempt may take; 0: any
    deadline_at    bigint,         -- must have ended by then
    allow_failure  boolean NOT NULL DEFAULT false,
    finally        boolean NOT NULL DEFAULT false,
    catch          boolean NOT NULL DEFAULT false,
    condition      text    NOT NULL DEFAULT '',
    trace_id       text    NOT NULL,
    traceparent    text    NOT NULL,
    correlation_id text    NOT NULL,
    created_at     bigint  NOT NULL
);
CREATE INDEX IF NOT EXISTS jobs_workflow ON jobs (workflow_id, position) WHERE workflow_id IS NOT NULL;

-- +goose Down
DROP TABLE jobs;

-- +goose Up
CREATE TABLE IF NOT EXISTS hw_jobs (
    id             BINARY(16)   NOT NULL PRIMARY KEY,
    workflow_id    BINARY(16),                      -- null: none
    position       INT          NOT NULL,           -- in the workflow's definition
    name           VARCHAR(255) NOT NULL,
    queue          VARBINARY(1024) NOT NULL,
    payload        LONGBLOB     NOT NULL,           -- JSON, byte for byte as enqueued
    depends_on     LONGTEXT     NOT NULL,           -- JSON array of the parents' ids at enqueue
    priority       INT          NOT NULL,
    max_attempts   INT          NOT NULL,
    retry          TEXT         NOT NULL,           -- JSON, the policy that holds for it
    timeout        BIGINT       NOT NULL,           -- microseconds an attempt may take; 0: any
    deadline_at    BIGINT,                          -- must have ended by then
    allow_failure  TINYINT      NOT NULL DEFAULT 0,
    finally        TINYINT      NOT NULL DEFAULT 0,
    catch          TINYINT      NOT NULL DEFAULT 0,
    `condition`    VARCHAR(4096) NOT NULL DEFAULT '',
    trace_id       TEXT         NOT NULL,
    traceparent    TEXT         NOT NULL,
    correlation_id TEXT         NOT NULL,
    created_at     BIGINT       NOT NULL,
    KEY hw_jobs_workflow (workflow_id, position)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_jobs;

-- +goose Up
-- Times are microseconds since 1970-01-01 UTC. Ids are the 16 bytes of a UUID.
-- What never changes (jobs) is apart from what does (job_state); a job that can
-- be claimed has a row in ready, one that waits for its time a row in timers,
-- one in a worker's hands is listed by a row in leases. Whoever deletes the
-- ready row owns the job.
--
-- MySQL ends a transaction with every statement that changes the schema. So a
-- migration has one such statement, and may be run again.

CREATE TABLE IF NOT EXISTS hw_workflows (
    id                    BINARY(16)   NOT NULL PRIMARY KEY,
    name                  VARCHAR(255) NOT NULL,
    description           LONGTEXT     NOT NULL,
    status                VARCHAR(32)  NOT NULL,
    reason                VARCHAR(64)  NOT NULL DEFAULT '',
    failure_policy        VARCHAR(32)  NOT NULL,
    failing               TINYINT      NOT NULL DEFAULT 0,  -- 1 since a failure stopped it: nothing new starts
    priority              INT          NOT NULL,
    metadata              LONGTEXT     NOT NULL,            -- a JSON object
    digest                VARBINARY(255) NOT NULL DEFAULT '', -- of the definition it came from
    run                   INT          NOT NULL DEFAULT 1,
    timeout               BIGINT       NOT NULL DEFAULT 0,  -- microseconds; 0: none
    health_check_interval BIGINT       NOT NULL DEFAULT 0,  -- microseconds; 0: none
    trace_id              TEXT         NOT NULL,
    traceparent           TEXT         NOT NULL,
    correlation_id        TEXT         NOT NULL,
    total                 INT          NOT NULL,            -- the counters equal the sums over its jobs at every commit
    completed             INT          NOT NULL DEFAULT 0,
    failed                INT          NOT NULL DEFAULT 0,
    dead                  INT          NOT NULL DEFAULT 0,
    timed_out             INT          NOT NULL DEFAULT 0,
    upstream_failed       INT          NOT NULL DEFAULT 0,
    cancelled             INT          NOT NULL DEFAULT 0,
    skipped               INT          NOT NULL DEFAULT 0,
    created_at            BIGINT       NOT NULL,
    started_at            BIGINT,
    finished_at           BIGINT,
    KEY hw_workflows_digest (finished_at, digest, created_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_workflows;

-- +goose Up
CREATE TABLE IF NOT EXISTS hw_job_state (
    id                BINARY(16)  NOT NULL PRIMARY KEY,
    status            VARCHAR(32) NOT NULL,            -- running is derived from leases, never stored
    dependency_status VARCHAR(32) NOT NULL,
    epoch             BIGINT      NOT NULL DEFAULT 0,  -- up whenever a claim ends without a terminal outcome
    attempts          INT         NOT NULL DEFAULT 0,  -- what the retry budget has counted
    give_backs        INT         NOT NULL DEFAULT 0,  -- claims in a row that no worker took
    priority          INT         NOT NULL,            -- effective
    join_rule         VARCHAR(32) NOT NULL,
    quorum            INT         NOT NULL DEFAULT 0,
    unresolved        INT         NOT NULL,            -- edges into it, by state
    active            INT         NOT NULL DEFAULT 0,
    inactive          INT         NOT NULL DEFAULT 0,  -- without optional ones
    broken            INT         NOT NULL DEFAULT 0,  -- without optional ones
    scheduled_at      BIGINT      NOT NULL,            -- not claimable before
    started_at        BIGINT,                          -- of the claim that ended it
    finished_at       BIGINT,
    reason            VARCHAR(64) NOT NULL DEFAULT '',
    error             MEDIUMTEXT  NOT NULL,
    cause_job_id      BINARY(16),                      -- upstream_failed: the first failure
    lease_id          BINARY(16),                      -- of the claim that ended it
    worker            TEXT        NOT NULL,
    result            LONGBLOB,                        -- JSON, byte for byte as reported
    cancelling        TINYINT     NOT NULL DEFAULT 0,  -- 1: somebody cancelled it while it was held
    CONSTRAINT hw_job_state_unresolved CHECK (unresolved >= 0)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_job_state;

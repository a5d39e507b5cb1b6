-- +goose Up
-- How a job stood when it was reset: by a retry of its workflow, or a decision.
CREATE TABLE IF NOT EXISTS hw_job_runs (
    job_id      BINARY(16)  NOT NULL,
    epoch       BIGINT      NOT NULL,
    run         INT         NOT NULL,
    status      VARCHAR(32) NOT NULL,
    reason      VARCHAR(64) NOT NULL,
    error       TEXT        NOT NULL,
    attempts    INT         NOT NULL,
    worker      TEXT        NOT NULL,
    result      LONGBLOB,
    payload     LONGBLOB,             -- null: it was not replaced
    started_at  BIGINT,
    finished_at BIGINT,
    PRIMARY KEY (job_id, epoch)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_job_runs;

-- +goose Up
CREATE TABLE IF NOT EXISTS hw_attempts (
    job_id      BINARY(16)  NOT NULL,
    epoch       BIGINT      NOT NULL,
    attempt     INT         NOT NULL, -- what the budget had counted when it ended
    lease_id    BINARY(16)  NOT NULL,
    worker      TEXT        NOT NULL,
    outcome     VARCHAR(32) NOT NULL,
    error       MEDIUMTEXT  NOT NULL,
    started_at  BIGINT      NOT NULL,
    finished_at BIGINT      NOT NULL,
    PRIMARY KEY (job_id, epoch)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_attempts;

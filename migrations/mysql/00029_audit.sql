-- +goose Up
-- What people did to workflows and their jobs.
CREATE TABLE IF NOT EXISTS hw_audit (
    workflow_id BINARY(16)  NOT NULL,
    id          BINARY(16)  NOT NULL,
    at          BIGINT      NOT NULL,
    actor       TEXT        NOT NULL,
    action      VARCHAR(64) NOT NULL, -- cancel, pause, decide.skip, …
    job_id      BINARY(16),           -- null: it was done to the workflow
    comment     TEXT        NOT NULL,
    PRIMARY KEY (workflow_id, id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_audit;

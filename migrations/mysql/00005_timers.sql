-- +goose Up
CREATE TABLE IF NOT EXISTS hw_timers (
    due_at BIGINT      NOT NULL,
    kind   VARCHAR(32) NOT NULL, -- job, deadline, workflow, grace, cancel
    id     BINARY(16)  NOT NULL,
    PRIMARY KEY (kind, due_at, id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_timers;

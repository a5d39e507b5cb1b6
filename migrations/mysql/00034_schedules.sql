-- +goose Up
-- What makes instances of a workflow again and again.
CREATE TABLE IF NOT EXISTS hw_schedules (
    id           BINARY(16)      NOT NULL PRIMARY KEY,
    name         VARBINARY(1024) NOT NULL,
    definition   MEDIUMTEXT      NOT NULL, -- a workflow file in JSON
    cron         TEXT            NOT NULL, -- of the instances
    timezone     VARCHAR(255)    NOT NULL,
    catch_up     VARCHAR(64)     NOT NULL,
    catch_up_max INT             NOT NULL,
    overlap      VARCHAR(64)     NOT NULL,
    enabled      TINYINT         NOT NULL,
    next_at      BIGINT,                   -- the first tick that was not decided about; null: none will come
    created_at   BIGINT          NOT NULL,
    updated_at   BIGINT          NOT NULL,
    last_at      BIGINT,                   -- the tick of the instance that was made last
    last_id      BINARY(16),
    UNIQUE KEY hw_schedules_name (name),
    KEY hw_schedules_next (next_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_schedules;

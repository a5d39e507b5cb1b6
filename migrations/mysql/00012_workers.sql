-- +goose Up
CREATE TABLE IF NOT EXISTS hw_workers (
    name          VARBINARY(1024) NOT NULL PRIMARY KEY,
    queues        LONGTEXT        NOT NULL, -- a JSON array; null: every queue
    slots         INT             NOT NULL,
    draining      TINYINT         NOT NULL,
    first_seen_at BIGINT          NOT NULL, -- since it was last away for over 10 minutes
    last_seen_at  BIGINT          NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_workers;

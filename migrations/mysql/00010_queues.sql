-- +goose Up
CREATE TABLE IF NOT EXISTS hw_queues (
    name      VARBINARY(1024) NOT NULL PRIMARY KEY,
    paused_at BIGINT -- null: not paused
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_queues;

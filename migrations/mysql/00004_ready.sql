-- +goose Up
CREATE TABLE IF NOT EXISTS hw_ready (
    queue        VARBINARY(1024) NOT NULL,
    `rank`       INT          NOT NULL, -- 4 − priority
    scheduled_at BIGINT       NOT NULL,
    id           BINARY(16)   NOT NULL,
    PRIMARY KEY (queue, `rank`, scheduled_at, id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_ready;

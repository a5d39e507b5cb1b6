-- +goose Up
CREATE TABLE IF NOT EXISTS hw_idempotency_keys (
    scope      VARBINARY(1024) NOT NULL, -- workflow, or queue:NAME
    `key`      VARBINARY(1024) NOT NULL,
    hash       VARBINARY(64)   NOT NULL, -- of the request
    id         BINARY(16)      NOT NULL, -- of the workflow or job it made
    created_at BIGINT          NOT NULL,
    PRIMARY KEY (scope, `key`)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_idempotency_keys;

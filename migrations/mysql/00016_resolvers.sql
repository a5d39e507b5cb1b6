-- +goose Up
-- The resolvers that are alive, so that they can share the partitions out.
CREATE TABLE IF NOT EXISTS hw_resolvers (
    name       VARBINARY(1024) NOT NULL PRIMARY KEY,
    expires_at BIGINT          NOT NULL -- given up then
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_resolvers;

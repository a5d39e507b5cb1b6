-- +goose Up
CREATE TABLE IF NOT EXISTS hw_edge_check (
    parent_id BINARY(16) NOT NULL,
    child_id  BINARY(16) NOT NULL,
    PRIMARY KEY (parent_id, child_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_edge_check;

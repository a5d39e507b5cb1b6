-- +goose Up
CREATE TABLE IF NOT EXISTS hw_edges (
    parent_id BINARY(16)  NOT NULL,
    child_id  BINARY(16)  NOT NULL,
    `on`      VARCHAR(32) NOT NULL,
    optional  TINYINT     NOT NULL,
    state     VARCHAR(32) NOT NULL,
    PRIMARY KEY (parent_id, child_id),
    KEY hw_edges_child (child_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_edges;

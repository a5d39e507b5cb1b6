-- +goose Up
CREATE TABLE IF NOT EXISTS edge_check (
    parent_id BLOB NOT NULL,
    child_id  BLOB NOT NULL,
    PRIMARY KEY (parent_id, child_id)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE edge_check;

-- +goose Up
CREATE TABLE IF NOT EXISTS edges (
    parent_id BLOB    NOT NULL,
    child_id  BLOB    NOT NULL,
    "on"      TEXT    NOT NULL,
    optional  INTEGER NOT NULL,
    state     TEXT    NOT NULL,
    PRIMARY KEY (parent_id, child_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS edges_child ON edges (child_id);

-- +goose Down
DROP TABLE edges;

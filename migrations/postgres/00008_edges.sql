-- +goose Up
CREATE TABLE IF NOT EXISTS edges (
    parent_id uuid    NOT NULL,
    child_id  uuid    NOT NULL,
    "on"      text    NOT NULL,
    optional  boolean NOT NULL,
    state     text    NOT NULL,
    PRIMARY KEY (parent_id, child_id)
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS edges_child ON edges (child_id);

-- +goose Down
DROP TABLE edges;

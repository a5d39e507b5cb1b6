-- +goose Up
CREATE TABLE IF NOT EXISTS edge_check (
    parent_id uuid NOT NULL,
    child_id  uuid NOT NULL,
    PRIMARY KEY (parent_id, child_id)
);

-- +goose Down
DROP TABLE edge_check;

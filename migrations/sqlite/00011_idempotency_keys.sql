-- +goose Up
CREATE TABLE IF NOT EXISTS idempotency_keys (
    scope      TEXT    NOT NULL,                      -- workflow, or queue:NAME
    "key"      TEXT    NOT NULL,
    hash       BLOB    NOT NULL,                      -- of the request
    id         BLOB    NOT NULL,                      -- of the workflow or job it made
    created_at INTEGER NOT NULL,
    PRIMARY KEY (scope, "key")
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE idempotency_keys;

-- +goose Up
CREATE TABLE IF NOT EXISTS idempotency_keys (
    scope      text COLLATE "C" NOT NULL, -- workflow, or queue:NAME
    "key"      text COLLATE "C" NOT NULL,
    hash       bytea            NOT NULL, -- of the request
    id         uuid             NOT NULL, -- of the workflow or job it made
    created_at bigint           NOT NULL,
    PRIMARY KEY (scope, "key")
);

-- +goose Down
DROP TABLE idempotency_keys;

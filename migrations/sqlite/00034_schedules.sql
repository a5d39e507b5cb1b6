-- +goose Up
-- What makes instances of a workflow again and again.
CREATE TABLE IF NOT EXISTS schedules (
    id           BLOB    NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL UNIQUE,
    definition   TEXT    NOT NULL, -- a workflow file in JSON
    cron         TEXT    NOT NULL, -- of the instances
    timezone     TEXT    NOT NULL,
    catch_up     TEXT    NOT NULL,
    catch_up_max INTEGER NOT NULL,
    overlap      TEXT    NOT NULL,
    enabled      INTEGER NOT NULL,
    next_at      INTEGER,          -- the first tick that was not decided about; null: none will come
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    last_at      INTEGER,          -- the tick of the instance that was made last
    last_id      BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS schedules_next ON schedules (next_at) WHERE next_at IS NOT NULL;

-- +goose Down
DROP TABLE schedules;

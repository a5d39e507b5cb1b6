-- +goose Up
-- What makes instances of a workflow again and again.
CREATE TABLE IF NOT EXISTS schedules (
    id           uuid    NOT NULL PRIMARY KEY,
    name         text COLLATE "C" NOT NULL UNIQUE,
    definition   text    NOT NULL, -- a workflow file in JSON
    cron         text    NOT NULL, -- of the instances
    timezone     text    NOT NULL,
    catch_up     text    NOT NULL,
    catch_up_max int     NOT NULL,
    overlap      text    NOT NULL,
    enabled      boolean NOT NULL,
    next_at      bigint,           -- the first tick that was not decided about; null: none will come
    created_at   bigint  NOT NULL,
    updated_at   bigint  NOT NULL,
    last_at      bigint,           -- the tick of the instance that was made last
    last_id      uuid
) WITH (fillfactor = 60);
CREATE INDEX IF NOT EXISTS schedules_next ON schedules (next_at) WHERE next_at IS NOT NULL;

-- +goose Down
DROP TABLE schedules;

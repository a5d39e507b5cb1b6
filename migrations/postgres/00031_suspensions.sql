-- +goose Up
-- What jobs wait for that no worker holds, since when, and how it was answered.
-- Without opened_at: a signal that came before its gate opened.
CREATE TABLE IF NOT EXISTS suspensions (
    job_id      uuid    NOT NULL PRIMARY KEY,
    opened_at   bigint,           -- null: not yet
    expires_at  bigint,           -- null: never
    list        bytea,            -- JSON: what a map is over
    answered_at bigint,           -- null: not yet
    actor       text    NOT NULL DEFAULT '',
    comment     text    NOT NULL DEFAULT '',
    approve     boolean NOT NULL DEFAULT false,
    expired     boolean NOT NULL DEFAULT false, -- nobody answered, and the default held
    payload     bytea             -- JSON, of a signal
);

-- +goose Down
DROP TABLE suspensions;

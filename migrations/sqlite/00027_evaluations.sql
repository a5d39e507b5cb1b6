-- +goose Up
-- What the condition and the inputs of a job came to; the newest of each.
CREATE TABLE IF NOT EXISTS evaluations (
    job_id       BLOB    NOT NULL PRIMARY KEY,
    evaluated_at INTEGER NOT NULL,
    value        INTEGER,          -- null: there is no condition, or it could not be evaluated
    digest       TEXT    NOT NULL, -- of what it was evaluated on
    inputs       TEXT    NOT NULL, -- a JSON object that the handler finds in the payload; '': none
    error        TEXT    NOT NULL
) WITHOUT ROWID;

-- +goose Down
DROP TABLE evaluations;

-- +goose Up
-- What the condition and the inputs of a job came to; the newest of each.
CREATE TABLE IF NOT EXISTS evaluations (
    job_id       uuid    NOT NULL PRIMARY KEY,
    evaluated_at bigint  NOT NULL,
    value        integer,          -- null: there is no condition, or it could not be evaluated
    digest       text    NOT NULL, -- of what it was evaluated on
    inputs       text    NOT NULL, -- a JSON object that the handler finds in the payload; '': none
    error        text    NOT NULL
);

-- +goose Down
DROP TABLE evaluations;

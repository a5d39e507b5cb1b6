-- +goose Up
-- How a job stood when it was reset: by a retry of its workflow, or a decision.
CREATE TABLE IF NOT EXISTS job_runs (
    job_id      uuid    NOT NULL,
    epoch       bigint  NOT NULL,
    run         integer NOT NULL,
    status      text    NOT NULL,
    reason      text    NOT NULL,
    error       text    NOT NULL,
    attempts    integer NOT NULL,
    worker      text    NOT NULL,
    result      bytea,
    payload     bytea,            -- null: it was not replaced
    started_at  bigint,
    finished_at bigint,
    PRIMARY KEY (job_id, epoch)
);

-- +goose Down
DROP TABLE job_runs;

-- +goose Up
CREATE TABLE IF NOT EXISTS attempts (
    job_id      uuid    NOT NULL,
    epoch       bigint  NOT NULL,
    attempt     integer NOT NULL, -- what the budget had counted when it ended
    lease_id    uuid    NOT NULL,
    worker      text    NOT NULL,
    outcome     text    NOT NULL,
    error       text    NOT NULL,
    started_at  bigint  NOT NULL,
    finished_at bigint  NOT NULL,
    PRIMARY KEY (job_id, epoch)
);

-- +goose Down
DROP TABLE attempts;

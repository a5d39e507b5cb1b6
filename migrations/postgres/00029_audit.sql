-- +goose Up
-- What people did to workflows and their jobs.
CREATE TABLE IF NOT EXISTS audit (
    workflow_id uuid   NOT NULL,
    id          uuid   NOT NULL,
    at          bigint NOT NULL,
    actor       text   NOT NULL,
    action      text   NOT NULL, -- cancel, pause, decide.skip, …
    job_id      uuid,            -- null: it was done to the workflow
    comment     text   NOT NULL,
    PRIMARY KEY (workflow_id, id)
);

-- +goose Down
DROP TABLE audit;

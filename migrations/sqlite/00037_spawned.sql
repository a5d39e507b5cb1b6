-- +goose Up
-- Which handler added a job to its workflow.
CREATE TABLE IF NOT EXISTS spawned (
    spawner_id BLOB NOT NULL,
    job_id     BLOB NOT NULL,
    PRIMARY KEY (spawner_id, job_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS spawned_job ON spawned (job_id);

-- +goose Down
DROP TABLE spawned;

-- +goose Up
-- Which handler added a job to its workflow.
CREATE TABLE IF NOT EXISTS hw_spawned (
    spawner_id BINARY(16) NOT NULL,
    job_id     BINARY(16) NOT NULL,
    PRIMARY KEY (spawner_id, job_id),
    KEY hw_spawned_job (job_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_spawned;

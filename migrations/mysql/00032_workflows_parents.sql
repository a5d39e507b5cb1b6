-- +goose Up
-- parent_job_id: the job that the workflow is run as; null: it is none's.
-- parent_epoch: of the job, when it was started or retried for it last;
-- parent_paused: 1 when its pause came from above. in_flight: of a map with a
-- bound, its jobs that were let run and have not ended; next_position: none of
-- its jobs before it waits for its turn.
ALTER TABLE hw_workflows
    ADD COLUMN parent_job_id BINARY(16),
    ADD COLUMN parent_epoch BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN parent_paused TINYINT NOT NULL DEFAULT 0,
    ADD COLUMN in_flight INT NOT NULL DEFAULT 0,
    ADD COLUMN next_position INT NOT NULL DEFAULT 0,
    ADD KEY hw_workflows_parent (parent_job_id);

-- +goose Down
ALTER TABLE hw_workflows
    DROP KEY hw_workflows_parent,
    DROP COLUMN parent_job_id,
    DROP COLUMN parent_epoch,
    DROP COLUMN parent_paused,
    DROP COLUMN in_flight,
    DROP COLUMN next_position;

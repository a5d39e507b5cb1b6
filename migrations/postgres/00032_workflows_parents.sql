-- +goose Up
-- parent_job_id: the job that the workflow is run as; null: it is none's.
-- parent_epoch: of the job, when it was started or retried for it last;
-- parent_paused: its pause came from above. in_flight: of a map with a
-- bound, its jobs that were let run and have not ended; next_position: none of
-- its jobs before it waits for its turn.
ALTER TABLE workflows
    ADD COLUMN IF NOT EXISTS parent_job_id uuid,
    ADD COLUMN IF NOT EXISTS parent_epoch bigint NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS parent_paused boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS in_flight integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS next_position integer NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS workflows_parent ON workflows (parent_job_id) WHERE parent_job_id IS NOT NULL;

-- +goose Down
DROP INDEX workflows_parent;
ALTER TABLE workflows
    DROP COLUMN parent_job_id,
    DROP COLUMN parent_epoch,
    DROP COLUMN parent_paused,
    DROP COLUMN in_flight,
    DROP COLUMN next_position;

-- +goose Up
-- parent_job_id: the job that the workflow is run as; null: it is none's.
-- parent_epoch: of the job, when it was started or retried for it last;
-- parent_paused: 1 when its pause came from above. in_flight: of a map with a
-- bound, its jobs that were let run and have not ended; next_position: none of
-- its jobs before it waits for its turn.
ALTER TABLE workflows ADD COLUMN parent_job_id BLOB;
ALTER TABLE workflows ADD COLUMN parent_epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workflows ADD COLUMN parent_paused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workflows ADD COLUMN in_flight INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workflows ADD COLUMN next_position INTEGER NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS workflows_parent ON workflows (parent_job_id) WHERE parent_job_id IS NOT NULL;

-- +goose Down
DROP INDEX workflows_parent;
ALTER TABLE workflows DROP COLUMN parent_job_id;
ALTER TABLE workflows DROP COLUMN parent_epoch;
ALTER TABLE workflows DROP COLUMN parent_paused;
ALTER TABLE workflows DROP COLUMN in_flight;
ALTER TABLE workflows DROP COLUMN next_position;

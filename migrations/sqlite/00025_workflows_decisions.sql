-- +goose Up
-- undecided: failures that wait for a decision; unforgiven: jobs that failed, or
-- were cancelled on their own, and are neither tolerated nor decided to be;
-- moved_at: when a job of it ended last.
ALTER TABLE workflows ADD COLUMN rules TEXT NOT NULL DEFAULT '';
ALTER TABLE workflows ADD COLUMN user_paused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workflows ADD COLUMN undecided INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workflows ADD COLUMN unforgiven INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workflows ADD COLUMN finally_begun INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workflows ADD COLUMN cancel_finally INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workflows ADD COLUMN deadline_at INTEGER;
ALTER TABLE workflows ADD COLUMN moved_at INTEGER;

-- +goose Down
ALTER TABLE workflows DROP COLUMN rules;
ALTER TABLE workflows DROP COLUMN user_paused;
ALTER TABLE workflows DROP COLUMN undecided;
ALTER TABLE workflows DROP COLUMN unforgiven;
ALTER TABLE workflows DROP COLUMN finally_begun;
ALTER TABLE workflows DROP COLUMN cancel_finally;
ALTER TABLE workflows DROP COLUMN deadline_at;
ALTER TABLE workflows DROP COLUMN moved_at;

-- +goose Up
-- undecided: failures that wait for a decision; unforgiven: jobs that failed, or
-- were cancelled on their own, and are neither tolerated nor decided to be;
-- moved_at: when a job of it ended last.
ALTER TABLE hw_workflows
    ADD COLUMN rules MEDIUMTEXT NOT NULL DEFAULT (''),
    ADD COLUMN user_paused TINYINT NOT NULL DEFAULT 0,
    ADD COLUMN undecided INT NOT NULL DEFAULT 0,
    ADD COLUMN unforgiven INT NOT NULL DEFAULT 0,
    ADD COLUMN finally_begun TINYINT NOT NULL DEFAULT 0,
    ADD COLUMN cancel_finally TINYINT NOT NULL DEFAULT 0,
    ADD COLUMN deadline_at BIGINT,
    ADD COLUMN moved_at BIGINT;

-- +goose Down
ALTER TABLE hw_workflows
    DROP COLUMN rules,
    DROP COLUMN user_paused,
    DROP COLUMN undecided,
    DROP COLUMN unforgiven,
    DROP COLUMN finally_begun,
    DROP COLUMN cancel_finally,
    DROP COLUMN deadline_at,
    DROP COLUMN moved_at;

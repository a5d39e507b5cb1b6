-- +goose Up
-- undecided: failures that wait for a decision; unforgiven: jobs that failed, or
-- were cancelled on their own, and are neither tolerated nor decided to be;
-- moved_at: when a job of it ended last.
ALTER TABLE workflows
    ADD COLUMN IF NOT EXISTS rules text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS user_paused boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS undecided integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS unforgiven integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS finally_begun boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS cancel_finally boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS deadline_at bigint,
    ADD COLUMN IF NOT EXISTS moved_at bigint;

-- +goose Down
ALTER TABLE workflows
    DROP COLUMN rules,
    DROP COLUMN user_paused,
    DROP COLUMN undecided,
    DROP COLUMN unforgiven,
    DROP COLUMN finally_begun,
    DROP COLUMN cancel_finally,
    DROP COLUMN deadline_at,
    DROP COLUMN moved_at;

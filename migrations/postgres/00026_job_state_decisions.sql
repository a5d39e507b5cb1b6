-- +goose Up
-- spared: it may start in a failing workflow; decision: about its failure, open
-- while it waits for one; earlier: attempts of earlier runs; run: in which it
-- was reset last.
ALTER TABLE job_state
    ADD COLUMN IF NOT EXISTS spared boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS decision text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS earlier integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS run integer NOT NULL DEFAULT 1;

-- +goose Down
ALTER TABLE job_state
    DROP COLUMN spared,
    DROP COLUMN decision,
    DROP COLUMN earlier,
    DROP COLUMN run;

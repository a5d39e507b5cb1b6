-- +goose Up
-- spared: it may start in a failing workflow; decision: about its failure, open
-- while it waits for one; earlier: attempts of earlier runs; run: in which it
-- was reset last.
ALTER TABLE job_state ADD COLUMN spared INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job_state ADD COLUMN decision TEXT NOT NULL DEFAULT '';
ALTER TABLE job_state ADD COLUMN earlier INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job_state ADD COLUMN run INTEGER NOT NULL DEFAULT 1;

-- +goose Down
ALTER TABLE job_state DROP COLUMN spared;
ALTER TABLE job_state DROP COLUMN decision;
ALTER TABLE job_state DROP COLUMN earlier;
ALTER TABLE job_state DROP COLUMN run;

-- +goose Up
-- spared: it may start in a failing workflow; decision: about its failure, open
-- while it waits for one; earlier: attempts of earlier runs; run: in which it
-- was reset last.
ALTER TABLE hw_job_state
    ADD COLUMN spared TINYINT NOT NULL DEFAULT 0,
    ADD COLUMN decision VARCHAR(32) NOT NULL DEFAULT '',
    ADD COLUMN earlier INT NOT NULL DEFAULT 0,
    ADD COLUMN run INT NOT NULL DEFAULT 1;

-- +goose Down
ALTER TABLE hw_job_state
    DROP COLUMN spared,
    DROP COLUMN decision,
    DROP COLUMN earlier,
    DROP COLUMN run;

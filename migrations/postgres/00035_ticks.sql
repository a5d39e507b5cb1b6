-- +goose Up
-- Ticks of schedules that were decided about, once each.
CREATE TABLE IF NOT EXISTS ticks (
    schedule_id uuid   NOT NULL,
    tick_at     bigint NOT NULL,
    cause       text   NOT NULL, -- time, trigger, backfill
    state       text   NOT NULL, -- due, waiting, started, skipped, missed, failed
    instance_id uuid   NOT NULL, -- the workflow that was made, or would be
    decided_at  bigint NOT NULL, -- last
    due_at      bigint,          -- when to look at it; null: nothing is left to do
    error       text   NOT NULL,
    PRIMARY KEY (schedule_id, tick_at)
);
CREATE INDEX IF NOT EXISTS ticks_due ON ticks (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS ticks_open ON ticks (schedule_id, tick_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS ticks_decided ON ticks (decided_at);

-- +goose Down
DROP TABLE ticks;

-- +goose Up
-- Ticks of schedules that were decided about, once each.
CREATE TABLE IF NOT EXISTS ticks (
    schedule_id BLOB    NOT NULL,
    tick_at     INTEGER NOT NULL,
    cause       TEXT    NOT NULL, -- time, trigger, backfill
    state       TEXT    NOT NULL, -- due, waiting, started, skipped, missed, failed
    instance_id BLOB    NOT NULL, -- the workflow that was made, or would be
    decided_at  INTEGER NOT NULL, -- last
    due_at      INTEGER,          -- when to look at it; null: nothing is left to do
    error       TEXT    NOT NULL,
    PRIMARY KEY (schedule_id, tick_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ticks_due ON ticks (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS ticks_open ON ticks (schedule_id, tick_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS ticks_decided ON ticks (decided_at);

-- +goose Down
DROP TABLE ticks;

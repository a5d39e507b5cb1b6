-- +goose Up
-- Ticks of schedules that were decided about, once each.
CREATE TABLE IF NOT EXISTS hw_ticks (
    schedule_id BINARY(16)  NOT NULL,
    tick_at     BIGINT      NOT NULL,
    cause       VARCHAR(64) NOT NULL, -- time, trigger, backfill
    state       VARCHAR(64) NOT NULL, -- due, waiting, started, skipped, missed, failed
    instance_id BINARY(16)  NOT NULL, -- the workflow that was made, or would be
    decided_at  BIGINT      NOT NULL, -- last
    due_at      BIGINT,               -- when to look at it; null: nothing is left to do
    error       TEXT        NOT NULL,
    PRIMARY KEY (schedule_id, tick_at),
    KEY hw_ticks_due (due_at),
    KEY hw_ticks_open (schedule_id, due_at),
    KEY hw_ticks_decided (decided_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_ticks;

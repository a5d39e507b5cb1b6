-- +goose Up
-- ticks_at: when to look at the open ticks; null: there are none. backfill_at: at
-- those of backfills. backfill_id: the instance that a backfill made last.
ALTER TABLE hw_schedules
    ADD COLUMN ticks_at BIGINT,
    ADD COLUMN backfill_at BIGINT,
    ADD COLUMN backfill_id BINARY(16),
    ADD KEY hw_schedules_ticks (ticks_at),
    ADD KEY hw_schedules_backfill (backfill_at);

-- +goose Down
ALTER TABLE hw_schedules
    DROP KEY hw_schedules_ticks,
    DROP KEY hw_schedules_backfill,
    DROP COLUMN ticks_at,
    DROP COLUMN backfill_at,
    DROP COLUMN backfill_id;

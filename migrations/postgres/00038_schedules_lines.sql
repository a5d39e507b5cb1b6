-- +goose Up
-- ticks_at: when to look at the open ticks; null: there are none. backfill_at: at
-- those of backfills. backfill_id: the instance that a backfill made last.
ALTER TABLE schedules
    ADD COLUMN IF NOT EXISTS ticks_at bigint,
    ADD COLUMN IF NOT EXISTS backfill_at bigint,
    ADD COLUMN IF NOT EXISTS backfill_id uuid;
CREATE INDEX IF NOT EXISTS schedules_ticks ON schedules (ticks_at) WHERE ticks_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS schedules_backfill ON schedules (backfill_at) WHERE backfill_at IS NOT NULL;

-- +goose Down
DROP INDEX schedules_ticks;
DROP INDEX schedules_backfill;
ALTER TABLE schedules
    DROP COLUMN ticks_at,
    DROP COLUMN backfill_at,
    DROP COLUMN backfill_id;

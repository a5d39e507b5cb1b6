-- +goose Up
-- Schedules that have open ticks are looked at.
UPDATE hw_schedules SET
    ticks_at = (SELECT MIN(due_at) FROM hw_ticks WHERE schedule_id = hw_schedules.id AND due_at IS NOT NULL AND cause <> 'backfill'),
    backfill_at = (SELECT MIN(due_at) FROM hw_ticks WHERE schedule_id = hw_schedules.id AND due_at IS NOT NULL AND cause = 'backfill');

-- +goose Down
UPDATE hw_schedules SET ticks_at = NULL, backfill_at = NULL;

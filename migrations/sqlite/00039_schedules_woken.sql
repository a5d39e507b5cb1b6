-- +goose Up
-- Schedules that have open ticks are looked at.
UPDATE schedules SET
    ticks_at = (SELECT min(due_at) FROM ticks WHERE schedule_id = schedules.id AND due_at IS NOT NULL AND cause <> 'backfill'),
    backfill_at = (SELECT min(due_at) FROM ticks WHERE schedule_id = schedules.id AND due_at IS NOT NULL AND cause = 'backfill');

-- +goose Down
UPDATE schedules SET ticks_at = NULL, backfill_at = NULL;

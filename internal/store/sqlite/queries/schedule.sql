-- name: insert_schedule
INSERT INTO schedules (id, name, definition, cron, timezone, catch_up, catch_up_max, overlap, enabled, next_at, created_at, updated_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, nullif(?10, 0), ?11, ?11)
ON CONFLICT DO NOTHING;

-- name: update_schedule
UPDATE schedules SET
    definition = ?2, cron = ?3, timezone = ?4, catch_up = ?5, catch_up_max = ?6, overlap = ?7, enabled = ?8,
    next_at = nullif(?9, 0), updated_at = ?10
WHERE id = ?1;

-- name: delete_schedule
DELETE FROM schedules WHERE id = ?1;

-- name: delete_open_ticks
DELETE FROM ticks WHERE schedule_id = ?1 AND due_at IS NOT NULL;

-- name: schedule
SELECT id, name, definition, cron, timezone, catch_up, catch_up_max, overlap, enabled, next_at, created_at, updated_at, last_at, last_id
FROM schedules WHERE name = ?1;

-- name: lock_schedule
SELECT id, name, definition, cron, timezone, catch_up, catch_up_max, overlap, enabled, next_at, created_at, updated_at, last_at, last_id
FROM schedules WHERE name = ?1;

-- name: take_schedule
-- One that another transaction has is left out.
SELECT id, name, definition, cron, timezone, catch_up, catch_up_max, overlap, enabled, next_at, created_at, updated_at, last_at, last_id
FROM schedules WHERE id = ?1;

-- name: list_schedules
SELECT id, name, '', cron, timezone, catch_up, catch_up_max, overlap, enabled, next_at, created_at, updated_at, last_at, last_id
FROM schedules WHERE name > ?1 ORDER BY name LIMIT ?2;

-- name: take_due_schedules
-- Those that another transaction has are left out.
SELECT id, name, '', cron, timezone, catch_up, catch_up_max, overlap, enabled, next_at, created_at, updated_at, last_at, last_id
FROM schedules WHERE next_at <= ?1 ORDER BY next_at LIMIT ?2;

-- name: next_schedule
SELECT next_at FROM schedules WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1;

-- name: advance_schedules
UPDATE schedules SET next_at = c.next_at, ticks_at = coalesce(min(schedules.ticks_at, c.ticks_at), schedules.ticks_at, c.ticks_at)
FROM (
    SELECT unhex(value ->> 'id') AS id, value ->> 'was' AS was, value ->> 'next_at' AS next_at, value ->> 'ticks_at' AS ticks_at
    FROM json_each(?1)) AS c
WHERE schedules.id = c.id AND schedules.next_at = c.was;

-- name: schedule_made
UPDATE schedules SET last_at = ?2, last_id = ?3 WHERE id = ?1;

-- name: backfill_made
UPDATE schedules SET backfill_id = ?2 WHERE id = ?1;

-- name: wake_ticks
UPDATE schedules SET ticks_at = coalesce(min(ticks_at, ?2), ?2) WHERE id = ?1;

-- name: wake_backfill
UPDATE schedules SET backfill_at = coalesce(min(backfill_at, ?2), ?2) WHERE id = ?1;

-- name: postpone_ticks
UPDATE schedules SET ticks_at = nullif(?2, 0) WHERE id = ?1;

-- name: postpone_backfill
UPDATE schedules SET backfill_at = nullif(?2, 0) WHERE id = ?1;

-- name: insert_ticks
INSERT INTO ticks (schedule_id, tick_at, cause, state, instance_id, decided_at, due_at, error)
SELECT unhex(value ->> 'schedule_id'), value ->> 'tick_at', value ->> 'cause', value ->> 'state', unhex(value ->> 'instance_id'),
    ?2, value ->> 'due_at', ''
FROM json_each(?1) WHERE true
ON CONFLICT DO NOTHING;

-- name: schedules_with_ticks
SELECT id FROM schedules WHERE ticks_at <= ?1 ORDER BY ticks_at LIMIT ?2;

-- name: schedules_with_backfill
SELECT id FROM schedules WHERE backfill_at <= ?1 ORDER BY backfill_at LIMIT ?2;

-- name: next_ticks
SELECT ticks_at FROM schedules WHERE ticks_at IS NOT NULL ORDER BY ticks_at LIMIT 1;

-- name: next_backfill
SELECT backfill_at FROM schedules WHERE backfill_at IS NOT NULL ORDER BY backfill_at LIMIT 1;

-- name: last_backfill
SELECT id, status FROM workflows WHERE id = (SELECT backfill_id FROM schedules WHERE id = ?1) AND hidden = '';

-- name: open_ticks
-- Of backfills, or of anything else.
SELECT tick_at, cause, state, instance_id, decided_at, error FROM ticks
WHERE schedule_id = ?1 AND due_at IS NOT NULL AND (cause = 'backfill') = ?2 ORDER BY tick_at LIMIT ?3;

-- name: end_ticks
UPDATE ticks SET state = c.state, error = c.error, decided_at = CASE WHEN c.due_at IS NULL THEN ?2 ELSE decided_at END, due_at = c.due_at
FROM (
    SELECT unhex(value ->> 'schedule_id') AS schedule_id, value ->> 'tick_at' AS tick_at, value ->> 'state' AS state,
        value ->> 'error' AS error, value ->> 'due_at' AS due_at
    FROM json_each(?1)) AS c
WHERE ticks.schedule_id = c.schedule_id AND ticks.tick_at = c.tick_at AND ticks.due_at IS NOT NULL;

-- name: list_ticks
SELECT tick_at, cause, state, instance_id, decided_at, error FROM ticks
WHERE schedule_id = ?1 AND tick_at < ?2 AND tick_at >= ?3 ORDER BY tick_at DESC LIMIT ?4;

-- name: reopen_ticks
-- Those of which there is no instance.
UPDATE ticks SET state = 'due', cause = 'backfill', error = '', decided_at = ?2, due_at = ?2
FROM (
    SELECT unhex(value ->> 'schedule_id') AS schedule_id, value ->> 'tick_at' AS tick_at FROM json_each(?1)) AS c
WHERE ticks.schedule_id = c.schedule_id AND ticks.tick_at = c.tick_at AND ticks.due_at IS NULL
    AND ticks.state IN ('missed', 'skipped', 'failed');

-- name: old_ticks
SELECT schedule_id, tick_at FROM ticks WHERE decided_at <= ?1 AND due_at IS NULL ORDER BY decided_at LIMIT ?2;

-- name: delete_ticks
DELETE FROM ticks WHERE due_at IS NULL
    AND (schedule_id, tick_at) IN (SELECT unhex(value ->> 'schedule_id'), value ->> 'tick_at' FROM json_each(?1));

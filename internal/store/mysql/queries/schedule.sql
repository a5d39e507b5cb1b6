-- name: insert_schedule
INSERT IGNORE INTO hw_schedules (id, name, definition, cron, timezone, catch_up, catch_up_max, overlap, enabled, next_at, created_at, updated_at)
VALUES (UNHEX(?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, NULLIF(?10, 0), ?11, ?11);

-- name: update_schedule
UPDATE hw_schedules SET
    definition = ?2, cron = ?3, timezone = ?4, catch_up = ?5, catch_up_max = ?6, overlap = ?7, enabled = ?8,
    next_at = NULLIF(?9, 0), updated_at = ?10
WHERE id = UNHEX(?1);

-- name: delete_schedule
DELETE FROM hw_schedules WHERE id = UNHEX(?1);

-- name: delete_open_ticks
DELETE FROM hw_ticks WHERE schedule_id = UNHEX(?1) AND due_at IS NOT NULL;

-- name: schedule
SELECT id, name, definition, cron, timezone, catch_up, catch_up_max, overlap, enabled, next_at, created_at, updated_at, last_at, last_id
FROM hw_schedules WHERE name = ?1;

-- name: lock_schedule
SELECT id, name, definition, cron, timezone, catch_up, catch_up_max, overlap, enabled, next_at, created_at, updated_at, last_at, last_id
FROM hw_schedules WHERE name = ?1 FOR UPDATE;

-- name: take_schedule
-- One that another transaction has is left out.
SELECT id, name, definition, cron, timezone, catch_up, catch_up_max, overlap, enabled, next_at, created_at, updated_at, last_at, last_id
FROM hw_schedules WHERE id = UNHEX(?1) FOR UPDATE SKIP LOCKED;

-- name: list_schedules
SELECT id, name, '', cron, timezone, catch_up, catch_up_max, overlap, enabled, next_at, created_at, updated_at, last_at, last_id
FROM hw_schedules FORCE INDEX (hw_schedules_name) WHERE name > ?1 ORDER BY name LIMIT ?2;

-- name: take_due_schedules
-- Those that another transaction has are left out.
SELECT id, name, '', cron, timezone, catch_up, catch_up_max, overlap, enabled, next_at, created_at, updated_at, last_at, last_id
FROM hw_schedules FORCE INDEX (hw_schedules_next) WHERE next_at <= ?1 ORDER BY next_at LIMIT ?2 FOR UPDATE SKIP LOCKED;

-- name: next_schedule
SELECT next_at FROM hw_schedules FORCE INDEX (hw_schedules_next) WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1;

-- name: advance_schedules
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', was BIGINT PATH '$.was', next_at BIGINT PATH '$.next_at', ticks_at BIGINT PATH '$.ticks_at')) c
STRAIGHT_JOIN hw_schedules s FORCE INDEX (PRIMARY) ON s.id = UNHEX(c.id) AND s.next_at = c.was
SET s.next_at = c.next_at, s.ticks_at = COALESCE(LEAST(s.ticks_at, c.ticks_at), s.ticks_at, c.ticks_at);

-- name: schedule_made
UPDATE hw_schedules SET last_at = ?2, last_id = UNHEX(?3) WHERE id = UNHEX(?1);

-- name: backfill_made
UPDATE hw_schedules SET backfill_id = UNHEX(?2) WHERE id = UNHEX(?1);

-- name: wake_ticks
UPDATE hw_schedules SET ticks_at = COALESCE(LEAST(ticks_at, ?2), ?2) WHERE id = UNHEX(?1);

-- name: wake_backfill
UPDATE hw_schedules SET backfill_at = COALESCE(LEAST(backfill_at, ?2), ?2) WHERE id = UNHEX(?1);

-- name: postpone_ticks
UPDATE hw_schedules SET ticks_at = NULLIF(?2, 0) WHERE id = UNHEX(?1);

-- name: postpone_backfill
UPDATE hw_schedules SET backfill_at = NULLIF(?2, 0) WHERE id = UNHEX(?1);

-- name: insert_ticks
INSERT IGNORE INTO hw_ticks (schedule_id, tick_at, cause, state, instance_id, decided_at, due_at, error)
SELECT UNHEX(c.schedule_id), c.tick_at, c.cause, c.state, UNHEX(c.instance_id), ?2, c.due_at, ''
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    schedule_id VARCHAR(32) PATH '$.schedule_id', tick_at BIGINT PATH '$.tick_at',
    cause VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.cause', state VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.state',
    instance_id VARCHAR(32) PATH '$.instance_id', due_at BIGINT PATH '$.due_at')) c;

-- name: schedules_with_ticks
SELECT id FROM hw_schedules FORCE INDEX (hw_schedules_ticks) WHERE ticks_at <= ?1 ORDER BY ticks_at LIMIT ?2;

-- name: schedules_with_backfill
SELECT id FROM hw_schedules FORCE INDEX (hw_schedules_backfill) WHERE backfill_at <= ?1 ORDER BY backfill_at LIMIT ?2;

-- name: next_ticks
SELECT ticks_at FROM hw_schedules FORCE INDEX (hw_schedules_ticks) WHERE ticks_at IS NOT NULL ORDER BY ticks_at LIMIT 1;

-- name: next_backfill
SELECT backfill_at FROM hw_schedules FORCE INDEX (hw_schedules_backfill) WHERE backfill_at IS NOT NULL ORDER BY backfill_at LIMIT 1;

-- name: last_backfill
SELECT id, status FROM hw_workflows WHERE id = (SELECT backfill_id FROM hw_schedules WHERE id = UNHEX(?1)) AND hidden = '';

-- name: open_ticks
-- Of backfills, or of anything else.
SELECT tick_at, cause, state, instance_id, decided_at, error FROM hw_ticks FORCE INDEX (hw_ticks_open)
WHERE schedule_id = UNHEX(?1) AND due_at IS NOT NULL AND (cause = 'backfill') = ?2 ORDER BY tick_at LIMIT ?3;

-- name: end_ticks
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (
    schedule_id VARCHAR(32) PATH '$.schedule_id', tick_at BIGINT PATH '$.tick_at',
    state VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.state', error LONGTEXT CHARACTER SET utf8mb4 PATH '$.error',
    due_at BIGINT PATH '$.due_at')) c
STRAIGHT_JOIN hw_ticks t FORCE INDEX (PRIMARY) ON t.schedule_id = UNHEX(c.schedule_id) AND t.tick_at = c.tick_at
SET t.state = c.state, t.error = c.error, t.decided_at = CASE WHEN c.due_at IS NULL THEN ?2 ELSE t.decided_at END, t.due_at = c.due_at
WHERE t.due_at IS NOT NULL;

-- name: list_ticks
SELECT tick_at, cause, state, instance_id, decided_at, error FROM hw_ticks FORCE INDEX (PRIMARY)
WHERE schedule_id = UNHEX(?1) AND tick_at < ?2 AND tick_at >= ?3 ORDER BY tick_at DESC LIMIT ?4;

-- name: reopen_ticks
-- Those of which there is no instance.
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (
    schedule_id VARCHAR(32) PATH '$.schedule_id', tick_at BIGINT PATH '$.tick_at')) c
STRAIGHT_JOIN hw_ticks t FORCE INDEX (PRIMARY) ON t.schedule_id = UNHEX(c.schedule_id) AND t.tick_at = c.tick_at
SET t.state = 'due', t.cause = 'backfill', t.error = '', t.decided_at = ?2, t.due_at = ?2
WHERE t.due_at IS NULL AND t.state IN ('missed', 'skipped', 'failed');

-- name: old_ticks
-- Those that another transaction has are left out.
SELECT schedule_id, tick_at FROM hw_ticks FORCE INDEX (hw_ticks_decided)
WHERE decided_at <= ?1 AND due_at IS NULL ORDER BY decided_at LIMIT ?2 FOR UPDATE SKIP LOCKED;

-- name: delete_ticks
DELETE t
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    schedule_id VARCHAR(32) PATH '$.schedule_id', tick_at BIGINT PATH '$.tick_at')) c
STRAIGHT_JOIN hw_ticks t FORCE INDEX (PRIMARY) ON t.schedule_id = UNHEX(c.schedule_id) AND t.tick_at = c.tick_at
WHERE t.due_at IS NULL;

-- name: insert_schedule
INSERT INTO schedules (id, name, definition, cron, timezone, catch_up, catch_up_max, overlap, enabled, next_at, created_at, updated_at)
VALUES ($1::uuid, $2::text, $3::text, $4::text, $5::text, $6::text, $7::int, $8::text, $9::int = 1, nullif($10::bigint, 0), $11::bigint, $11::bigint)
ON CONFLICT DO NOTHING;

-- name: update_schedule
UPDATE schedules SET
    definition = $2::text, cron = $3::text, timezone = $4::text, catch_up = $5::text, catch_up_max = $6::int, overlap = $7::text, enabled = $8::int = 1,
    next_at = nullif($9::bigint, 0), updated_at = $10::bigint
WHERE id = $1::uuid;

-- name: delete_schedule
DELETE FROM schedules WHERE id = $1::uuid;

-- name: delete_open_ticks
DELETE FROM ticks WHERE schedule_id = $1::uuid AND due_at IS NOT NULL;

-- name: schedule
SELECT id, name, definition, cron, timezone, catch_up, catch_up_max, overlap, enabled, next_at, created_at, updated_at, last_at, last_id
FROM schedules WHERE name = $1::text;

-- name: lock_schedule
SELECT id, name, definition, cron, timezone, catch_up, catch_up_max, overlap, enabled, next_at, created_at, updated_at, last_at, last_id
FROM schedules WHERE name = $1::text FOR UPDATE;

-- name: take_schedule
-- One that another transaction has is left out.
SELECT id, name, definition, cron, timezone, catch_up, catch_up_max, overlap, enabled, next_at, created_at, updated_at, last_at, last_id
FROM schedules WHERE id = $1::uuid FOR UPDATE SKIP LOCKED;

-- name: list_schedules
SELECT id, name, '', cron, timezone, catch_up, catch_up_max, overlap, enabled, next_at, created_at, updated_at, last_at, last_id
FROM schedules WHERE name > $1::text ORDER BY name LIMIT $2::int;

-- name: take_due_schedules
-- Those that another transaction has are left out.
SELECT id, name, '', cron, timezone, catch_up, catch_up_max, overlap, enabled, next_at, created_at, updated_at, last_at, last_id
FROM schedules WHERE next_at <= $1::bigint ORDER BY next_at LIMIT $2::int FOR UPDATE SKIP LOCKED;

-- name: next_schedule
SELECT next_at FROM schedules WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1;

-- name: advance_schedules
WITH changed AS (
    UPDATE schedules s SET next_at = c.next_at, ticks_at = least(s.ticks_at, c.ticks_at)
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[]) AS c(id, was, next_at, ticks_at)
    WHERE s.id = ANY ($1::uuid[]) AND s.id = c.id AND s.next_at = c.was
    RETURNING 1)
SELECT hammerwork_changed(count(*), $5::int) FROM changed;

-- name: schedule_made
UPDATE schedules SET last_at = $2::bigint, last_id = $3::uuid WHERE id = $1::uuid;

-- name: backfill_made
UPDATE schedules SET backfill_id = $2::uuid WHERE id = $1::uuid;

-- name: wake_ticks
UPDATE schedules SET ticks_at = coalesce(least(ticks_at, $2::bigint), $2::bigint) WHERE id = $1::uuid;

-- name: wake_backfill
UPDATE schedules SET backfill_at = coalesce(least(backfill_at, $2::bigint), $2::bigint) WHERE id = $1::uuid;

-- name: postpone_ticks
UPDATE schedules SET ticks_at = nullif($2::bigint, 0) WHERE id = $1::uuid;

-- name: postpone_backfill
UPDATE schedules SET backfill_at = nullif($2::bigint, 0) WHERE id = $1::uuid;

-- name: insert_ticks
INSERT INTO ticks (schedule_id, tick_at, cause, state, instance_id, decided_at, due_at, error)
SELECT c.schedule_id, c.tick_at, c.cause, c.state, c.instance_id, $7::bigint, c.due_at, ''
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::uuid[], $6::bigint[])
    AS c(schedule_id, tick_at, cause, state, instance_id, due_at)
ON CONFLICT DO NOTHING;

-- name: schedules_with_ticks
SELECT id FROM schedules WHERE ticks_at <= $1::bigint ORDER BY ticks_at LIMIT $2::int;

-- name: schedules_with_backfill
SELECT id FROM schedules WHERE backfill_at <= $1::bigint ORDER BY backfill_at LIMIT $2::int;

-- name: next_ticks
SELECT ticks_at FROM schedules WHERE ticks_at IS NOT NULL ORDER BY ticks_at LIMIT 1;

-- name: next_backfill
SELECT backfill_at FROM schedules WHERE backfill_at IS NOT NULL ORDER BY backfill_at LIMIT 1;

-- name: last_backfill
SELECT id, status FROM workflows WHERE id = (SELECT backfill_id FROM schedules WHERE id = $1::uuid) AND hidden = '';

-- name: open_ticks
-- Of backfills, or of anything else.
SELECT tick_at, cause, state, instance_id, decided_at, error FROM ticks
WHERE schedule_id = $1::uuid AND due_at IS NOT NULL AND (cause = 'backfill') = ($2::int = 1) ORDER BY tick_at LIMIT $3::int;

-- name: end_ticks
-- By ctid: whoever changes an open tick has locked its schedule.
WITH changed AS (
    UPDATE ticks SET state = found.state, error = found.error, due_at = found.due_at,
        decided_at = CASE WHEN found.due_at IS NULL THEN $6::bigint ELSE decided_at END
    FROM (
        SELECT t.ctid AS place, c.state, c.error, c.due_at
        FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::bigint[]) AS c(schedule_id, tick_at, state, error, due_at)
        CROSS JOIN LATERAL (
            SELECT ctid FROM ticks WHERE schedule_id = c.schedule_id AND tick_at = c.tick_at AND due_at IS NOT NULL OFFSET 0) t) AS found
    WHERE ticks.ctid = found.place
    RETURNING 1)
SELECT hammerwork_changed(count(*), $7::int) FROM changed;

-- name: list_ticks
SELECT tick_at, cause, state, instance_id, decided_at, error FROM ticks
WHERE schedule_id = $1::uuid AND tick_at < $2::bigint AND tick_at >= $3::bigint ORDER BY tick_at DESC LIMIT $4::int;

-- name: reopen_ticks
-- Those of which there is no instance.
UPDATE ticks SET state = 'due', cause = 'backfill', error = '', decided_at = $3::bigint, due_at = $3::bigint
WHERE ctid = ANY (ARRAY(
    SELECT t.ctid
    FROM unnest($1::uuid[], $2::bigint[]) AS c(schedule_id, tick_at)
    CROSS JOIN LATERAL (
        SELECT ctid FROM ticks
        WHERE schedule_id = c.schedule_id AND tick_at = c.tick_at AND due_at IS NULL AND state IN ('missed', 'skipped', 'failed')
        FOR UPDATE) t));

-- name: old_ticks
-- Those that another transaction has are left out.
SELECT schedule_id, tick_at FROM ticks
WHERE decided_at <= $1::bigint AND due_at IS NULL ORDER BY decided_at LIMIT $2::int FOR UPDATE SKIP LOCKED;

-- name: delete_ticks
-- These are locked.
DELETE FROM ticks
WHERE ctid = ANY (ARRAY(
    SELECT t.ctid
    FROM unnest($1::uuid[], $2::bigint[]) AS c(schedule_id, tick_at)
    CROSS JOIN LATERAL (
        SELECT ctid FROM ticks WHERE schedule_id = c.schedule_id AND tick_at = c.tick_at AND due_at IS NULL OFFSET 0) t));

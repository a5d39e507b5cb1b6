-- name: due_timers
SELECT due_at, kind, id FROM timers WHERE due_at <= ?1 AND kind = ?2 ORDER BY due_at, id LIMIT ?3;

-- name: next_timer
SELECT min(due_at) FROM timers WHERE kind IN ('job', 'deadline', 'workflow', 'grace', 'cancel');

-- name: delete_timers
DELETE FROM timers
WHERE (due_at, kind, id) IN (
    SELECT value ->> 'due_at', value ->> 'kind', unhex(value ->> 'id') FROM json_each(?1))
RETURNING id;

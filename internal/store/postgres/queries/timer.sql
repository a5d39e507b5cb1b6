-- name: due_timers
SELECT due_at, kind, id FROM timers WHERE due_at <= $1::bigint AND kind = $2::text ORDER BY due_at, id LIMIT $3::int;

-- name: next_timer
SELECT due_at FROM timers WHERE kind IN ('job', 'deadline', 'workflow', 'grace', 'cancel') ORDER BY due_at LIMIT 1;

-- name: delete_timers
-- Their jobs or workflows are locked.
DELETE FROM timers
WHERE ctid = ANY (ARRAY(
    SELECT t.ctid
    FROM unnest($1::bigint[], $2::text[], $3::uuid[]) c(due_at, kind, id)
    CROSS JOIN LATERAL (SELECT ctid FROM timers WHERE due_at = c.due_at AND kind = c.kind AND id = c.id OFFSET 0) t))
RETURNING id;

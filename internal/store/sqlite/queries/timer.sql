-- name: due_timers
SELECT due_at, kind, id FROM timers WHERE due_at <= ?1 AND kind = ?2 ORDER BY due_at, id LIMIT ?3;

-- name: next_timer
SELECT min(due_at) FROM (
    SELECT (SELECT min(due_at) FROM timers WHERE kind = k.value) AS due_at
    FROM json_each('["job", "deadline", "workflow", "grace", "cancel", "finally", "decision", "stall", "gate"]') k);

-- name: free_jobs
SELECT s.id, j.workflow_id, j.name, j.queue, j.retry, s.status, s.dependency_status, s.epoch, s.attempts, s.give_backs,
    s.priority, s.join_rule, s.quorum, s.unresolved, s.active, s.inactive, s.broken, s.scheduled_at, s.lease_id, s.cause_job_id,
    s.cancelling, s.reason, s.spared, s.decision, s.earlier, j.barrier, j.rules
FROM job_state s
JOIN jobs j ON j.id = s.id
WHERE s.id IN (SELECT unhex(value) FROM json_each(?1))
ORDER BY s.id;

-- name: delete_timers
DELETE FROM timers
WHERE (due_at, kind, id) IN (
    SELECT value ->> 'due_at', value ->> 'kind', unhex(value ->> 'id') FROM json_each(?1))
RETURNING id;

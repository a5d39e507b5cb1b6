-- name: due_timers
SELECT due_at, kind, id FROM timers WHERE due_at <= $1::bigint AND kind = $2::text ORDER BY due_at, id LIMIT $3::int;

-- name: next_timer
SELECT t.due_at
FROM unnest(ARRAY['job', 'deadline', 'workflow', 'grace', 'cancel', 'finally', 'decision', 'stall', 'gate']) k(kind)
CROSS JOIN LATERAL (SELECT due_at FROM timers WHERE kind = k.kind ORDER BY due_at LIMIT 1) t
ORDER BY t.due_at LIMIT 1;

-- name: free_jobs
-- Locks those of the jobs that nobody else has locked.
SELECT s.id, j.workflow_id, j.name, j.queue, j.retry, s.status, s.dependency_status, s.epoch, s.attempts, s.give_backs,
    s.priority, s.join_rule, s.quorum, s.unresolved, s.active, s.inactive, s.broken, s.scheduled_at, s.lease_id, s.cause_job_id,
    s.cancelling, s.reason, s.spared, s.decision, s.earlier, j.barrier, j.rules
FROM (SELECT DISTINCT id FROM unnest($1::uuid[]) x(id) ORDER BY id) x
CROSS JOIN LATERAL (SELECT * FROM job_state WHERE id = x.id FOR UPDATE SKIP LOCKED) s
CROSS JOIN LATERAL (SELECT workflow_id, name, queue, retry, barrier, rules FROM jobs WHERE id = x.id OFFSET 0) j;

-- name: delete_timers
-- Their jobs or workflows are locked.
DELETE FROM timers
WHERE ctid = ANY (ARRAY(
    SELECT t.ctid
    FROM unnest($1::bigint[], $2::text[], $3::uuid[]) c(due_at, kind, id)
    CROSS JOIN LATERAL (SELECT ctid FROM timers WHERE due_at = c.due_at AND kind = c.kind AND id = c.id OFFSET 0) t))
RETURNING id;

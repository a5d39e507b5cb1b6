-- name: due_timers
SELECT due_at, kind, id FROM hw_timers FORCE INDEX (PRIMARY) WHERE due_at <= ?1 AND kind = ?2 ORDER BY due_at, id LIMIT ?3;

-- name: next_timer
SELECT MIN(t.due_at)
FROM (
    (SELECT due_at FROM hw_timers FORCE INDEX (PRIMARY) WHERE kind = 'job' ORDER BY due_at LIMIT 1)
    UNION ALL
    (SELECT due_at FROM hw_timers FORCE INDEX (PRIMARY) WHERE kind = 'deadline' ORDER BY due_at LIMIT 1)
    UNION ALL
    (SELECT due_at FROM hw_timers FORCE INDEX (PRIMARY) WHERE kind = 'workflow' ORDER BY due_at LIMIT 1)
    UNION ALL
    (SELECT due_at FROM hw_timers FORCE INDEX (PRIMARY) WHERE kind = 'grace' ORDER BY due_at LIMIT 1)
    UNION ALL
    (SELECT due_at FROM hw_timers FORCE INDEX (PRIMARY) WHERE kind = 'cancel' ORDER BY due_at LIMIT 1)
    UNION ALL
    (SELECT due_at FROM hw_timers FORCE INDEX (PRIMARY) WHERE kind = 'finally' ORDER BY due_at LIMIT 1)
    UNION ALL
    (SELECT due_at FROM hw_timers FORCE INDEX (PRIMARY) WHERE kind = 'decision' ORDER BY due_at LIMIT 1)
    UNION ALL
    (SELECT due_at FROM hw_timers FORCE INDEX (PRIMARY) WHERE kind = 'stall' ORDER BY due_at LIMIT 1)
    UNION ALL
    (SELECT due_at FROM hw_timers FORCE INDEX (PRIMARY) WHERE kind = 'gate' ORDER BY due_at LIMIT 1)) t;

-- name: free_jobs
-- Locks those of the jobs that nobody else has locked.
SELECT s.id, (SELECT j.workflow_id FROM hw_jobs j WHERE j.id = s.id), (SELECT j.name FROM hw_jobs j WHERE j.id = s.id),
    (SELECT j.queue FROM hw_jobs j WHERE j.id = s.id), (SELECT j.retry FROM hw_jobs j WHERE j.id = s.id),
    s.status, s.dependency_status, s.epoch, s.attempts, s.give_backs, s.priority, s.join_rule,
    s.quorum, s.unresolved, s.active, s.inactive, s.broken, s.scheduled_at, s.lease_id, s.cause_job_id, s.cancelling,
    s.reason, s.spared, s.decision, s.earlier, (SELECT j.barrier FROM hw_jobs j WHERE j.id = s.id),
    (SELECT j.rules FROM hw_jobs j WHERE j.id = s.id)
FROM (SELECT UNHEX(i.id) AS id FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i ORDER BY id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = x.id
FOR UPDATE SKIP LOCKED;

-- name: delete_timers
-- Their jobs or workflows are locked. They are to be removed.
SELECT t.id, t.due_at, t.kind
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    due_at BIGINT PATH '$.due_at', kind VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.kind',
    id VARCHAR(32) PATH '$.id')) c
STRAIGHT_JOIN hw_timers t FORCE INDEX (PRIMARY) ON t.kind = c.kind AND t.due_at = c.due_at AND t.id = UNHEX(c.id)
FOR UPDATE;

-- name: remove_timers
-- These are locked.
DELETE t
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    due_at BIGINT PATH '$.due_at', kind VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.kind',
    id VARCHAR(32) PATH '$.id')) c
STRAIGHT_JOIN hw_timers t FORCE INDEX (PRIMARY) ON t.kind = c.kind AND t.due_at = c.due_at AND t.id = UNHEX(c.id);

-- name: first_ready_queue
SET @hammerwork_queue = ?1;

-- name: next_ready_queue
-- The next queue, if there is one. A variable is as good as a constant to the
-- server, which looks for what comes after it; the column of an outer statement
-- is not.
SELECT queue INTO @hammerwork_queue FROM hw_ready FORCE INDEX (PRIMARY) WHERE queue > @hammerwork_queue ORDER BY queue LIMIT 1;

-- name: this_ready_queue
SELECT @hammerwork_queue;

-- name: ready_heads
-- The first ?5 rows of a queue after (rank, scheduled_at, id), with the queue's
-- weights.
SELECT queue, `rank`, scheduled_at, id, COALESCE((SELECT weights FROM hw_queues WHERE name = ?1), '')
FROM hw_ready FORCE INDEX (PRIMARY)
WHERE queue = ?1 AND (`rank` > ?2 OR `rank` = ?2 AND (scheduled_at > ?3 OR scheduled_at = ?3 AND id > UNHEX(?4)))
    AND NOT EXISTS (SELECT 1 FROM hw_queues WHERE name = ?1 AND paused_at IS NOT NULL)
ORDER BY `rank`, scheduled_at, id
LIMIT ?5;

-- name: delete_ready
-- What another claim has locked is left out. The others are to be removed.
SELECT r.id, r.queue, r.`rank`, r.scheduled_at
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    queue VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.queue', `rank` INT PATH '$.rank',
    scheduled_at BIGINT PATH '$.scheduled_at', id VARCHAR(32) PATH '$.id')) c
STRAIGHT_JOIN hw_ready r FORCE INDEX (PRIMARY) ON r.queue = CAST(c.queue AS BINARY) AND r.`rank` = c.`rank` AND r.scheduled_at = c.scheduled_at AND r.id = UNHEX(c.id)
FOR UPDATE SKIP LOCKED;

-- name: free_ready
-- Locks the first ?2 of these rows that no other claim has locked.
SELECT r.id
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    queue VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.queue', `rank` INT PATH '$.rank',
    scheduled_at BIGINT PATH '$.scheduled_at', id VARCHAR(32) PATH '$.id')) c
STRAIGHT_JOIN hw_ready r FORCE INDEX (PRIMARY) ON r.queue = CAST(c.queue AS BINARY) AND r.`rank` = c.`rank` AND r.scheduled_at = c.scheduled_at AND r.id = UNHEX(c.id)
LIMIT ?2
FOR UPDATE SKIP LOCKED;

-- name: remove_ready
-- These are locked.
DELETE r
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    queue VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.queue', `rank` INT PATH '$.rank',
    scheduled_at BIGINT PATH '$.scheduled_at', id VARCHAR(32) PATH '$.id')) c
STRAIGHT_JOIN hw_ready r FORCE INDEX (PRIMARY) ON r.queue = CAST(c.queue AS BINARY) AND r.`rank` = c.`rank` AND r.scheduled_at = c.scheduled_at AND r.id = UNHEX(c.id);

-- name: insert_leases
INSERT INTO hw_leases (id, worker, claimed_at, expires_at, remaining, jobs, progress)
SELECT UNHEX(c.id), c.worker, ?2, ?3, c.remaining, c.jobs, ''
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', worker LONGTEXT CHARACTER SET utf8mb4 PATH '$.worker',
    remaining INT PATH '$.remaining', jobs LONGTEXT CHARACTER SET utf8mb4 PATH '$.jobs')) c;

-- name: leases_by_id
SELECT l.id, l.worker, l.jobs, l.expires_at
FROM (SELECT UNHEX(i.id) AS id FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i ORDER BY id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_leases l FORCE INDEX (PRIMARY) ON l.id = x.id;

-- name: claimed_jobs
-- Only jobs that can be claimed or are held: the others have ended. The last
-- columns count their direct parents, up to 1,001, and the bytes of the
-- parents' results, unless there are so many.
SELECT j.id, j.workflow_id, COALESCE(w.name, ''), j.name, j.queue, j.payload, s.epoch, s.attempts, j.max_attempts, j.timeout,
    s.priority, j.trace_id, j.traceparent, j.correlation_id, s.earlier,
    (SELECT v.inputs FROM hw_evaluations v FORCE INDEX (PRIMARY) WHERE v.job_id = j.id AND j.rules <> ''),
    CASE WHEN (SELECT 1 FROM hw_edges e FORCE INDEX (hw_edges_child) WHERE e.child_id = j.id LIMIT 1000, 1) IS NOT NULL THEN 1001
        ELSE (SELECT COUNT(*) FROM hw_edges e FORCE INDEX (hw_edges_child) WHERE e.child_id = j.id) END,
    CASE WHEN (SELECT 1 FROM hw_edges e FORCE INDEX (hw_edges_child) WHERE e.child_id = j.id LIMIT 1000, 1) IS NOT NULL THEN 0
        ELSE (
            SELECT COALESCE(SUM(OCTET_LENGTH(p.result)), 0)
            FROM hw_edges e FORCE INDEX (hw_edges_child) STRAIGHT_JOIN hw_job_state p FORCE INDEX (PRIMARY) ON p.id = e.parent_id
            WHERE e.child_id = j.id) END
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(i.id)
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = j.id
LEFT JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = j.workflow_id
WHERE s.status IN ('pending', 'retrying');

-- name: parents_results
SELECT x.child_id, x.parent_id, j.name, p.status, p.result
FROM (
    SELECT e.child_id, e.parent_id
    FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
    STRAIGHT_JOIN hw_edges e FORCE INDEX (hw_edges_child) ON e.child_id = UNHEX(i.id)
    ORDER BY e.child_id, e.parent_id LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_job_state p FORCE INDEX (PRIMARY) ON p.id = x.parent_id
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = x.parent_id;

-- name: held_job
-- One row when the fence (job, epoch, lease) holds.
SELECT 1
FROM hw_leases l
STRAIGHT_JOIN JSON_TABLE(l.jobs, '$[*]' COLUMNS (id VARCHAR(32) PATH '$[0]', epoch BIGINT PATH '$[1]')) e
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(e.id)
WHERE l.id = UNHEX(?3) AND s.id = UNHEX(?1) AND e.epoch = ?2 AND s.epoch = ?2 AND s.status IN ('pending', 'retrying');

-- name: parents_page
SELECT e.parent_id, pj.name, p.status, p.result
FROM hw_edges e FORCE INDEX (hw_edges_child)
STRAIGHT_JOIN hw_jobs pj FORCE INDEX (PRIMARY) ON pj.id = e.parent_id
STRAIGHT_JOIN hw_job_state p FORCE INDEX (PRIMARY) ON p.id = e.parent_id
WHERE e.child_id = UNHEX(?1) AND e.parent_id > UNHEX(?2) AND (?3 = '' OR pj.name = CAST(?3 AS BINARY))
ORDER BY e.parent_id
LIMIT ?4;

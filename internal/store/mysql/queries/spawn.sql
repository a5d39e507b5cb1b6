-- What handlers spawned.

-- name: insert_spawned
INSERT INTO hw_spawned (spawner_id, job_id)
SELECT UNHEX(c.spawner), UNHEX(c.id)
FROM JSON_TABLE(?1, '$[*]' COLUMNS (spawner VARCHAR(32) PATH '$.spawner', id VARCHAR(32) PATH '$.id')) c;

-- name: spawned_by
SELECT job_id FROM hw_spawned WHERE spawner_id = UNHEX(?1);

-- name: spawned_page
SELECT job_id FROM hw_spawned WHERE spawner_id = UNHEX(?1) AND job_id > UNHEX(?2) ORDER BY job_id LIMIT ?3;

-- name: grow_workflow
-- The caller has locked it.
UPDATE hw_workflows SET total = total + ?2, rules = ?3 WHERE id = UNHEX(?1);

-- name: edges_of_workflow
SELECT COUNT(*)
FROM hw_jobs j FORCE INDEX (hw_jobs_workflow)
STRAIGHT_JOIN hw_edges e FORCE INDEX (hw_edges_child) ON e.child_id = j.id
WHERE j.workflow_id = UNHEX(?1);

-- name: delete_spawned
DELETE s
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_spawned s FORCE INDEX (hw_spawned_job) ON s.job_id = UNHEX(i.id);

-- name: extend_parents
-- What people see of the parents of jobs that wait for more now.
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', parents LONGTEXT CHARACTER SET utf8mb4 PATH '$.parents')) c
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(c.id)
SET j.depends_on = CONCAT(LEFT(j.depends_on, CHAR_LENGTH(j.depends_on) - 1), IF(j.depends_on = '[]', '', ','), c.parents, ']');

-- name: spawned_in_run
-- They belong to the run in which they came.
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_job_state s FORCE INDEX (PRIMARY) ON s.id = UNHEX(i.id)
STRAIGHT_JOIN hw_workflows w FORCE INDEX (PRIMARY) ON w.id = UNHEX(?2)
SET s.run = w.run
WHERE w.run > 1;

-- name: edges_there
SELECT e.parent_id, e.child_id
FROM JSON_TABLE(?1, '$[*]' COLUMNS (
    parent VARCHAR(32) PATH '$.parent', child VARCHAR(32) PATH '$.child')) c
STRAIGHT_JOIN hw_edges e FORCE INDEX (PRIMARY) ON e.parent_id = UNHEX(c.parent) AND e.child_id = UNHEX(c.child);

-- name: parents_above
-- In their own workflow.
SELECT DISTINCT e.parent_id
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_edges e FORCE INDEX (hw_edges_child) ON e.child_id = UNHEX(i.id)
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = e.parent_id AND j.workflow_id = UNHEX(?2);

-- name: keep_payloads
-- With the last run of each job, unless that was kept when it was reset.
UPDATE (
    SELECT r.job_id, MAX(r.epoch) AS epoch
    FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$.id')) i
    STRAIGHT_JOIN hw_job_runs r FORCE INDEX (PRIMARY) ON r.job_id = UNHEX(i.id)
    GROUP BY r.job_id) l
STRAIGHT_JOIN JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', payload LONGTEXT CHARACTER SET utf8mb4 PATH '$.payload')) c ON l.job_id = UNHEX(c.id)
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = l.job_id
STRAIGHT_JOIN hw_job_runs r FORCE INDEX (PRIMARY) ON r.job_id = l.job_id AND r.epoch = l.epoch
SET r.payload = j.payload
WHERE r.payload IS NULL AND j.payload <> FROM_BASE64(c.payload);

-- name: rules_and_followed
-- Followed: jobs of its own workflow depend on it.
SELECT j.id, j.rules, EXISTS (
    SELECT 1 FROM hw_edges e FORCE INDEX (PRIMARY)
    STRAIGHT_JOIN hw_jobs c FORCE INDEX (PRIMARY) ON c.id = e.child_id
    WHERE e.parent_id = j.id AND c.workflow_id = j.workflow_id)
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(i.id);

-- name: rules_with_one_parent
-- Of the jobs that depend on one other.
SELECT j.id, j.rules, j.depends_on
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(i.id)
WHERE j.depends_on <> '[]' AND j.depends_on NOT LIKE '%,%';

-- name: set_rules
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (
    id VARCHAR(32) PATH '$.id', rules LONGTEXT CHARACTER SET utf8mb4 PATH '$.rules')) c
STRAIGHT_JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = UNHEX(c.id)
SET j.rules = c.rules;

-- name: spawners_of
-- A spawner that is deleted has no name.
SELECT b.job_id, b.spawner_id, COALESCE(j.name, '')
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id VARCHAR(32) PATH '$')) i
STRAIGHT_JOIN hw_spawned b FORCE INDEX (hw_spawned_job) ON b.job_id = UNHEX(i.id)
LEFT JOIN hw_jobs j FORCE INDEX (PRIMARY) ON j.id = b.spawner_id;

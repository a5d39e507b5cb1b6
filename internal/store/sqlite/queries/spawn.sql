-- What handlers spawned.

-- name: insert_spawned
INSERT INTO spawned (spawner_id, job_id)
SELECT unhex(value ->> 'spawner'), unhex(value ->> 'id') FROM json_each(?1);

-- name: spawned_by
SELECT job_id FROM spawned WHERE spawner_id = ?1;

-- name: spawned_page
SELECT job_id FROM spawned WHERE spawner_id = ?1 AND job_id > ?2 ORDER BY job_id LIMIT ?3;

-- name: grow_workflow
-- The caller has locked it.
UPDATE workflows SET total = total + ?2, rules = ?3 WHERE id = ?1;

-- name: edges_of_workflow
SELECT count(*) FROM jobs j CROSS JOIN edges e ON e.child_id = j.id WHERE j.workflow_id = ?1;

-- name: delete_spawned
DELETE FROM spawned WHERE job_id IN (SELECT unhex(value) FROM json_each(?1));

-- name: extend_parents
-- What people see of the parents of jobs that wait for more now.
UPDATE jobs SET depends_on = substr(depends_on, 1, length(depends_on) - 1) || CASE depends_on WHEN '[]' THEN '' ELSE ',' END || c.parents || ']'
FROM (SELECT unhex(value ->> 'id') AS id, value ->> 'parents' AS parents FROM json_each(?1)) AS c
WHERE jobs.id = c.id;

-- name: spawned_in_run
-- They belong to the run in which they came.
UPDATE job_state SET run = (SELECT run FROM workflows WHERE id = ?2) WHERE id IN (SELECT unhex(value) FROM json_each(?1));

-- name: edges_there
SELECT e.parent_id, e.child_id
FROM json_each(?1) x
CROSS JOIN edges e ON e.parent_id = unhex(x.value ->> 'parent') AND e.child_id = unhex(x.value ->> 'child');

-- name: parents_above
-- In their own workflow.
SELECT DISTINCT e.parent_id
FROM json_each(?1) x
CROSS JOIN edges e ON e.child_id = unhex(x.value)
CROSS JOIN jobs j ON j.id = e.parent_id AND j.workflow_id = ?2;

-- name: keep_payloads
-- With the last run of each job, unless that was kept when it was reset.
UPDATE job_runs SET payload = c.old
FROM (
    SELECT j.id, j.payload AS old, (SELECT max(epoch) FROM job_runs r WHERE r.job_id = j.id) AS epoch
    FROM json_each(?1) x
    CROSS JOIN jobs j ON j.id = unhex(x.value ->> 'id')
    WHERE j.payload <> CAST(x.value ->> 'payload' AS BLOB)) AS c
WHERE job_runs.job_id = c.id AND job_runs.epoch = c.epoch AND job_runs.payload IS NULL;

-- name: rules_and_followed
-- Followed: jobs of its own workflow depend on it.
SELECT j.id, j.rules, EXISTS (
    SELECT 1 FROM edges e CROSS JOIN jobs c ON c.id = e.child_id WHERE e.parent_id = j.id AND c.workflow_id = j.workflow_id)
FROM json_each(?1) x
CROSS JOIN jobs j ON j.id = unhex(x.value);

-- name: rules_with_one_parent
-- Of the jobs that depend on one other.
SELECT j.id, j.rules, j.depends_on
FROM json_each(?1) x
CROSS JOIN jobs j ON j.id = unhex(x.value)
WHERE j.depends_on <> '[]' AND j.depends_on NOT LIKE '%,%';

-- name: set_rules
UPDATE jobs SET rules = c.rules
FROM (SELECT unhex(value ->> 'id') AS id, value ->> 'rules' AS rules FROM json_each(?1)) AS c
WHERE jobs.id = c.id;

-- name: spawners_of
-- A spawner that is deleted has no name.
SELECT b.job_id, b.spawner_id, COALESCE(j.name, '')
FROM json_each(?1) x
CROSS JOIN spawned b ON b.job_id = unhex(x.value)
LEFT JOIN jobs j ON j.id = b.spawner_id;

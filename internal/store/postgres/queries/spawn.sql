-- What handlers spawned.

-- name: insert_spawned
INSERT INTO spawned (spawner_id, job_id)
SELECT c.spawner, c.id FROM unnest($1::uuid[], $2::uuid[]) AS c(spawner, id);

-- name: spawned_by
SELECT job_id FROM spawned WHERE spawner_id = $1::uuid;

-- name: spawned_page
SELECT job_id FROM spawned WHERE spawner_id = $1::uuid AND job_id > $2::uuid ORDER BY spawner_id, job_id LIMIT $3::int;

-- name: spawner_of
SELECT spawner_id FROM spawned WHERE job_id = $1::uuid;

-- name: grow_workflow
-- The caller has locked it.
WITH changed AS (UPDATE workflows SET total = total + $2::int, rules = $3::text WHERE id = $1::uuid RETURNING 1)
SELECT hammerwork_changed(count(*), $4::int) FROM changed;

-- name: edges_of_workflow
SELECT count(*)
FROM (SELECT id FROM jobs WHERE workflow_id = $1::uuid OFFSET 0) j
CROSS JOIN LATERAL (SELECT 1 FROM edges WHERE child_id = j.id OFFSET 0) e;

-- name: delete_spawned
DELETE FROM spawned WHERE job_id = ANY ($1::uuid[]);

-- name: extend_parents
-- What people see of the parents of jobs that wait for more now.
UPDATE jobs j SET depends_on = left(j.depends_on, -1) || CASE j.depends_on WHEN '[]' THEN '' ELSE ',' END || c.parents || ']'
FROM unnest($1::uuid[], $2::text[]) AS c(id, parents)
WHERE j.id = ANY ($1::uuid[]) AND j.id = c.id;

-- name: spawned_in_run
-- They belong to the run in which they came.
UPDATE job_state SET run = w.run FROM workflows w WHERE job_state.id = ANY ($1::uuid[]) AND w.id = $2::uuid AND w.run > 1;

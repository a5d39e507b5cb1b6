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
WITH changed AS (UPDATE workflows SET total = total + $2::int WHERE id = $1::uuid RETURNING 1)
SELECT hammerwork_changed(count(*), $3::int) FROM changed;

-- name: delete_spawned
DELETE FROM spawned WHERE job_id = ANY ($1::uuid[]);

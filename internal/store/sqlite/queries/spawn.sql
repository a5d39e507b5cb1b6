-- What handlers spawned.

-- name: insert_spawned
INSERT INTO spawned (spawner_id, job_id)
SELECT unhex(value ->> 'spawner'), unhex(value ->> 'id') FROM json_each(?1);

-- name: spawned_by
SELECT job_id FROM spawned WHERE spawner_id = ?1;

-- name: spawned_page
SELECT job_id FROM spawned WHERE spawner_id = ?1 AND job_id > ?2 ORDER BY job_id LIMIT ?3;

-- name: spawner_of
SELECT spawner_id FROM spawned INDEXED BY spawned_job WHERE job_id = ?1;

-- name: grow_workflow
-- The caller has locked it.
UPDATE workflows SET total = total + ?2 WHERE id = ?1;

-- name: delete_spawned
DELETE FROM spawned WHERE job_id IN (SELECT unhex(value) FROM json_each(?1));

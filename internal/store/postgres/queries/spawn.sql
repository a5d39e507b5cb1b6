-- What handlers spawned.

-- name: insert_spawned
INSERT INTO spawned (spawner_id, job_id)
SELECT c.spawner, c.id FROM unnest($1::uuid[], $2::uuid[]) AS c(spawner, id);

-- name: spawned_by
SELECT job_id FROM spawned WHERE spawner_id = $1::uuid;

-- name: spawned_page
SELECT job_id FROM spawned WHERE spawner_id = $1::uuid AND job_id > $2::uuid ORDER BY spawner_id, job_id LIMIT $3::int;

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

-- name: edges_there
SELECT c.parent, c.child
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::text[]) AS c(parent, child, "on", optional, state)
CROSS JOIN LATERAL (SELECT 1 FROM edges WHERE parent_id = c.parent AND child_id BETWEEN c.child AND c.child OFFSET 0) e;

-- name: parents_above
-- In their own workflow.
SELECT DISTINCT e.parent_id
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT parent_id FROM edges WHERE child_id = x.id OFFSET 0) e
CROSS JOIN LATERAL (SELECT 1 FROM jobs WHERE id = e.parent_id AND workflow_id = $2::uuid OFFSET 0) j;

-- name: keep_payloads
-- With the last run of each job, unless that was kept when it was reset.
UPDATE job_runs r SET payload = j.payload
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::int[], $7::bigint[], $8::int[], $9::bytea[],
    $10::uuid[], $11::int[])
    AS c(id, dependency_status, unresolved, active, inactive, broken, scheduled_at, run, payload, cause, spared)
CROSS JOIN LATERAL (SELECT payload FROM jobs WHERE id = c.id OFFSET 0) j
CROSS JOIN LATERAL (SELECT max(epoch) AS epoch FROM job_runs WHERE job_id = c.id OFFSET 0) l
WHERE r.job_id = ANY ($1::uuid[]) AND r.job_id = c.id AND r.epoch = l.epoch AND r.payload IS NULL AND j.payload <> c.payload;

-- name: rules_and_followed
-- Followed: jobs of its own workflow depend on it.
SELECT j.id, j.rules, EXISTS (
    SELECT 1
    FROM (SELECT child_id FROM edges WHERE parent_id = j.id OFFSET 0) e
    CROSS JOIN LATERAL (SELECT workflow_id FROM jobs WHERE id = e.child_id OFFSET 0) c
    WHERE c.workflow_id = j.workflow_id)
FROM jobs j WHERE j.id = ANY ($1::uuid[]);

-- name: rules_with_one_parent
-- Of the jobs that depend on one other.
SELECT j.id, j.rules, j.depends_on FROM jobs j
WHERE j.id = ANY ($1::uuid[]) AND j.depends_on <> '[]' AND j.depends_on NOT LIKE '%,%';

-- name: set_rules
UPDATE jobs j SET rules = c.rules FROM unnest($1::uuid[], $2::text[]) AS c(id, rules) WHERE j.id = ANY ($1::uuid[]) AND j.id = c.id;

-- name: spawners_of
-- A spawner that is deleted has no name.
SELECT x.id, b.spawner_id, COALESCE(j.name, '')
FROM unnest($1::uuid[]) x(id)
CROSS JOIN LATERAL (SELECT spawner_id FROM spawned WHERE job_id = x.id OFFSET 0) b
LEFT JOIN LATERAL (SELECT name FROM jobs WHERE id = b.spawner_id OFFSET 0) j ON true;

-- name: lock_partitions
SELECT id, resolver, expires_at FROM partitions ORDER BY id FOR UPDATE;

-- name: add_partitions
INSERT INTO partitions (id, resolver, expires_at)
SELECT c.id, '', 0 FROM unnest($1::int[]) AS c(id) ORDER BY c.id
ON CONFLICT DO NOTHING;

-- name: see_resolver
INSERT INTO resolvers (name, expires_at) VALUES ($1::text, $2::bigint)
ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at;

-- name: forget_resolvers
DELETE FROM resolvers WHERE expires_at <= $1::bigint;

-- name: forget_resolver
DELETE FROM resolvers WHERE name = $1::text;

-- name: count_resolvers
SELECT count(*) FROM resolvers;

-- name: own_partitions
-- Renews what is the resolver's and takes what is nobody's.
WITH changed AS (
    UPDATE partitions SET resolver = $2::text, expires_at = $4::bigint
    WHERE id = ANY ($1::int[]) AND (resolver = $2::text OR expires_at <= $3::bigint)
    RETURNING 1)
SELECT hammerwork_changed(count(*), $5::int) FROM changed;

-- name: free_partitions
WITH changed AS (
    UPDATE partitions SET resolver = '', expires_at = 0
    WHERE id = ANY ($1::int[]) AND resolver = $2::text
    RETURNING 1)
SELECT hammerwork_changed(count(*), $3::int) FROM changed;

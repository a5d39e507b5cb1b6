-- name: lock_partitions
SELECT id, resolver, expires_at FROM partitions ORDER BY id;

-- name: add_partitions
INSERT INTO partitions (id, resolver, expires_at)
SELECT value ->> 'id', '', 0 FROM json_each(?1) WHERE true
ON CONFLICT DO NOTHING;

-- name: see_resolver
INSERT INTO resolvers (name, expires_at) VALUES (?1, ?2)
ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at;

-- name: forget_resolvers
DELETE FROM resolvers WHERE expires_at <= ?1;

-- name: forget_resolver
DELETE FROM resolvers WHERE name = ?1;

-- name: count_resolvers
SELECT count(*) FROM resolvers;

-- name: own_partitions
-- Renews what is the resolver's and takes what is nobody's.
UPDATE partitions SET resolver = ?2, expires_at = ?4
WHERE id IN (SELECT value ->> 'id' FROM json_each(?1)) AND (resolver = ?2 OR expires_at <= ?3);

-- name: free_partitions
UPDATE partitions SET resolver = '', expires_at = 0
WHERE id IN (SELECT value ->> 'id' FROM json_each(?1)) AND resolver = ?2;

-- name: lock_partitions
SELECT id, resolver, expires_at FROM hw_partitions ORDER BY id FOR UPDATE;

-- name: add_partitions
-- Locks those that another has added meanwhile as lock_partitions does: IGNORE
-- would lock them for two at once, of whom neither could go on.
INSERT INTO hw_partitions (id, resolver, expires_at)
SELECT c.id, '', 0
FROM JSON_TABLE(?1, '$[*]' COLUMNS (id INT PATH '$.id')) c
ORDER BY c.id
ON DUPLICATE KEY UPDATE id = c.id;

-- name: see_resolver
INSERT INTO hw_resolvers (name, expires_at) VALUES (?1, ?2)
ON DUPLICATE KEY UPDATE expires_at = ?2;

-- name: forget_resolvers
DELETE r
FROM (SELECT name FROM hw_resolvers WHERE expires_at <= ?1 ORDER BY name LIMIT 18446744073709551615) x
STRAIGHT_JOIN hw_resolvers r FORCE INDEX (PRIMARY) ON r.name = x.name
WHERE r.expires_at <= ?1;

-- name: forget_resolver
DELETE FROM hw_resolvers WHERE name = ?1;

-- name: count_resolvers
SELECT COUNT(*) FROM hw_resolvers;

-- name: own_partitions
-- Renews what is the resolver's and takes what is nobody's.
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (id INT PATH '$.id')) c
STRAIGHT_JOIN hw_partitions p FORCE INDEX (PRIMARY) ON p.id = c.id
SET p.resolver = ?2, p.expires_at = ?4
WHERE p.resolver = CAST(?2 AS BINARY) OR p.expires_at <= ?3;

-- name: free_partitions
UPDATE JSON_TABLE(?1, '$[*]' COLUMNS (id INT PATH '$.id')) c
STRAIGHT_JOIN hw_partitions p FORCE INDEX (PRIMARY) ON p.id = c.id
SET p.resolver = '', p.expires_at = 0
WHERE p.resolver = CAST(?2 AS BINARY);

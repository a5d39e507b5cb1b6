-- +goose Up
-- The resolvers that are alive, so that they can share the partitions out.
CREATE TABLE IF NOT EXISTS resolvers (
    name       TEXT NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL -- given up then
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE resolvers;

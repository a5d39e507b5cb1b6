-- +goose Up
-- The resolvers that are alive, so that they can share the partitions out.
CREATE TABLE IF NOT EXISTS resolvers (
    name       text COLLATE "C" NOT NULL PRIMARY KEY,
    expires_at bigint NOT NULL -- given up then
) WITH (fillfactor = 50);

-- +goose Down
DROP TABLE resolvers;

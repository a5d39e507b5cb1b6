-- +goose Up
-- Which resolver hears the outcomes of a partition. No row, or one that has
-- expired: nobody.
CREATE TABLE IF NOT EXISTS partitions (
    id         integer NOT NULL PRIMARY KEY, -- from 0
    resolver   text NOT NULL,
    expires_at bigint NOT NULL
) WITH (fillfactor = 50);

-- +goose Down
DROP TABLE partitions;

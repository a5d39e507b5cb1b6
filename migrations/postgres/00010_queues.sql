-- +goose Up
CREATE TABLE IF NOT EXISTS queues (
    name      text COLLATE "C" NOT NULL PRIMARY KEY,
    paused_at bigint -- null: not paused
);

-- +goose Down
DROP TABLE queues;

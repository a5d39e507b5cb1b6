-- +goose Up
CREATE TABLE IF NOT EXISTS ready (
    queue        text COLLATE "C" NOT NULL,
    rank         integer          NOT NULL, -- 4 − priority
    scheduled_at bigint           NOT NULL,
    id           uuid             NOT NULL,
    PRIMARY KEY (queue, rank, scheduled_at, id)
);

-- +goose Down
DROP TABLE ready;

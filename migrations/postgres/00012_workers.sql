-- +goose Up
CREATE TABLE IF NOT EXISTS workers (
    name          text COLLATE "C" NOT NULL PRIMARY KEY,
    queues        text             NOT NULL, -- a JSON array; null: every queue
    slots         integer          NOT NULL,
    draining      boolean          NOT NULL,
    first_seen_at bigint           NOT NULL, -- since it was last away for over 10 minutes
    last_seen_at  bigint           NOT NULL
) WITH (fillfactor = 50);

-- +goose Down
DROP TABLE workers;

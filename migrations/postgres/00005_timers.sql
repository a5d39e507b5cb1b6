-- +goose Up
CREATE TABLE IF NOT EXISTS timers (
    due_at bigint           NOT NULL,
    kind   text COLLATE "C" NOT NULL, -- job, deadline, workflow, grace, cancel
    id     uuid             NOT NULL,
    PRIMARY KEY (kind, due_at, id)
);

-- +goose Down
DROP TABLE timers;

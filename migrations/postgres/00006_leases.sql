-- +goose Up
CREATE TABLE IF NOT EXISTS leases (
    id         uuid     NOT NULL PRIMARY KEY,
    worker     text     NOT NULL,
    claimed_at bigint   NOT NULL,
    expires_at bigint   NOT NULL,
    accepted   boolean  NOT NULL DEFAULT false, -- after the first heartbeat
    remaining  integer  NOT NULL,               -- jobs of it that have not ended
    job_ids    uuid[]   NOT NULL,               -- never changes
    epochs     bigint[] NOT NULL,              -- parallel to job_ids: of each claim
    progress   text     NOT NULL DEFAULT ''     -- JSON: id in hex → [percent, message]; '': none
) WITH (fillfactor = 50);
CREATE INDEX IF NOT EXISTS leases_expiry ON leases (expires_at);

-- +goose Down
DROP TABLE leases;

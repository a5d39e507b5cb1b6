-- +goose Up
-- What operators and clients need: idempotency keys, the workers that were
-- seen, cancels of single jobs, and what handlers say of their progress.

CREATE TABLE idempotency_keys (
    scope      TEXT    NOT NULL,                      -- workflow, or queue:NAME
    "key"      TEXT    NOT NULL,
    hash       BLOB    NOT NULL,                      -- of the request
    id         BLOB    NOT NULL,                      -- of the workflow or job it made
    created_at INTEGER NOT NULL,
    PRIMARY KEY (scope, "key")
) STRICT, WITHOUT ROWID;

CREATE TABLE workers (
    name          TEXT    NOT NULL PRIMARY KEY,
    queues        TEXT    NOT NULL,                   -- a JSON array; null: every queue
    slots         INTEGER NOT NULL,
    draining      INTEGER NOT NULL,
    first_seen_at INTEGER NOT NULL,                   -- since it was last away for over 10 minutes
    last_seen_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE job_state ADD COLUMN cancelling INTEGER NOT NULL DEFAULT 0; -- 1: somebody cancelled it while it was held
ALTER TABLE leases ADD COLUMN progress TEXT NOT NULL DEFAULT '';        -- JSON: id in hex → [percent, message]; '': none

-- +goose Down
ALTER TABLE leases DROP COLUMN progress;
ALTER TABLE job_state DROP COLUMN cancelling;
DROP TABLE workers;
DROP TABLE idempotency_keys;

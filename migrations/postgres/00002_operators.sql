-- +goose Up
-- What operators and clients need: idempotency keys, the workers that were
-- seen, cancels of single jobs, and what handlers say of their progress.

CREATE TABLE idempotency_keys (
    scope      text COLLATE "C" NOT NULL, -- workflow, or queue:NAME
    "key"      text COLLATE "C" NOT NULL,
    hash       bytea            NOT NULL, -- of the request
    id         uuid             NOT NULL, -- of the workflow or job it made
    created_at bigint           NOT NULL,
    PRIMARY KEY (scope, "key")
);

CREATE TABLE workers (
    name          text COLLATE "C" NOT NULL PRIMARY KEY,
    queues        text             NOT NULL, -- a JSON array; null: every queue
    slots         integer          NOT NULL,
    draining      boolean          NOT NULL,
    first_seen_at bigint           NOT NULL, -- since it was last away for over 10 minutes
    last_seen_at  bigint           NOT NULL
) WITH (fillfactor = 50);

ALTER TABLE job_state ADD COLUMN cancelling boolean NOT NULL DEFAULT false; -- somebody cancelled it while it was held
ALTER TABLE leases ADD COLUMN progress text NOT NULL DEFAULT '';            -- JSON: id in hex → [percent, message]; '': none

-- +goose Down
ALTER TABLE leases DROP COLUMN progress;
ALTER TABLE job_state DROP COLUMN cancelling;
DROP TABLE workers;
DROP TABLE idempotency_keys;

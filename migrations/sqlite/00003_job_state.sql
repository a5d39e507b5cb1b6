-- +goose Up
CREATE TABLE IF NOT EXISTS job_state (
    id                BLOB    NOT NULL PRIMARY KEY,
    status            TEXT    NOT NULL,               -- running is derived from leases, never stored
    dependency_status TEXT    NOT NULL,
    epoch             INTEGER NOT NULL DEFAULT 0,     -- up whenever a claim ends without a terminal outcome
    attempts          INTEGER NOT NULL DEFAULT 0,     -- what the retry budget has counted
    give_backs        INTEGER NOT NULL DEFAULT 0,     -- claims in a row that no worker took
    priority          INTEGER NOT NULL,               -- effective
    join_rule         TEXT    NOT NULL,
    quorum            INTEGER NOT NULL DEFAULT 0,
    unresolved        INTEGER NOT NULL CHECK (unresolved >= 0), -- edges into it, by state
    active            INTEGER NOT NULL DEFAULT 0,
    inactive          INTEGER NOT NULL DEFAULT 0,     -- without optional ones
    broken            INTEGER NOT NULL DEFAULT 0,     -- without optional ones
    scheduled_at      INTEGER NOT NULL,               -- not claimable before
    started_at        INTEGER,                        -- of the claim that ended it
    finished_at       INTEGER,
    reason            TEXT    NOT NULL DEFAULT '',
    error             TEXT    NOT NULL DEFAULT '',
    cause_job_id      BLOB,                           -- upstream_failed: the first failure
    lease_id          BLOB,                           -- of the claim that ended it
    worker            TEXT    NOT NULL DEFAULT '',
    result            BLOB,                           -- JSON, byte for byte as reported
    cancelling        INTEGER NOT NULL DEFAULT 0      -- 1: somebody cancelled it while it was held
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE job_state;

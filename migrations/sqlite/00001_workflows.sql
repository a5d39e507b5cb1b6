-- +goose Up
-- Times are microseconds since 1970-01-01 UTC. Ids are the 16 bytes of a UUID.
-- What never changes (jobs) is apart from what does (job_state); a job that can
-- be claimed has a row in ready, one that waits for its time a row in timers,
-- one in a worker's hands is listed by a row in leases. Whoever deletes the
-- ready row owns the job.

CREATE TABLE IF NOT EXISTS workflows (
    id                    BLOB    NOT NULL PRIMARY KEY,
    name                  TEXT    NOT NULL,
    description           TEXT    NOT NULL,
    status                TEXT    NOT NULL,
    reason                TEXT    NOT NULL DEFAULT '',
    failure_policy        TEXT    NOT NULL,
    failing               INTEGER NOT NULL DEFAULT 0, -- 1 since a failure stopped it: nothing new starts
    priority              INTEGER NOT NULL,
    metadata              TEXT    NOT NULL,           -- a JSON object
    digest                TEXT    NOT NULL DEFAULT '',-- of the definition it came from
    run                   INTEGER NOT NULL DEFAULT 1,
    timeout               INTEGER NOT NULL DEFAULT 0, -- microseconds; 0: none
    health_check_interval INTEGER NOT NULL DEFAULT 0, -- microseconds; 0: none
    trace_id              TEXT    NOT NULL,
    traceparent           TEXT    NOT NULL,
    correlation_id        TEXT    NOT NULL,
    total                 INTEGER NOT NULL,           -- the counters equal the sums over its jobs at every commit
    completed             INTEGER NOT NULL DEFAULT 0,
    failed                INTEGER NOT NULL DEFAULT 0,
    dead                  INTEGER NOT NULL DEFAULT 0,
    timed_out             INTEGER NOT NULL DEFAULT 0,
    upstream_failed       INTEGER NOT NULL DEFAULT 0,
    cancelled             INTEGER NOT NULL DEFAULT 0,
    skipped               INTEGER NOT NULL DEFAULT 0,
    created_at            INTEGER NOT NULL,
    started_at            INTEGER,
    finished_at           INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS workflows_digest ON workflows (digest, created_at) WHERE finished_at IS NULL;

-- Of two who migrate at once one notes a version; there is no lock to hold.
CREATE UNIQUE INDEX IF NOT EXISTS hammerwork_migrations_once ON hammerwork_migrations (version_id);

-- +goose Down
DROP TABLE workflows;

-- +goose Up
-- Times are microseconds since 1970-01-01 UTC. What never changes (jobs) is
-- apart from what does (job_state); a job that can be claimed has a row in
-- ready, one that waits for its time a row in timers, one in a worker's hands
-- is listed by a row in leases. Whoever deletes the ready row owns the job.
--
-- What is updated leaves room in its pages and has no index on what changes, so
-- that an update stays in its page and touches no index (HOT).

CREATE TABLE IF NOT EXISTS workflows (
    id                    uuid             NOT NULL PRIMARY KEY,
    name                  text             NOT NULL,
    description           text             NOT NULL,
    status                text             NOT NULL,
    reason                text             NOT NULL DEFAULT '',
    failure_policy        text             NOT NULL,
    failing               boolean          NOT NULL DEFAULT false, -- since a failure stopped it: nothing new starts
    priority              integer          NOT NULL,
    metadata              text             NOT NULL,               -- a JSON object
    digest                text COLLATE "C" NOT NULL DEFAULT '',    -- of the definition it came from
    run                   integer          NOT NULL DEFAULT 1,
    timeout               bigint           NOT NULL DEFAULT 0,     -- microseconds; 0: none
    health_check_interval bigint           NOT NULL DEFAULT 0,     -- microseconds; 0: none
    trace_id              text             NOT NULL,
    traceparent           text             NOT NULL,
    correlation_id        text             NOT NULL,
    total                 integer          NOT NULL,               -- the counters equal the sums over its jobs at every commit
    completed             integer          NOT NULL DEFAULT 0,
    failed                integer          NOT NULL DEFAULT 0,
    dead                  integer          NOT NULL DEFAULT 0,
    timed_out             integer          NOT NULL DEFAULT 0,
    upstream_failed       integer          NOT NULL DEFAULT 0,
    cancelled             integer          NOT NULL DEFAULT 0,
    skipped               integer          NOT NULL DEFAULT 0,
    created_at            bigint           NOT NULL,
    started_at            bigint,
    finished_at           bigint
) WITH (fillfactor = 50);
CREATE INDEX IF NOT EXISTS workflows_digest ON workflows (digest, created_at) WHERE finished_at IS NULL;

-- +goose Down
DROP TABLE workflows;

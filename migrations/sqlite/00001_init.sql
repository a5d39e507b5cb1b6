-- +goose Up
-- Times are microseconds since 1970-01-01 UTC. Ids are the 16 bytes of a UUID.
-- What never changes (jobs) is apart from what does (job_state); a job that can
-- be claimed has a row in ready, one that waits for its time a row in timers,
-- one in a worker's hands is listed by a row in leases. Whoever deletes the
-- ready row owns the job.

CREATE TABLE workflows (
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
CREATE INDEX workflows_digest ON workflows (digest, created_at) WHERE finished_at IS NULL;

CREATE TABLE jobs (
    id             BLOB    NOT NULL PRIMARY KEY,
    workflow_id    BLOB,                              -- null: none
    position       INTEGER NOT NULL,                  -- in the workflow's definition
    name           TEXT    NOT NULL,
    queue          TEXT    NOT NULL,
    payload        BLOB    NOT NULL,                  -- JSON, byte for byte as enqueued
    depends_on     TEXT    NOT NULL,                  -- JSON array of the parents' ids at enqueue
    priority       INTEGER NOT NULL,
    max_attempts   INTEGER NOT NULL,
    retry          TEXT    NOT NULL,                  -- JSON, the policy that holds for it
    timeout        INTEGER NOT NULL,                  -- microseconds an attempt may take; 0: any
    deadline_at    INTEGER,                           -- must have ended by then
    allow_failure  INTEGER NOT NULL DEFAULT 0,
    finally        INTEGER NOT NULL DEFAULT 0,
    catch          INTEGER NOT NULL DEFAULT 0,
    condition      TEXT    NOT NULL DEFAULT '',
    trace_id       TEXT    NOT NULL,
    traceparent    TEXT    NOT NULL,
    correlation_id TEXT    NOT NULL,
    created_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_workflow ON jobs (workflow_id, position) WHERE workflow_id IS NOT NULL;

CREATE TABLE job_state (
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
    result            BLOB                            -- JSON, byte for byte as reported
) STRICT, WITHOUT ROWID;

CREATE TABLE ready (
    queue        TEXT    NOT NULL,
    rank         INTEGER NOT NULL,                    -- 4 − priority
    scheduled_at INTEGER NOT NULL,
    id           BLOB    NOT NULL,
    PRIMARY KEY (queue, rank, scheduled_at, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE timers (
    due_at INTEGER NOT NULL,
    kind   TEXT    NOT NULL,                          -- job, deadline, workflow, grace
    id     BLOB    NOT NULL,
    PRIMARY KEY (due_at, kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
    id         BLOB    NOT NULL PRIMARY KEY,
    worker     TEXT    NOT NULL,
    claimed_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    accepted   INTEGER NOT NULL DEFAULT 0,            -- 1 after the first heartbeat
    remaining  INTEGER NOT NULL,                      -- jobs of it that have not ended
    jobs       TEXT    NOT NULL                       -- JSON array of [id in hex, epoch]; never changes
) STRICT, WITHOUT ROWID;
CREATE INDEX leases_expiry ON leases (expires_at);

CREATE TABLE attempts (
    job_id      BLOB    NOT NULL,
    epoch       INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,                     -- what the budget had counted when it ended
    lease_id    BLOB    NOT NULL,
    worker      TEXT    NOT NULL,
    outcome     TEXT    NOT NULL,
    error       TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    PRIMARY KEY (job_id, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE edges (
    parent_id BLOB    NOT NULL,
    child_id  BLOB    NOT NULL,
    "on"      TEXT    NOT NULL,
    optional  INTEGER NOT NULL,
    state     TEXT    NOT NULL,
    PRIMARY KEY (parent_id, child_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX edges_child ON edges (child_id);

CREATE TABLE edge_check (
    parent_id BLOB NOT NULL,
    child_id  BLOB NOT NULL,
    PRIMARY KEY (parent_id, child_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE queues (
    name      TEXT    NOT NULL PRIMARY KEY,
    paused_at INTEGER                                 -- null: not paused
) STRICT, WITHOUT ROWID;

-- What people with a SQL prompt expect: one row a job, ids and times as text.
CREATE VIEW hammerwork_jobs AS
WITH held AS MATERIALIZED (
    SELECT unhex(e.value ->> 0) AS id, e.value ->> 1 AS epoch, l.worker, l.claimed_at
    FROM leases l, json_each(l.jobs) e
)
SELECT
    lower(substr(hex(j.id), 1, 8) || '-' || substr(hex(j.id), 9, 4) || '-' || substr(hex(j.id), 13, 4) || '-' || substr(hex(j.id), 17, 4) || '-' || substr(hex(j.id), 21)) AS id,
    j.queue AS queue_name,
    j.name,
    CAST(j.payload AS TEXT) AS payload,
    CASE WHEN h.id IS NOT NULL AND s.status IN ('pending', 'retrying') THEN 'running' ELSE s.status END AS status,
    s.dependency_status,
    j.depends_on,
    s.priority,
    s.attempts,
    j.max_attempts,
    strftime('%Y-%m-%d %H:%M:%S', s.scheduled_at / 1000000, 'unixepoch') || printf('.%06d', s.scheduled_at % 1000000) AS scheduled_at,
    strftime('%Y-%m-%d %H:%M:%S', j.created_at / 1000000, 'unixepoch') || printf('.%06d', j.created_at % 1000000) AS created_at,
    strftime('%Y-%m-%d %H:%M:%S', coalesce(s.started_at, h.claimed_at) / 1000000, 'unixepoch') || printf('.%06d', coalesce(s.started_at, h.claimed_at) % 1000000) AS started_at,
    strftime('%Y-%m-%d %H:%M:%S', s.finished_at / 1000000, 'unixepoch') || printf('.%06d', s.finished_at % 1000000) AS finished_at,
    s.reason,
    s.error AS error_message,
    CAST(s.result AS TEXT) AS result,
    coalesce(h.worker, s.worker) AS worker,
    lower(substr(hex(j.workflow_id), 1, 8) || '-' || substr(hex(j.workflow_id), 9, 4) || '-' || substr(hex(j.workflow_id), 13, 4) || '-' || substr(hex(j.workflow_id), 17, 4) || '-' || substr(hex(j.workflow_id), 21)) AS workflow_id,
    w.name AS workflow_name,
    j.trace_id,
    j.correlation_id
FROM jobs j
JOIN job_state s ON s.id = j.id
LEFT JOIN workflows w ON w.id = j.workflow_id
LEFT JOIN held h ON h.id = s.id AND h.epoch = s.epoch;

-- +goose Down
DROP VIEW hammerwork_jobs;
DROP TABLE queues;
DROP TABLE edge_check;
DROP TABLE edges;
DROP TABLE attempts;
DROP TABLE leases;
DROP TABLE timers;
DROP TABLE ready;
DROP TABLE job_state;
DROP TABLE jobs;
DROP TABLE workflows;

-- +goose Up
-- Times are microseconds since 1970-01-01 UTC. What never changes (jobs) is
-- apart from what does (job_state); a job that can be claimed has a row in
-- ready, one that waits for its time a row in timers, one in a worker's hands
-- is listed by a row in leases. Whoever deletes the ready row owns the job.
--
-- What is updated leaves room in its pages and has no index on what changes, so
-- that an update stays in its page and touches no index (HOT).

CREATE TABLE workflows (
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
CREATE INDEX workflows_digest ON workflows (digest, created_at) WHERE finished_at IS NULL;

CREATE TABLE jobs (
    id             uuid    NOT NULL PRIMARY KEY,
    workflow_id    uuid,         -- null: none
    position       integer NOT NULL, -- in the workflow's definition
    name           text    NOT NULL,
    queue          text    NOT NULL,
    payload        bytea   NOT NULL, -- JSON, byte for byte as enqueued
    depends_on     text    NOT NULL, -- JSON array of the parents' ids at enqueue
    priority       integer NOT NULL,
    max_attempts   integer NOT NULL,
    retry          text    NOT NULL, -- JSON, the policy that holds for it
    timeout        bigint  NOT NULL, -- microseconds an attempt may take; 0: any
    deadline_at    bigint,         -- must have ended by then
    allow_failure  boolean NOT NULL DEFAULT false,
    finally        boolean NOT NULL DEFAULT false,
    catch          boolean NOT NULL DEFAULT false,
    condition      text    NOT NULL DEFAULT '',
    trace_id       text    NOT NULL,
    traceparent    text    NOT NULL,
    correlation_id text    NOT NULL,
    created_at     bigint  NOT NULL
);
CREATE INDEX jobs_workflow ON jobs (workflow_id, position) WHERE workflow_id IS NOT NULL;

CREATE TABLE job_state (
    id                uuid    NOT NULL PRIMARY KEY,
    status            text    NOT NULL,                         -- running is derived from leases, never stored
    dependency_status text    NOT NULL,
    epoch             bigint  NOT NULL DEFAULT 0,               -- up whenever a claim ends without a terminal outcome
    attempts          integer NOT NULL DEFAULT 0,               -- what the retry budget has counted
    give_backs        integer NOT NULL DEFAULT 0,               -- claims in a row that no worker took
    priority          integer NOT NULL,                         -- effective
    join_rule         text    NOT NULL,
    quorum            integer NOT NULL DEFAULT 0,
    unresolved        integer NOT NULL CHECK (unresolved >= 0), -- edges into it, by state
    active            integer NOT NULL DEFAULT 0,
    inactive          integer NOT NULL DEFAULT 0,               -- without optional ones
    broken            integer NOT NULL DEFAULT 0,               -- without optional ones
    scheduled_at      bigint  NOT NULL,                         -- not claimable before
    started_at        bigint,                                 -- of the claim that ended it
    finished_at       bigint,
    reason            text    NOT NULL DEFAULT '',
    error             text    NOT NULL DEFAULT '',
    cause_job_id      uuid,                                 -- upstream_failed: the first failure
    lease_id          uuid,                                 -- of the claim that ended it
    worker            text    NOT NULL DEFAULT '',
    result            bytea                                     -- JSON, byte for byte as reported
) WITH (fillfactor = 60);

CREATE TABLE ready (
    queue        text COLLATE "C" NOT NULL,
    rank         integer          NOT NULL, -- 4 − priority
    scheduled_at bigint           NOT NULL,
    id           uuid             NOT NULL,
    PRIMARY KEY (queue, rank, scheduled_at, id)
);

CREATE TABLE timers (
    due_at bigint           NOT NULL,
    kind   text COLLATE "C" NOT NULL, -- job, deadline, workflow, grace
    id     uuid             NOT NULL,
    PRIMARY KEY (due_at, kind, id)
);

CREATE TABLE leases (
    id         uuid     NOT NULL PRIMARY KEY,
    worker     text     NOT NULL,
    claimed_at bigint   NOT NULL,
    expires_at bigint   NOT NULL,
    accepted   boolean  NOT NULL DEFAULT false, -- after the first heartbeat
    remaining  integer  NOT NULL,               -- jobs of it that have not ended
    job_ids    uuid[]   NOT NULL,               -- never changes
    epochs     bigint[] NOT NULL                -- parallel to job_ids: of each claim
) WITH (fillfactor = 50);
CREATE INDEX leases_expiry ON leases (expires_at);

CREATE TABLE attempts (
    job_id      uuid    NOT NULL,
    epoch       bigint  NOT NULL,
    attempt     integer NOT NULL, -- what the budget had counted when it ended
    lease_id    uuid    NOT NULL,
    worker      text    NOT NULL,
    outcome     text    NOT NULL,
    error       text    NOT NULL,
    started_at  bigint  NOT NULL,
    finished_at bigint  NOT NULL,
    PRIMARY KEY (job_id, epoch)
);

CREATE TABLE edges (
    parent_id uuid    NOT NULL,
    child_id  uuid    NOT NULL,
    "on"      text    NOT NULL,
    optional  boolean NOT NULL,
    state     text    NOT NULL,
    PRIMARY KEY (parent_id, child_id)
) WITH (fillfactor = 80);

CREATE INDEX edges_child ON edges (child_id);

CREATE TABLE edge_check (
    parent_id uuid NOT NULL,
    child_id  uuid NOT NULL,
    PRIMARY KEY (parent_id, child_id)
);

CREATE TABLE queues (
    name      text COLLATE "C" NOT NULL PRIMARY KEY,
    paused_at bigint -- null: not paused
);

-- +goose StatementBegin
-- Fails when a statement changed another number of rows than it had to.
CREATE FUNCTION hammerwork_changed(n bigint, wanted bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
    IF n <> wanted THEN
        RAISE EXCEPTION 'changed % rows, not %', n, wanted USING ERRCODE = 'HW001';
    END IF;
    RETURN n;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- JSON as stored, for people; what is no text is shown with escapes.
CREATE FUNCTION hammerwork_text(b bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    RETURN convert_from(b, 'UTF8');
EXCEPTION WHEN OTHERS THEN
    RETURN encode(b, 'escape');
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION hammerwork_time(us bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT timestamptz 'epoch' + us * interval '1 microsecond'
$$;
-- +goose StatementEnd

-- What people with a SQL prompt expect: one row a job.
CREATE VIEW hammerwork_jobs AS
WITH held AS MATERIALIZED (
    SELECT e.id, e.epoch, l.worker, l.claimed_at
    FROM leases l CROSS JOIN LATERAL unnest(l.job_ids, l.epochs) AS e(id, epoch)
)
SELECT
    j.id,
    j.queue AS queue_name,
    j.name,
    hammerwork_text(j.payload) AS payload,
    CASE WHEN h.id IS NOT NULL AND s.status IN ('pending', 'retrying') THEN 'running' ELSE s.status END AS status,
    s.dependency_status,
    j.depends_on,
    s.priority,
    s.attempts,
    j.max_attempts,
    hammerwork_time(s.scheduled_at) AS scheduled_at,
    hammerwork_time(j.created_at) AS created_at,
    hammerwork_time(coalesce(s.started_at, h.claimed_at)) AS started_at,
    hammerwork_time(s.finished_at) AS finished_at,
    s.reason,
    s.error AS error_message,
    hammerwork_text(s.result) AS result,
    coalesce(h.worker, s.worker) AS worker,
    j.workflow_id,
    w.name AS workflow_name,
    j.trace_id,
    j.correlation_id
FROM jobs j
JOIN job_state s ON s.id = j.id
LEFT JOIN workflows w ON w.id = j.workflow_id
LEFT JOIN held h ON h.id = s.id AND h.epoch = s.epoch;

-- The tables have a schema of their own; people look for the view in public,
-- where it is too if we may make it there.
-- +goose StatementBegin
DO $$ BEGIN
    IF current_schema() <> 'public' AND to_regclass('public.hammerwork_jobs') IS NULL THEN
        EXECUTE format('CREATE VIEW public.hammerwork_jobs AS SELECT * FROM %I.hammerwork_jobs', current_schema());
    END IF;
EXCEPTION WHEN insufficient_privilege OR invalid_schema_name THEN NULL;
END $$;
-- +goose StatementEnd

-- +goose Down
DROP VIEW hammerwork_jobs CASCADE;
DROP FUNCTION hammerwork_time;
DROP FUNCTION hammerwork_text;
DROP FUNCTION hammerwork_changed;
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

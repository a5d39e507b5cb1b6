-- +goose Up
CREATE TABLE IF NOT EXISTS job_state (
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
    result            bytea,                                    -- JSON, byte for byte as reported
    cancelling        boolean NOT NULL DEFAULT false            -- somebody cancelled it while it was held
) WITH (fillfactor = 60);

-- +goose StatementBegin
-- Fails when a statement changed another number of rows than it had to.
CREATE OR REPLACE FUNCTION hammerwork_changed(n bigint, wanted bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
    IF n <> wanted THEN
        RAISE EXCEPTION 'changed % rows, not %', n, wanted USING ERRCODE = 'HW001';
    END IF;
    RETURN n;
END $$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION hammerwork_changed;
DROP TABLE job_state;

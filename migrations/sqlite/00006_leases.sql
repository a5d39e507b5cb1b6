-- +goose Up
CREATE TABLE IF NOT EXISTS leases (
    id         BLOB    NOT NULL PRIMARY KEY,
    worker     TEXT    NOT NULL,
    claimed_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    accepted   INTEGER NOT NULL DEFAULT 0,            -- 1 after the first heartbeat
    remaining  INTEGER NOT NULL,                      -- jobs of it that have not ended
    jobs       TEXT    NOT NULL,                      -- JSON array of [id in hex, epoch]; never changes
    progress   TEXT    NOT NULL DEFAULT ''            -- JSON: id in hex → [percent, message]; '': none
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS leases_expiry ON leases (expires_at);

-- +goose Down
DROP TABLE leases;

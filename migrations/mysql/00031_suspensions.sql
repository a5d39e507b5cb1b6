-- +goose Up
-- What jobs wait for that no worker holds, since when, and how it was answered.
-- Without opened_at: a signal that came before its gate opened.
CREATE TABLE IF NOT EXISTS hw_suspensions (
    job_id      BINARY(16) NOT NULL PRIMARY KEY,
    opened_at   BIGINT,              -- null: not yet
    expires_at  BIGINT,              -- null: never
    list        LONGBLOB,            -- JSON: what a map is over
    answered_at BIGINT,              -- null: not yet
    actor       TEXT       NOT NULL,
    comment     TEXT       NOT NULL,
    approve     TINYINT    NOT NULL DEFAULT 0,
    expired     TINYINT    NOT NULL DEFAULT 0, -- 1: nobody answered, and the default held
    payload     LONGBLOB             -- JSON, of a signal
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_suspensions;

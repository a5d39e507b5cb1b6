-- +goose Up
CREATE TABLE IF NOT EXISTS hw_leases (
    id         BINARY(16) NOT NULL PRIMARY KEY,
    worker     TEXT       NOT NULL,
    claimed_at BIGINT     NOT NULL,
    expires_at BIGINT     NOT NULL,
    accepted   TINYINT    NOT NULL DEFAULT 0, -- 1 after the first heartbeat
    remaining  INT        NOT NULL,           -- jobs of it that have not ended
    jobs       LONGTEXT   NOT NULL,           -- JSON array of [id in hex, epoch]; never changes
    progress   LONGTEXT   NOT NULL,           -- JSON: id in hex → [percent, message]; '': none
    KEY hw_leases_expiry (expires_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_leases;

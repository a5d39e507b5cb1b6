-- +goose Up
-- What the condition and the inputs of a job came to; the newest of each.
CREATE TABLE IF NOT EXISTS hw_evaluations (
    job_id       BINARY(16)  NOT NULL PRIMARY KEY,
    evaluated_at BIGINT      NOT NULL,
    value        INT,                  -- null: there is no condition, or it could not be evaluated
    digest       VARCHAR(64) NOT NULL, -- of what it was evaluated on
    inputs       LONGTEXT    NOT NULL, -- a JSON object that the handler finds in the payload; '': none
    error        TEXT        NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS hw_evaluations;

-- +goose Up
-- Finds old idempotency keys.
CREATE INDEX IF NOT EXISTS keys_age ON idempotency_keys (created_at, id);

-- +goose Down
DROP INDEX keys_age;

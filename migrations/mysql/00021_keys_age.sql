-- +goose Up
-- Finds old idempotency keys.
CREATE INDEX hw_keys_age ON hw_idempotency_keys (created_at, id);

-- +goose Down
DROP INDEX hw_keys_age ON hw_idempotency_keys;

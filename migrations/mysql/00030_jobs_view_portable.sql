-- +goose Up
-- Only the view of SQLite changes.
SELECT 1;

-- +goose Down
SELECT 1;

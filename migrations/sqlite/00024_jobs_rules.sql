-- +goose Up
-- JSON: what the engine must know of it besides; most have nothing to say: ''.
ALTER TABLE jobs ADD COLUMN rules TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE jobs DROP COLUMN rules;

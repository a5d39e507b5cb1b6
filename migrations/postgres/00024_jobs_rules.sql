-- +goose Up
-- JSON: what the engine must know of it besides; most have nothing to say: ''.
ALTER TABLE jobs ADD COLUMN IF NOT EXISTS rules text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE jobs DROP COLUMN rules;

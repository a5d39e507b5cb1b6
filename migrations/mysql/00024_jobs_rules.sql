-- +goose Up
-- JSON: what the engine must know of it besides; most have nothing to say: ''.
ALTER TABLE hw_jobs ADD COLUMN rules MEDIUMTEXT NOT NULL DEFAULT ('');

-- +goose Down
ALTER TABLE hw_jobs DROP COLUMN rules;

ALTER TABLE signing_keys ADD COLUMN signs_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE signing_keys ADD COLUMN until_ms BIGINT NOT NULL DEFAULT 0;
CREATE INDEX signing_keys_by_end ON signing_keys (until_ms);

ALTER TABLE identity_pools ADD COLUMN deleted_ms BIGINT NOT NULL DEFAULT 0;
CREATE INDEX identity_pools_deleted ON identity_pools (deleted_ms) WHERE deleted_ms > 0;

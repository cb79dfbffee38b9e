CREATE TABLE identity_keys (
	generation BIGINT NOT NULL PRIMARY KEY,
	kid        TEXT COLLATE "C" NOT NULL,
	private    BYTEA NOT NULL,
	created_ms BIGINT NOT NULL,
	signs_ms   BIGINT NOT NULL,
	until_ms   BIGINT NOT NULL
);

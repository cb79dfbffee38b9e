CREATE TABLE acme_entries (
	name        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	data        BYTEA NOT NULL,
	modified_ms BIGINT NOT NULL
);

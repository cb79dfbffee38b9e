CREATE TABLE function_secrets (
	id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	secret     BYTEA NOT NULL,
	created_ms BIGINT NOT NULL,
	until_ms   BIGINT NOT NULL
);

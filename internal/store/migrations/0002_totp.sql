CREATE TABLE totp (
	pool_id    TEXT COLLATE "C" NOT NULL,
	sub        TEXT COLLATE "C" NOT NULL,
	secret     BYTEA NOT NULL,
	name       TEXT NOT NULL,
	last_step  BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (pool_id, sub),
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);

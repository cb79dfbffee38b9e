CREATE TABLE passkeys (
	pool_id    TEXT COLLATE "C" NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	sub        TEXT COLLATE "C" NOT NULL,
	sign_count BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	doc        TEXT NOT NULL,
	PRIMARY KEY (pool_id, id),
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);
CREATE INDEX passkeys_by_user ON passkeys (pool_id, sub, created_ms, id);

CREATE TABLE sso_sessions (
	pool_id    TEXT COLLATE "C" NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	digest     BYTEA NOT NULL,
	sub        TEXT COLLATE "C" NOT NULL,
	client_id  TEXT COLLATE "C" NOT NULL,
	provider   TEXT NOT NULL,
	factors    TEXT NOT NULL,
	event_id   TEXT NOT NULL,
	auth_ms    BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	active_ms  BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL,
	last_ip    TEXT NOT NULL,
	device     TEXT NOT NULL,
	PRIMARY KEY (pool_id, id),
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);
CREATE UNIQUE INDEX sso_sessions_by_digest ON sso_sessions (pool_id, digest);
CREATE INDEX sso_sessions_by_user ON sso_sessions (pool_id, sub);
CREATE INDEX sso_sessions_by_expiry ON sso_sessions (expires_ms);

ALTER TABLE families ADD COLUMN sso_id TEXT COLLATE "C" NOT NULL DEFAULT '';

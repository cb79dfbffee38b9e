CREATE TABLE user_sessions (
	pool_id    TEXT COLLATE "C" NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	family_id  TEXT COLLATE "C" NOT NULL,
	sub        TEXT COLLATE "C" NOT NULL,
	active_ms  BIGINT NOT NULL,
	last_ip    TEXT NOT NULL,
	device     TEXT NOT NULL,
	PRIMARY KEY (pool_id, id),
	FOREIGN KEY (pool_id, family_id) REFERENCES families (pool_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX user_sessions_by_family ON user_sessions (pool_id, family_id);
CREATE INDEX user_sessions_by_user ON user_sessions (pool_id, sub, active_ms, id);

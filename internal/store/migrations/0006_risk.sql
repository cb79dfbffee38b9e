CREATE TABLE auth_events (
	pool_id    TEXT COLLATE "C" NOT NULL,
	sub        TEXT COLLATE "C" NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	created_ms BIGINT NOT NULL,
	doc        TEXT NOT NULL,
	PRIMARY KEY (pool_id, sub, id),
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);
CREATE INDEX auth_events_by_user ON auth_events (pool_id, sub, created_ms, id);
CREATE INDEX auth_events_by_age ON auth_events (created_ms);

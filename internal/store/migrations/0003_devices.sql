CREATE TABLE devices (
	pool_id          TEXT COLLATE "C" NOT NULL,
	sub              TEXT COLLATE "C" NOT NULL,
	id               TEXT COLLATE "C" NOT NULL,
	name             TEXT NOT NULL,
	remembered       BOOLEAN NOT NULL,
	verifier         BYTEA NOT NULL,
	last_ip          TEXT NOT NULL,
	created_ms       BIGINT NOT NULL,
	modified_ms      BIGINT NOT NULL,
	authenticated_ms BIGINT NOT NULL,
	PRIMARY KEY (pool_id, sub, id),
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);

ALTER TABLE families ADD COLUMN device_key TEXT COLLATE "C" NOT NULL DEFAULT '';

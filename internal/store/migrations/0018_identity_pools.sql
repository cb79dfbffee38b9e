CREATE TABLE identity_pools (
	id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	region      TEXT COLLATE "C" NOT NULL,
	name        TEXT COLLATE "C" NOT NULL,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	version     BIGINT NOT NULL,
	doc         BYTEA NOT NULL
);
CREATE INDEX identity_pools_by_region ON identity_pools (region, id);

CREATE TABLE identities (
	id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	pool_id     TEXT COLLATE "C" NOT NULL REFERENCES identity_pools (id) ON DELETE CASCADE,
	state       TEXT COLLATE "C" NOT NULL,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL
);
CREATE INDEX identities_by_pool ON identities (pool_id, id);

CREATE TABLE identity_logins (
	pool_id     TEXT COLLATE "C" NOT NULL,
	provider    TEXT COLLATE "C" NOT NULL,
	subject_key TEXT COLLATE "C" NOT NULL,
	identity_id TEXT COLLATE "C" NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
	subject     TEXT NOT NULL,
	developer   BOOLEAN NOT NULL,
	created_ms  BIGINT NOT NULL,
	PRIMARY KEY (pool_id, provider, subject_key)
);
CREATE INDEX identity_logins_by_identity ON identity_logins (identity_id);
CREATE UNIQUE INDEX identity_logins_public ON identity_logins (identity_id, provider) WHERE NOT developer;

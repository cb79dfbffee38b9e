CREATE TABLE identity_providers (
	pool_id     TEXT COLLATE "C" NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	name        TEXT COLLATE "C" NOT NULL,
	type        TEXT NOT NULL,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	version     BIGINT NOT NULL,
	doc         BYTEA NOT NULL,
	PRIMARY KEY (pool_id, name)
);

CREATE TABLE provider_identifiers (
	pool_id    TEXT COLLATE "C" NOT NULL,
	identifier TEXT COLLATE "C" NOT NULL,
	name       TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (pool_id, identifier),
	FOREIGN KEY (pool_id, name) REFERENCES identity_providers (pool_id, name) ON DELETE CASCADE
);
CREATE INDEX provider_identifiers_by_name ON provider_identifiers (pool_id, name);

CREATE TABLE provider_metadata (
	pool_id    TEXT COLLATE "C" NOT NULL,
	name       TEXT COLLATE "C" NOT NULL,
	document   TEXT NOT NULL,
	fetched_ms BIGINT NOT NULL,
	next_ms    BIGINT NOT NULL,
	until_ms   BIGINT NOT NULL,
	PRIMARY KEY (pool_id, name),
	FOREIGN KEY (pool_id, name) REFERENCES identity_providers (pool_id, name) ON DELETE CASCADE
);

CREATE TABLE user_identities (
	pool_id    TEXT COLLATE "C" NOT NULL,
	provider   TEXT COLLATE "C" NOT NULL,
	attribute  TEXT COLLATE "C" NOT NULL,
	value      TEXT COLLATE "C" NOT NULL,
	sub        TEXT COLLATE "C" NOT NULL,
	own        BOOLEAN NOT NULL,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (pool_id, provider, attribute, value),
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);
CREATE INDEX user_identities_by_user ON user_identities (pool_id, sub);

ALTER TABLE sso_sessions ADD COLUMN upstream TEXT NOT NULL DEFAULT '';
ALTER TABLE sso_sessions ADD COLUMN level BIGINT NOT NULL DEFAULT 0;

CREATE TABLE pool_certificates (
	pool_id     TEXT COLLATE "C" NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	purpose     TEXT COLLATE "C" NOT NULL,
	private     BYTEA NOT NULL,
	certificate BYTEA NOT NULL,
	created_ms  BIGINT NOT NULL,
	PRIMARY KEY (pool_id, purpose)
);

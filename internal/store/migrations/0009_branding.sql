CREATE TABLE assets (
	pool_id      TEXT COLLATE "C" NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	hash         TEXT COLLATE "C" NOT NULL,
	content_type TEXT NOT NULL,
	content      BYTEA NOT NULL,
	PRIMARY KEY (pool_id, hash)
);

CREATE TABLE asset_uses (
	pool_id   TEXT COLLATE "C" NOT NULL,
	hash      TEXT COLLATE "C" NOT NULL,
	owner     TEXT COLLATE "C" NOT NULL,
	client_id TEXT COLLATE "C",
	PRIMARY KEY (pool_id, hash, owner),
	FOREIGN KEY (pool_id, hash) REFERENCES assets (pool_id, hash) ON DELETE CASCADE,
	FOREIGN KEY (pool_id, client_id) REFERENCES clients (pool_id, id) ON DELETE CASCADE
);
CREATE INDEX asset_uses_by_owner ON asset_uses (pool_id, owner);
CREATE INDEX asset_uses_by_client ON asset_uses (pool_id, client_id);

CREATE TABLE brandings (
	pool_id     TEXT COLLATE "C" NOT NULL,
	id          TEXT COLLATE "C" NOT NULL,
	client_id   TEXT COLLATE "C" NOT NULL,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	doc         TEXT NOT NULL,
	PRIMARY KEY (pool_id, id),
	FOREIGN KEY (pool_id, client_id) REFERENCES clients (pool_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX brandings_by_client ON brandings (pool_id, client_id);

CREATE TABLE customizations (
	pool_id     TEXT COLLATE "C" NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	owner       TEXT COLLATE "C" NOT NULL,
	client_id   TEXT COLLATE "C",
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	doc         TEXT NOT NULL,
	PRIMARY KEY (pool_id, owner),
	FOREIGN KEY (pool_id, client_id) REFERENCES clients (pool_id, id) ON DELETE CASCADE
);
CREATE INDEX customizations_by_client ON customizations (pool_id, client_id);

CREATE TABLE terms (
	pool_id     TEXT COLLATE "C" NOT NULL,
	id          TEXT COLLATE "C" NOT NULL,
	client_id   TEXT COLLATE "C" NOT NULL,
	name        TEXT COLLATE "C" NOT NULL,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	doc         TEXT NOT NULL,
	PRIMARY KEY (pool_id, id),
	FOREIGN KEY (pool_id, client_id) REFERENCES clients (pool_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX terms_by_client ON terms (pool_id, client_id, name);

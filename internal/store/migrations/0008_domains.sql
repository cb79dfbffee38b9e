CREATE TABLE domains (
	name        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	pool_id     TEXT COLLATE "C" NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	kind        TEXT COLLATE "C" NOT NULL,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	doc         TEXT NOT NULL
);
CREATE UNIQUE INDEX domains_by_pool ON domains (pool_id, kind);

CREATE TABLE resource_servers (
	pool_id     TEXT COLLATE "C" NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	identifier  TEXT COLLATE "C" NOT NULL,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	doc         TEXT NOT NULL,
	PRIMARY KEY (pool_id, identifier)
);

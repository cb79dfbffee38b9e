CREATE TABLE meta (
	name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
);

CREATE TABLE data_keys (
	id         TEXT COLLATE "C" NOT NULL,
	wrapper_id TEXT COLLATE "C" NOT NULL,
	wrapped    BYTEA NOT NULL,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (id, wrapper_id)
);

CREATE TABLE pools (
	id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	region      TEXT COLLATE "C" NOT NULL,
	name        TEXT COLLATE "C" NOT NULL,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	version     BIGINT NOT NULL,
	doc         TEXT NOT NULL
);
CREATE INDEX pools_by_region ON pools (region, id);

CREATE TABLE pool_users_count (
	pool_id TEXT COLLATE "C" NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	shard   BIGINT NOT NULL,
	n       BIGINT NOT NULL,
	PRIMARY KEY (pool_id, shard)
);

CREATE TABLE signing_keys (
	pool_id    TEXT COLLATE "C" NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	kid        TEXT COLLATE "C" NOT NULL,
	token_use  TEXT COLLATE "C" NOT NULL,
	private    BYTEA NOT NULL,
	public     BYTEA NOT NULL,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (pool_id, kid)
);

CREATE TABLE clients (
	pool_id     TEXT COLLATE "C" NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	id          TEXT COLLATE "C" NOT NULL,
	name        TEXT COLLATE "C" NOT NULL,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	version     BIGINT NOT NULL,
	doc         TEXT NOT NULL,
	PRIMARY KEY (pool_id, id)
);

CREATE TABLE client_pools (
	client_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	pool_id   TEXT COLLATE "C" NOT NULL,
	FOREIGN KEY (pool_id, client_id) REFERENCES clients (pool_id, id) ON DELETE CASCADE
);
CREATE INDEX client_pools_by_pool ON client_pools (pool_id, client_id);

CREATE TABLE client_secrets (
	pool_id    TEXT COLLATE "C" NOT NULL,
	client_id  TEXT COLLATE "C" NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	secret     BYTEA NOT NULL,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (pool_id, client_id, id),
	FOREIGN KEY (pool_id, client_id) REFERENCES clients (pool_id, id) ON DELETE CASCADE
);

CREATE TABLE users (
	pool_id            TEXT COLLATE "C" NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	sub                TEXT COLLATE "C" NOT NULL,
	username           TEXT COLLATE "C" NOT NULL,
	status             TEXT COLLATE "C" NOT NULL,
	enabled            BOOLEAN NOT NULL,
	created_ms         BIGINT NOT NULL,
	modified_ms        BIGINT NOT NULL,
	version            BIGINT NOT NULL,
	email              TEXT COLLATE "C",
	phone_number       TEXT COLLATE "C",
	name               TEXT COLLATE "C",
	given_name         TEXT COLLATE "C",
	family_name        TEXT COLLATE "C",
	preferred_username TEXT COLLATE "C",
	password           BYTEA,
	doc                TEXT NOT NULL,
	PRIMARY KEY (pool_id, sub)
);
CREATE INDEX users_by_created ON users (pool_id, created_ms, sub);
CREATE INDEX users_by_username ON users (pool_id, username, sub);
CREATE INDEX users_by_status ON users (pool_id, status, created_ms, sub);
CREATE INDEX users_disabled ON users (pool_id, created_ms, sub) WHERE NOT enabled;
CREATE INDEX users_by_email ON users (pool_id, email, sub) WHERE email IS NOT NULL;
CREATE INDEX users_by_phone_number ON users (pool_id, phone_number, sub) WHERE phone_number IS NOT NULL;
CREATE INDEX users_by_name ON users (pool_id, name, sub) WHERE name IS NOT NULL;
CREATE INDEX users_by_given_name ON users (pool_id, given_name, sub) WHERE given_name IS NOT NULL;
CREATE INDEX users_by_family_name ON users (pool_id, family_name, sub) WHERE family_name IS NOT NULL;
CREATE INDEX users_by_preferred_username ON users (pool_id, preferred_username, sub) WHERE preferred_username IS NOT NULL;

CREATE TABLE user_names (
	pool_id TEXT COLLATE "C" NOT NULL,
	name    TEXT COLLATE "C" NOT NULL,
	kind    TEXT COLLATE "C" NOT NULL,
	sub     TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (pool_id, name),
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);
CREATE INDEX user_names_by_user ON user_names (pool_id, sub, name);

CREATE TABLE password_history (
	pool_id    TEXT COLLATE "C" NOT NULL,
	sub        TEXT COLLATE "C" NOT NULL,
	created_ms BIGINT NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	password   BYTEA NOT NULL,
	PRIMARY KEY (pool_id, sub, created_ms, id),
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);

CREATE TABLE groups (
	pool_id     TEXT COLLATE "C" NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	name        TEXT COLLATE "C" NOT NULL,
	precedence  BIGINT,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	doc         TEXT NOT NULL,
	PRIMARY KEY (pool_id, name)
);

CREATE TABLE memberships (
	pool_id    TEXT COLLATE "C" NOT NULL,
	group_name TEXT COLLATE "C" NOT NULL,
	sub        TEXT COLLATE "C" NOT NULL,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (pool_id, group_name, sub),
	FOREIGN KEY (pool_id, group_name) REFERENCES groups (pool_id, name) ON DELETE CASCADE,
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);
CREATE INDEX memberships_by_user ON memberships (pool_id, sub, group_name);

CREATE TABLE attempts (
	pool_id  TEXT COLLATE "C" NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	subject  TEXT COLLATE "C" NOT NULL,
	kind     TEXT COLLATE "C" NOT NULL,
	count    BIGINT NOT NULL,
	first_ms BIGINT NOT NULL,
	last_ms  BIGINT NOT NULL,
	PRIMARY KEY (pool_id, subject, kind)
);
CREATE INDEX attempts_by_age ON attempts (last_ms);

CREATE TABLE tickets (
	pool_id    TEXT COLLATE "C" NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	kind       TEXT COLLATE "C" NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	doc        BYTEA,
	expires_ms BIGINT NOT NULL,
	PRIMARY KEY (pool_id, kind, id)
);
CREATE INDEX tickets_by_expiry ON tickets (expires_ms);

CREATE TABLE families (
	pool_id    TEXT COLLATE "C" NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	sub        TEXT COLLATE "C" NOT NULL,
	client_id  TEXT COLLATE "C" NOT NULL,
	event_id   TEXT COLLATE "C" NOT NULL,
	created_ms BIGINT NOT NULL,
	auth_ms    BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL,
	revoked_ms BIGINT NOT NULL,
	doc        TEXT NOT NULL,
	PRIMARY KEY (pool_id, id),
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);
CREATE INDEX families_by_user ON families (pool_id, sub);
CREATE INDEX families_by_expiry ON families (expires_ms);

CREATE TABLE refresh_tokens (
	pool_id    TEXT COLLATE "C" NOT NULL,
	digest     BYTEA NOT NULL,
	family_id  TEXT COLLATE "C" NOT NULL,
	created_ms BIGINT NOT NULL,
	used_ms    BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL,
	PRIMARY KEY (pool_id, digest),
	FOREIGN KEY (pool_id, family_id) REFERENCES families (pool_id, id) ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (pool_id, family_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_ms);

CREATE TABLE outbox (
	pool_id     TEXT COLLATE "C" NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	id          TEXT COLLATE "C" NOT NULL,
	medium      TEXT COLLATE "C" NOT NULL,
	destination TEXT NOT NULL,
	body        BYTEA NOT NULL,
	attempts    BIGINT NOT NULL,
	next_ms     BIGINT NOT NULL,
	lease_ms    BIGINT NOT NULL,
	created_ms  BIGINT NOT NULL,
	PRIMARY KEY (pool_id, id)
);
CREATE INDEX outbox_by_next ON outbox (medium, next_ms);
CREATE INDEX outbox_by_age ON outbox (created_ms);

CREATE TABLE access_keys (
	id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	root       BOOLEAN NOT NULL,
	secret     BYTEA NOT NULL,
	created_ms BIGINT NOT NULL
);

CREATE TABLE access_users (
	name        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	id          TEXT COLLATE "C" NOT NULL,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	doc         TEXT NOT NULL
);
CREATE UNIQUE INDEX access_users_folded ON access_users (lower(name));

ALTER TABLE access_keys ADD COLUMN user_name TEXT COLLATE "C" REFERENCES access_users (name) ON DELETE CASCADE;
ALTER TABLE access_keys ADD COLUMN active BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE access_keys ADD COLUMN used_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE access_keys ADD COLUMN doc TEXT NOT NULL DEFAULT '{}';
CREATE INDEX access_keys_by_user ON access_keys (user_name, created_ms, id) WHERE user_name IS NOT NULL;

CREATE TABLE access_roles (
	name        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	id          TEXT COLLATE "C" NOT NULL,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	doc         TEXT NOT NULL
);
CREATE UNIQUE INDEX access_roles_folded ON access_roles (lower(name));

CREATE TABLE account_providers (
	arn         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	doc         TEXT NOT NULL
);

CREATE TABLE import_jobs (
	pool_id    TEXT COLLATE "C" NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	id         TEXT COLLATE "C" NOT NULL,
	created_ms BIGINT NOT NULL,
	status     TEXT COLLATE "C" NOT NULL,
	doc        TEXT NOT NULL,
	PRIMARY KEY (pool_id, id)
);
CREATE INDEX import_jobs_by_created ON import_jobs (pool_id, created_ms, id);
CREATE INDEX import_jobs_by_status ON import_jobs (status, created_ms);

CREATE TABLE import_running (
	slot     BIGINT NOT NULL PRIMARY KEY,
	pool_id  TEXT COLLATE "C" NOT NULL,
	job_id   TEXT COLLATE "C" NOT NULL,
	owner    TEXT COLLATE "C" NOT NULL,
	lease_ms BIGINT NOT NULL,
	FOREIGN KEY (pool_id, job_id) REFERENCES import_jobs (pool_id, id) ON DELETE CASCADE
);

CREATE TABLE import_pieces (
	pool_id    TEXT COLLATE "C" NOT NULL,
	job_id     TEXT COLLATE "C" NOT NULL,
	upload     TEXT COLLATE "C" NOT NULL,
	n          BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	piece      BYTEA NOT NULL,
	PRIMARY KEY (pool_id, job_id, upload, n),
	FOREIGN KEY (pool_id, job_id) REFERENCES import_jobs (pool_id, id) ON DELETE CASCADE
);
CREATE INDEX import_pieces_by_created ON import_pieces (created_ms);

CREATE TABLE import_log (
	pool_id    TEXT COLLATE "C" NOT NULL,
	job_id     TEXT COLLATE "C" NOT NULL,
	n          BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	lease_ms   BIGINT NOT NULL,
	entries    TEXT NOT NULL,
	PRIMARY KEY (pool_id, job_id, n),
	FOREIGN KEY (pool_id, job_id) REFERENCES import_jobs (pool_id, id) ON DELETE CASCADE
);
CREATE INDEX import_log_by_created ON import_log (created_ms);

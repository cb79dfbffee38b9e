CREATE TABLE provisioned_limits (
	category TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	rate     BIGINT NOT NULL
);

CREATE TABLE request_counts (
	tick_ms BIGINT NOT NULL,
	node    TEXT COLLATE "C" NOT NULL,
	bucket  TEXT COLLATE "C" NOT NULL,
	taken   BIGINT NOT NULL,
	PRIMARY KEY (tick_ms, node, bucket)
);

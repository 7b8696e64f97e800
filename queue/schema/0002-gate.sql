-- store.db: since when the DNS has failed for one mail (POLICY V3).

CREATE TABLE deferral (
	key      BLOB PRIMARY KEY, -- BLAKE2b, 16 bytes, of sender, NUL, Message-ID
	first_at INTEGER NOT NULL,
	last_at  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX deferral_by_age ON deferral(last_at);

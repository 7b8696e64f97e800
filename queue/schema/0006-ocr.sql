-- store.db: pictures whose text is still to be read, one row an attachment, until all of a message are.

CREATE TABLE ocr (
	message      INTEGER NOT NULL REFERENCES message(id) ON DELETE CASCADE,
	part         TEXT NOT NULL,              -- "a1"
	is_inline    INTEGER NOT NULL DEFAULT 0,
	in_signature INTEGER NOT NULL DEFAULT 0, -- the mail's signature names it
	tries        INTEGER NOT NULL DEFAULT 0, -- begun
	result       TEXT,                       -- JSON of the role ocr; NULL: waits
	PRIMARY KEY (message, part)
) WITHOUT ROWID;
CREATE INDEX ocr_waiting ON ocr(message, part) WHERE result IS NULL;

-- store.db: who left a ticket by whose hand, who is only asked for (T1, T7), which ticket another one went into.

ALTER TABLE participant ADD COLUMN removed_by TEXT NOT NULL DEFAULT ''; -- address, or the operator's name
CREATE INDEX participant_gone ON participant(ticket, address) WHERE removed_at IS NOT NULL;

-- An agent's `#customer add` until a contact's `#customer confirm`.
CREATE TABLE participant_asked (
	ticket   INTEGER NOT NULL,
	address  TEXT NOT NULL,
	asked_by TEXT NOT NULL,
	asked_at INTEGER NOT NULL,
	message  INTEGER NOT NULL,
	PRIMARY KEY (ticket, address)
) WITHOUT ROWID;

ALTER TABLE ticket ADD COLUMN merged_into INTEGER NOT NULL DEFAULT 0;

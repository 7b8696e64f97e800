-- store.db: outgoing mail, one row for each copy; queued in the transaction of its cause.

CREATE TABLE outbox (
	id          INTEGER PRIMARY KEY AUTOINCREMENT, -- stands in return paths and Message-IDs: never used twice
	ulid        TEXT NOT NULL UNIQUE,
	ticket      INTEGER NOT NULL,
	message     INTEGER NOT NULL,            -- that it carries, or that caused it
	kind        INTEGER NOT NULL,            -- enum letter_kind
	recipient   TEXT NOT NULL,               -- normal form
	shown       TEXT NOT NULL,
	name        TEXT NOT NULL,
	role        INTEGER NOT NULL,            -- enum participant_role
	participant INTEGER NOT NULL DEFAULT 0,  -- 0: an agent
	contact_had INTEGER NOT NULL DEFAULT 0,  -- a contact of the partner has the message already (T3)
	letter      TEXT NOT NULL,               -- JSON
	state       INTEGER NOT NULL DEFAULT 1,  -- enum outbox_state
	attempts    INTEGER NOT NULL DEFAULT 0,
	next_at     INTEGER NOT NULL,
	created_at  INTEGER NOT NULL,
	updated_at  INTEGER NOT NULL,
	code        INTEGER NOT NULL DEFAULT 0,  -- of the last reply
	answer      TEXT NOT NULL DEFAULT '',    -- the last reply, or why it waits
	message_id  TEXT                         -- once it was sent
);
CREATE INDEX outbox_due ON outbox(next_at, id) WHERE state = 1;
CREATE INDEX outbox_by_ticket ON outbox(ticket, id);
CREATE INDEX outbox_by_message ON outbox(message, role) WHERE state = 3;
CREATE INDEX outbox_by_message_id ON outbox(message_id) WHERE message_id IS NOT NULL;

-- Addresses that bounced for good: no copy leaves for them until an operator says so.
CREATE TABLE suppressed (
	address TEXT PRIMARY KEY, -- normal form
	outbox  INTEGER NOT NULL,
	reason  TEXT NOT NULL,
	at      INTEGER NOT NULL
) WITHOUT ROWID;

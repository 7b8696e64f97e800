-- store.db, version 1: messages, tickets, events, leases, held mail, audit.
-- Times are Unix milliseconds. Enumerations are those of ipc_messages.h and store.h. References that SQLite checks stand
-- only where the child has an index for it: else removing a parent would read the whole child table.

CREATE TABLE meta (
	name  TEXT PRIMARY KEY,
	value ANY
) WITHOUT ROWID;

-- What was answered with 250, by what became of it (the accounting invariant).
CREATE TABLE counter (
	name  TEXT PRIMARY KEY,
	value INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
INSERT INTO counter(name) VALUES ('accepted'), ('queued'), ('held'), ('refused_after_queue'), ('duplicates'),
	('refused_in_dialogue'), ('released'), ('rejected'), ('deleted'), ('expired');

CREATE TABLE ticket (
	number             INTEGER PRIMARY KEY AUTOINCREMENT,
	pending            INTEGER NOT NULL DEFAULT 1, -- invisible until its first message is applied
	partner            TEXT,
	holder             TEXT,
	route              TEXT NOT NULL DEFAULT 'default',
	severity           INTEGER NOT NULL DEFAULT 0,
	status             INTEGER NOT NULL DEFAULT 1,
	subject            TEXT NOT NULL DEFAULT '',
	reference          TEXT NOT NULL DEFAULT '',
	sla_state          INTEGER NOT NULL DEFAULT 0,
	first_response_due INTEGER NOT NULL DEFAULT 0,
	opened_at          INTEGER NOT NULL,
	updated_at         INTEGER NOT NULL,
	closed_at          INTEGER NOT NULL DEFAULT 0,
	continues          INTEGER NOT NULL DEFAULT 0, -- the closed ticket that it goes on with
	seq                INTEGER NOT NULL DEFAULT 0  -- of its last event
);
INSERT INTO sqlite_sequence(name, seq) VALUES ('ticket', 1000);
CREATE INDEX ticket_by_partner ON ticket(partner, number) WHERE pending = 0 AND partner IS NOT NULL;
CREATE INDEX ticket_by_status ON ticket(status, number) WHERE pending = 0;

CREATE TABLE participant (
	id         INTEGER PRIMARY KEY AUTOINCREMENT, -- stands in thread tokens: never used twice
	ticket     INTEGER NOT NULL,
	address    TEXT NOT NULL,                     -- normal form
	shown      TEXT NOT NULL,
	name       TEXT NOT NULL DEFAULT '',
	role       INTEGER NOT NULL,
	by_contact INTEGER NOT NULL DEFAULT 0,
	added_by   TEXT NOT NULL,                     -- address
	added_at   INTEGER NOT NULL,
	message    INTEGER NOT NULL DEFAULT 0,        -- by which message
	removed_at INTEGER
);
CREATE UNIQUE INDEX participant_now ON participant(ticket, address) WHERE removed_at IS NULL;

CREATE TABLE message (
	id              INTEGER PRIMARY KEY AUTOINCREMENT, -- order of acceptance
	ulid            TEXT NOT NULL UNIQUE,
	direction       INTEGER NOT NULL DEFAULT 0,        -- 0 in, 1 out
	state           INTEGER NOT NULL,                  -- enum store_message_state
	parsed          INTEGER NOT NULL DEFAULT 0,
	action          INTEGER NOT NULL,                  -- enum commit_action
	ticket          INTEGER NOT NULL DEFAULT 0,
	rule            TEXT NOT NULL,
	reason          TEXT NOT NULL DEFAULT '',
	text            TEXT NOT NULL DEFAULT '',
	cls             INTEGER NOT NULL,
	role            INTEGER NOT NULL,
	quiet           INTEGER NOT NULL DEFAULT 0,
	reopen          INTEGER NOT NULL DEFAULT 0,
	released        INTEGER NOT NULL DEFAULT 0,        -- an operator let it go on
	continues       INTEGER NOT NULL DEFAULT 0,
	partner         TEXT,
	holder          TEXT,
	route           TEXT NOT NULL DEFAULT '',
	sender          TEXT NOT NULL,
	sender_shown    TEXT NOT NULL,
	sender_name     TEXT NOT NULL DEFAULT '',
	subject         TEXT NOT NULL DEFAULT '',
	message_id      TEXT,
	message_id_seen INTEGER NOT NULL DEFAULT 0,
	automatic       TEXT NOT NULL DEFAULT '',
	digest          BLOB,
	visibility      INTEGER NOT NULL DEFAULT 0,
	audience        TEXT NOT NULL DEFAULT '[]',        -- JSON array of addresses
	size            INTEGER NOT NULL,
	key             BLOB,                              -- wrapped; without it the bytes are gone
	blob            TEXT,                              -- file name; NULL: in message_body
	received_at     INTEGER NOT NULL,
	stored_at       INTEGER NOT NULL
);
CREATE UNIQUE INDEX message_by_digest ON message(digest) WHERE digest IS NOT NULL;
CREATE INDEX message_by_message_id ON message(message_id, partner) WHERE message_id IS NOT NULL;
CREATE INDEX message_by_ticket ON message(ticket, id) WHERE ticket > 0;
CREATE INDEX message_unparsed ON message(id) WHERE parsed = 0;
CREATE INDEX message_by_blob ON message(blob) WHERE blob IS NOT NULL;

-- What is written once and read seldom stands apart, so that the rows above stay short.
CREATE TABLE message_body (
	message  INTEGER PRIMARY KEY REFERENCES message(id) ON DELETE CASCADE,
	facts    TEXT NOT NULL,     -- JSON: evidence of the gate
	envelope TEXT NOT NULL,     -- JSON
	prefix   BLOB NOT NULL,     -- header fields that we put in front
	sealed   BLOB               -- the message as received, sealed; NULL: in a blob file
);

-- What the parser made of it, with our additions: the `message` of events. Never changed, a second extraction adds a row.
CREATE TABLE message_object (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	message INTEGER NOT NULL REFERENCES message(id) ON DELETE CASCADE,
	json    TEXT NOT NULL
);
CREATE INDEX message_object_by_message ON message_object(message, id);

CREATE TABLE attachment (
	hash    BLOB NOT NULL, -- BLAKE2b, 32 bytes
	message INTEGER NOT NULL REFERENCES message(id) ON DELETE CASCADE,
	part    TEXT NOT NULL, -- "a1"
	PRIMARY KEY (hash, message, part)
) WITHOUT ROWID;
CREATE INDEX attachment_by_message ON attachment(message);

CREATE TABLE error_seen (
	owner       TEXT NOT NULL, -- partner id, or holder id behind a colon
	fingerprint TEXT NOT NULL,
	ticket      INTEGER NOT NULL,
	PRIMARY KEY (owner, fingerprint, ticket)
) WITHOUT ROWID;

CREATE VIRTUAL TABLE search USING fts5(subject, body, errors, content='', tokenize='unicode61');

CREATE TABLE event (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	ulid       TEXT NOT NULL UNIQUE,
	ticket     INTEGER NOT NULL, -- 0: without a ticket
	seq        INTEGER NOT NULL,
	kind       TEXT NOT NULL,
	head       TEXT NOT NULL,    -- the event object without `message` and its closing brace
	object     INTEGER,          -- message_object.id
	created_at INTEGER NOT NULL
);

CREATE TABLE consumer (
	id   INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
);
INSERT INTO consumer(id, name) VALUES (1, 'queue');

-- One row for each consumer and event not yet settled; an acknowledged event has none.
CREATE TABLE delivery (
	consumer INTEGER NOT NULL REFERENCES consumer(id) ON DELETE CASCADE,
	chain    INTEGER NOT NULL, -- ticket number; without a ticket: the negative message id
	event    INTEGER NOT NULL,
	state    INTEGER NOT NULL, -- enum store_delivery_state
	route    TEXT NOT NULL,
	due_at   INTEGER NOT NULL DEFAULT 0, -- end of the lease or of the delay
	attempts INTEGER NOT NULL DEFAULT 0,
	lease    INTEGER NOT NULL DEFAULT 0, -- counts leases, never reset: part of the receipt
	PRIMARY KEY (consumer, chain, event)
) WITHOUT ROWID;
CREATE INDEX delivery_ready ON delivery(consumer, event) WHERE state = 1;
CREATE INDEX delivery_ready_by_route ON delivery(consumer, route, event) WHERE state = 1;
CREATE INDEX delivery_due ON delivery(due_at) WHERE state IN (2, 3);
CREATE INDEX delivery_dead ON delivery(consumer, event) WHERE state = 4;

CREATE TABLE held (
	message    INTEGER PRIMARY KEY REFERENCES message(id) ON DELETE CASCADE,
	reason     TEXT NOT NULL,
	held_at    INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
);
CREATE INDEX held_by_expiry ON held(expires_at);

CREATE TABLE audit (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	ulid    TEXT NOT NULL UNIQUE, -- the reference that refusals carry
	at      INTEGER NOT NULL,
	actor   TEXT NOT NULL,
	what    TEXT NOT NULL,
	rule    TEXT NOT NULL DEFAULT '',
	reason  TEXT NOT NULL DEFAULT '',
	text    TEXT NOT NULL DEFAULT '',
	sender  TEXT NOT NULL DEFAULT '',
	sess    TEXT NOT NULL DEFAULT '',
	peer    TEXT NOT NULL DEFAULT '',
	message TEXT NOT NULL DEFAULT '', -- ULID
	ticket  INTEGER NOT NULL DEFAULT 0,
	facts   TEXT NOT NULL DEFAULT '{}'
);

CREATE TABLE token (
	name       TEXT PRIMARY KEY,
	hash       BLOB NOT NULL UNIQUE,
	scopes     TEXT NOT NULL,
	created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE idempotency (
	actor        TEXT NOT NULL,
	key          TEXT NOT NULL,
	request      BLOB NOT NULL,    -- hash of operation and arguments
	status       INTEGER NOT NULL, -- 0: still running
	content_type TEXT,
	body         BLOB,
	at           INTEGER NOT NULL,
	PRIMARY KEY (actor, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency(at);

-- store.db: mail that came back on the return path of an outgoing mail.

ALTER TABLE message ADD COLUMN outbox INTEGER NOT NULL DEFAULT 0; -- that outgoing mail

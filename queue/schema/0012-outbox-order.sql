-- store.db: what is due is found, and put in order, without reading a letter.

DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox(next_at, role, id, ticket, recipient) WHERE state = 1;
-- An earlier letter of the thread that still waits for the same recipient.
CREATE INDEX outbox_before ON outbox(ticket, recipient, id, code, attempts) WHERE state = 1;

-- store.db: tickets with an error in common, looked up from the ticket and across partners (a count only).

ALTER TABLE error_seen ADD COLUMN place INTEGER NOT NULL DEFAULT 0; -- among the errors of its message, most significant first
CREATE INDEX error_seen_by_ticket ON error_seen(ticket, place);
CREATE INDEX error_seen_by_fingerprint ON error_seen(fingerprint, owner, ticket);

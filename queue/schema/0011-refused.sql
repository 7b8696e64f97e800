-- store.db: who was told of a refusal, and when.

CREATE INDEX outbox_refused ON outbox(recipient, created_at) WHERE kind = 8;

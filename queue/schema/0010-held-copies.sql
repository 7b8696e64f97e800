-- store.db: why a copy is held, so that it goes when that ends.

ALTER TABLE outbox ADD COLUMN hold INTEGER NOT NULL DEFAULT 0; -- enum outbox_hold
UPDATE outbox SET hold = 1 WHERE state = 2 AND answer = 'the address bounced before';
UPDATE outbox SET hold = 2 WHERE state = 2 AND answer LIKE '%(T3)';
CREATE INDEX outbox_held ON outbox(message) WHERE state = 2;
CREATE INDEX outbox_stuck ON outbox(recipient) WHERE state IN (2, 4);
ALTER TABLE suppressed ADD COLUMN report TEXT NOT NULL DEFAULT ''; -- id of the message that said so, '': the smarthost did

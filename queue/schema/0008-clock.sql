-- store.db: first-response clocks that still run.

CREATE INDEX ticket_clock ON ticket(first_response_due) WHERE pending = 0 AND sla_state IN (1, 2);

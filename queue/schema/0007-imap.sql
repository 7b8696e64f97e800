-- store.db: mails of mailboxes that are fetched, by UID (RFC 3501 2.3.1.1), so that flags need not be believed.

CREATE TABLE imap_mail (
	mailbox  TEXT    NOT NULL, -- user, host, port and folder
	validity INTEGER NOT NULL, -- UIDVALIDITY
	uid      INTEGER NOT NULL,
	state    INTEGER NOT NULL, -- enum imap_state
	outcome  INTEGER NOT NULL, -- enum outcome, 0 before there is one
	tries    INTEGER NOT NULL,
	delays   INTEGER NOT NULL,
	next_at  INTEGER NOT NULL,
	at       INTEGER NOT NULL,
	PRIMARY KEY (mailbox, validity, uid)
) WITHOUT ROWID;
CREATE INDEX imap_mail_moved ON imap_mail(at) WHERE state = 5;

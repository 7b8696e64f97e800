-- What is registered to prove a sender (POLICY "authentication", (d) and (e)). A certificate or key proves one address only.

CREATE TABLE credential (
	id INTEGER PRIMARY KEY,
	entry INTEGER NOT NULL,
	kind TEXT NOT NULL CHECK (kind IN ('password', 'certificate', 'openpgp', 'smime')),
	fingerprint TEXT NOT NULL DEFAULT '',
	data TEXT NOT NULL DEFAULT '',  -- password: its Argon2id hash; openpgp: armored public key; smime: PEM
	label TEXT NOT NULL DEFAULT '',
	added_at INTEGER NOT NULL,
	CONSTRAINT "a fingerprint is 32 to 64 digits of lower-case hex, and a password has none"
		CHECK (CASE kind WHEN 'password' THEN fingerprint = ''
		ELSE length(fingerprint) BETWEEN 32 AND 64 AND fingerprint NOT GLOB '*[^0-9a-f]*' END),
	CONSTRAINT "a password is kept as its hash" CHECK (kind <> 'password' OR data GLOB '$argon2id$*')
);
CREATE UNIQUE INDEX credential_password ON credential (entry) WHERE kind = 'password';
CREATE UNIQUE INDEX credential_fingerprint ON credential (fingerprint, kind) WHERE kind <> 'password';
CREATE INDEX credential_entry ON credential (entry);

-- Where names of several families live under one domain is a matter of ranges (registry_facts.c): one index for each kind.
CREATE INDEX entry_key_partner ON entry (key, owner) WHERE role IN ('domain', 'contact');
CREATE INDEX entry_key_client ON entry (key) WHERE role IN ('customer', 'direct');
CREATE INDEX entry_key_agent ON entry (key) WHERE role = 'agent';

CREATE TRIGGER credential_owner AFTER INSERT ON credential
WHEN NOT EXISTS (SELECT 1 FROM entry WHERE id = NEW.entry AND role IN ('contact', 'agent', 'direct') AND instr(name, '@') > 0)
BEGIN
	SELECT RAISE(ABORT, 'only the address of a contact, an agent or a direct contract has credentials');
END;

CREATE TRIGGER credential_one_address AFTER INSERT ON credential
WHEN NEW.fingerprint <> '' AND EXISTS (SELECT 1 FROM credential c WHERE c.fingerprint = NEW.fingerprint
	AND c.kind <> 'password' AND c.entry <> NEW.entry)
BEGIN
	SELECT RAISE(ABORT, 'this key or certificate belongs to another address, and proves one only');
END;

CREATE TRIGGER credential_fixed BEFORE UPDATE ON credential
BEGIN
	SELECT RAISE(ABORT, 'a credential is removed and added');
END;

CREATE TRIGGER credential_gone AFTER DELETE ON entry
BEGIN
	DELETE FROM credential WHERE entry = OLD.id;
END;

-- The registry: who is who (POLICY "registry and classes", P7). The rules of roles are held here, by CHECKs and
-- triggers, so that no program, import or hand on the file can break them. Nothing below leans on settings of a connection.

CREATE TABLE partner (
	id TEXT PRIMARY KEY NOT NULL
		CONSTRAINT "a partner id has 1 to 64 characters of a-z 0-9 . _ -"
		CHECK (length(id) BETWEEN 1 AND 64 AND id NOT GLOB '*[^a-z0-9._-]*' AND substr(id, 1, 1) GLOB '[a-z0-9]'),
	name TEXT NOT NULL CONSTRAINT "a partner has a name" CHECK (name <> ''),
	vcsp_id TEXT NOT NULL DEFAULT '',
	status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'expired')),
	products TEXT NOT NULL DEFAULT '[]' CHECK (products GLOB '[[]*]'),
	region TEXT NOT NULL DEFAULT '',
	language TEXT NOT NULL DEFAULT '',
	unlisted TEXT NOT NULL DEFAULT 'hold' CHECK (unlisted IN ('hold', 'accept', 'reject')),
	unverified TEXT NOT NULL DEFAULT 'hold' CHECK (unverified IN ('hold', 'reject')),
	proof TEXT NOT NULL DEFAULT 'any' CHECK (proof IN ('any', 'dkim', 'signature'))
) WITHOUT ROWID;

-- Domains whose DKIM signature counts for a partner.
CREATE TABLE signer (
	partner TEXT NOT NULL,
	domain TEXT NOT NULL CONSTRAINT "a signer is a domain of at least two labels"
		CHECK (domain GLOB '?*.?*' AND domain NOT GLOB '*[^a-z0-9.-]*'),
	PRIMARY KEY (partner, domain)
) WITHOUT ROWID;

-- Holders of a direct contract.
CREATE TABLE holder (
	id TEXT PRIMARY KEY NOT NULL
		CONSTRAINT "a holder id has 1 to 64 characters of a-z 0-9 . _ -"
		CHECK (length(id) BETWEEN 1 AND 64 AND id NOT GLOB '*[^a-z0-9._-]*' AND substr(id, 1, 1) GLOB '[a-z0-9]'),
	name TEXT NOT NULL CONSTRAINT "a holder has a name" CHECK (name <> '')
) WITHOUT ROWID;
CREATE INDEX holder_name ON holder (name);

-- Every address and every domain that anybody has. role domain and contact: owner is the partner; customer: owner is the
-- partner, and there may be several; direct: owner is the holder; agent: owner is empty.
-- key: the domain's labels from the last to the first, each with a dot behind it, and for an address '@' and its local part:
-- what lies in a domain is one range of the index, what contains an entry are its prefixes.
-- family: entries of different families must neither be equal nor contain each other.
CREATE TABLE entry (
	id INTEGER PRIMARY KEY,
	role TEXT NOT NULL CHECK (role IN ('domain', 'contact', 'customer', 'direct', 'agent')),
	owner TEXT NOT NULL,
	name TEXT NOT NULL,
	key TEXT NOT NULL,
	shown TEXT NOT NULL DEFAULT '',
	label TEXT NOT NULL DEFAULT '',
	case_admin INTEGER NOT NULL DEFAULT 0 CHECK (case_admin IN (0, 1)),
	external INTEGER NOT NULL DEFAULT 0 CHECK (external IN (0, 1)),
	automatic TEXT NOT NULL DEFAULT 'hold' CHECK (automatic IN ('hold', 'open')),
	family TEXT GENERATED ALWAYS AS (CASE role WHEN 'domain' THEN 'p:' || owner WHEN 'contact' THEN 'p:' || owner
		WHEN 'agent' THEN 'agent' ELSE 'client' END) VIRTUAL,
	CONSTRAINT "a domain is written in lower case as at least two and at most ten labels of a-z 0-9 -"
		CHECK (instr(name, '@') > 0 OR (length(name) <= 253 AND name GLOB '?*.?*' AND name NOT GLOB '*[^a-z0-9.-]*'
		AND name NOT GLOB '.*' AND name NOT GLOB '*.' AND name NOT GLOB '*..*'
		AND length(name) - length(replace(name, '.', '')) <= 9)),
	CONSTRAINT "an address is written in its normal form: ASCII, lower case, one @"
		CHECK (instr(name, '@') = 0 OR (length(name) <= 318 AND name GLOB '?*@?*.?*' AND name NOT GLOB '*@*@*'
		AND name NOT GLOB '*[^!-~]*' AND name NOT GLOB '*[A-Z"]*' AND name NOT GLOB '*@*[^a-z0-9.-]*'
		AND name NOT GLOB '*@.*' AND name NOT GLOB '*.' AND name NOT GLOB '*..*' AND name NOT GLOB '.*'
		AND name NOT GLOB '*.@*')),
	CONSTRAINT "contacts and agents are addresses, a partner's domain is a domain"
		CHECK (CASE role WHEN 'domain' THEN instr(name, '@') = 0 WHEN 'contact' THEN instr(name, '@') > 0
		WHEN 'agent' THEN instr(name, '@') > 0 AND owner = '' ELSE 1 END),
	CONSTRAINT "only a contact can be case administrator, never a customer (P7)" CHECK (case_admin = 0 OR role = 'contact'),
	CONSTRAINT "an external contact cannot be case administrator (P7)" CHECK (case_admin = 0 OR external = 0),
	CONSTRAINT "external and automatic belong to contacts" CHECK (role = 'contact' OR (external = 0 AND automatic = 'hold'))
);
CREATE UNIQUE INDEX entry_key ON entry (key, role, owner);
CREATE UNIQUE INDEX entry_direct ON entry (key) WHERE role = 'direct';
CREATE INDEX entry_owner ON entry (owner, role, name);
CREATE INDEX entry_name ON entry (role, name, owner);

CREATE TABLE free_mail (domain TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID;

-- Append-only; the text of before and after is a JSON object, NULL where there was or is none.
CREATE TABLE audit (
	id TEXT PRIMARY KEY NOT NULL,
	at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	what TEXT NOT NULL,
	subject TEXT NOT NULL,
	before TEXT,
	after TEXT
) WITHOUT ROWID;

-- ---- what an entry must be, whatever statement writes it ----

CREATE TRIGGER entry_no_takeover BEFORE INSERT ON entry
WHEN EXISTS (SELECT 1 FROM entry WHERE id = NEW.id)
BEGIN
	SELECT RAISE(ABORT, 'an entry cannot take the place of another one');
END;

CREATE TRIGGER entry_owner_there AFTER INSERT ON entry WHEN NEW.role <> 'agent'
BEGIN
	SELECT RAISE(ABORT, 'there is no such partner')
	WHERE NEW.role <> 'direct' AND NOT EXISTS (SELECT 1 FROM partner WHERE id = NEW.owner);
	SELECT RAISE(ABORT, 'there is no such direct-contract holder')
	WHERE NEW.role = 'direct' AND NOT EXISTS (SELECT 1 FROM holder WHERE id = NEW.owner);
END;

-- The walk up from the entry, once for all: the key must say the same as the name, nothing equal to the entry or containing
-- it may be of another family, and no free-mail domain may contain a domain. up: key and name of the domain, one label less
-- with every step; the label that goes must be the same on both sides. Nobody can have the last one alone.
CREATE TRIGGER entry_walk AFTER INSERT ON entry
BEGIN
	SELECT RAISE(ABORT, 'the key of an entry must be its name turned round')
	WHERE instr(NEW.name, '@') > 0 AND substr(NEW.key, instr(NEW.key, '@')) IS NOT
		'@' || substr(NEW.name, 1, instr(NEW.name, '@') - 1);
	SELECT RAISE(ABORT, 'an address or domain has one role: it is in another one (P7)')
	WHERE EXISTS (SELECT 1 FROM entry e WHERE e.key = NEW.key AND e.family <> NEW.family);
	SELECT CASE
		WHEN instr(d, '.') = 0 AND k = d || '.' THEN NULL
		WHEN instr(d, '.') = 0 OR k IS NOT rtrim(rtrim(k, '.'), 'abcdefghijklmnopqrstuvwxyz0123456789-') ||
			substr(d, 1, instr(d, '.')) THEN
			RAISE(ABORT, 'the key of an entry must be its name turned round')
		WHEN EXISTS (SELECT 1 FROM entry e WHERE e.key = k AND e.family <> NEW.family) THEN
			RAISE(ABORT, 'an address or domain has one role: a domain that contains it is in another one (P7)')
		WHEN instr(NEW.name, '@') = 0 AND EXISTS (SELECT 1 FROM free_mail f WHERE f.domain = d) THEN
			RAISE(ABORT, 'anybody can have an address in a free-mail domain; register single addresses')
		END
	FROM (
		WITH RECURSIVE up(k, d) AS (
			VALUES (CASE instr(NEW.name, '@') WHEN 0 THEN NEW.key ELSE substr(NEW.key, 1, instr(NEW.key, '@') - 1) END,
				substr(NEW.name, instr(NEW.name, '@') + 1))
			UNION ALL
			SELECT rtrim(rtrim(k, '.'), 'abcdefghijklmnopqrstuvwxyz0123456789-'), substr(d, instr(d, '.') + 1)
			FROM up WHERE instr(d, '.') > 0)
		SELECT k, d FROM up);
END;

-- Nothing that lies in the entry may be of another family: '/' is the character behind '.'.
CREATE TRIGGER entry_role_below AFTER INSERT ON entry
WHEN instr(NEW.name, '@') = 0 AND EXISTS (
	SELECT 1 FROM entry e WHERE e.key > NEW.key AND e.key < substr(NEW.key, 1, length(NEW.key) - 1) || '/'
	AND e.family <> NEW.family)
BEGIN
	SELECT RAISE(ABORT, 'an address or domain has one role: something inside this domain is in another one (P7)');
END;

-- ---- contacts outside their partner's domains ----

CREATE TRIGGER entry_external AFTER INSERT ON entry
WHEN NEW.role = 'contact' AND NEW.external = 0 AND NOT EXISTS (
	SELECT 1 FROM entry d WHERE d.owner = NEW.owner AND d.role = 'domain'
	AND substr(NEW.key, 1, length(d.key)) = d.key)
BEGIN
	SELECT RAISE(ABORT, 'the address lies outside the domains of its partner, so the contact must be external');
END;

CREATE TRIGGER entry_external_update BEFORE UPDATE OF external ON entry
WHEN NEW.role = 'contact' AND NEW.external = 0 AND NOT EXISTS (
	SELECT 1 FROM entry d WHERE d.owner = NEW.owner AND d.role = 'domain'
	AND substr(NEW.key, 1, length(d.key)) = d.key)
BEGIN
	SELECT RAISE(ABORT, 'the address lies outside the domains of its partner, so the contact must be external');
END;

CREATE TRIGGER entry_domain_needed BEFORE DELETE ON entry
WHEN OLD.role = 'domain' AND EXISTS (
	SELECT 1 FROM entry c WHERE c.key > OLD.key AND c.key < substr(OLD.key, 1, length(OLD.key) - 1) || '/'
	AND c.role = 'contact' AND c.external = 0
	AND NOT EXISTS (SELECT 1 FROM entry d WHERE d.owner = OLD.owner AND d.role = 'domain' AND d.id <> OLD.id
		AND substr(c.key, 1, length(d.key)) = d.key))
BEGIN
	SELECT RAISE(ABORT, 'contacts of the partner lie in this domain; remove them or make them external first');
END;

-- ---- what must not change or go ----

CREATE TRIGGER entry_fixed BEFORE UPDATE OF id, role, owner, name, key ON entry
BEGIN
	SELECT RAISE(ABORT, 'an entry keeps its role, owner and name; remove it and add another one');
END;

CREATE TRIGGER partner_fixed BEFORE UPDATE OF id ON partner WHEN NEW.id <> OLD.id
BEGIN
	SELECT RAISE(ABORT, 'a partner keeps its id');
END;

CREATE TRIGGER partner_in_use BEFORE DELETE ON partner
WHEN EXISTS (SELECT 1 FROM entry WHERE owner = OLD.id AND role IN ('domain', 'contact', 'customer'))
BEGIN
	SELECT RAISE(ABORT, 'domains, contacts or customers hang on this partner');
END;

CREATE TRIGGER signer_partner BEFORE INSERT ON signer WHEN NOT EXISTS (SELECT 1 FROM partner WHERE id = NEW.partner)
BEGIN
	SELECT RAISE(ABORT, 'there is no such partner');
END;

CREATE TRIGGER signer_free_mail BEFORE INSERT ON signer WHEN EXISTS (SELECT 1 FROM free_mail WHERE domain = NEW.domain)
BEGIN
	SELECT RAISE(ABORT, 'a free-mail domain signs for anybody, so it cannot be a signer');
END;

CREATE TRIGGER signer_fixed BEFORE UPDATE ON signer
BEGIN
	SELECT RAISE(ABORT, 'a signer is removed and added');
END;

CREATE TRIGGER signer_gone AFTER DELETE ON partner
BEGIN
	DELETE FROM signer WHERE partner = OLD.id;
END;

CREATE TRIGGER holder_fixed BEFORE UPDATE OF id ON holder WHEN NEW.id <> OLD.id
BEGIN
	SELECT RAISE(ABORT, 'a direct-contract holder keeps its id');
END;

CREATE TRIGGER holder_in_use BEFORE DELETE ON holder
WHEN EXISTS (SELECT 1 FROM entry WHERE owner = OLD.id AND role = 'direct')
BEGIN
	SELECT RAISE(ABORT, 'addresses or domains hang on this direct-contract holder');
END;

CREATE TRIGGER free_mail_insert BEFORE INSERT ON free_mail
WHEN EXISTS (SELECT 1 FROM signer WHERE domain = NEW.domain)
	OR EXISTS (SELECT 1 FROM entry WHERE instr(name, '@') = 0 AND (name = NEW.domain OR name LIKE '%.' || NEW.domain))
BEGIN
	SELECT RAISE(ABORT, 'the domain is registered, so it cannot be listed as free mail');
END;

CREATE TRIGGER free_mail_fixed BEFORE UPDATE ON free_mail
BEGIN
	SELECT RAISE(ABORT, 'a free-mail domain is removed and added');
END;

CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit
BEGIN
	SELECT RAISE(ABORT, 'audit records do not change');
END;

INSERT INTO free_mail (domain) VALUES
	('126.com'), ('139.com'), ('163.com'), ('189.cn'), ('abv.bg'), ('alice.it'), ('aliyun.com'), ('aol.com'), ('arcor.de'),
	('att.net'), ('bellsouth.net'), ('bigpond.com'), ('bk.ru'), ('bluewin.ch'), ('btinternet.com'), ('centrum.cz'),
	('charter.net'), ('comcast.net'), ('cox.net'), ('daum.net'), ('duck.com'), ('earthlink.net'), ('email.cz'),
	('email.de'), ('fastmail.com'), ('fastmail.fm'), ('foxmail.com'), ('free.fr'), ('freemail.hu'), ('freenet.de'),
	('gmail.com'), ('gmx.at'), ('gmx.ch'), ('gmx.com'), ('gmx.de'), ('gmx.fr'), ('gmx.net'), ('googlemail.com'),
	('hanmail.net'), ('hey.com'), ('hotmail.co.uk'), ('hotmail.com'), ('hotmail.de'), ('hotmail.es'), ('hotmail.fr'),
	('hotmail.it'), ('hushmail.com'), ('icloud.com'), ('inbox.lv'), ('inbox.ru'), ('interia.pl'), ('juno.com'),
	('laposte.net'), ('libero.it'), ('list.ru'), ('live.co.uk'), ('live.com'), ('live.de'), ('live.fr'), ('live.nl'),
	('mac.com'), ('mail.com'), ('mail.de'), ('mail.ee'), ('mail.ru'), ('mailbox.org'), ('mailfence.com'), ('me.com'),
	('msn.com'), ('naver.com'), ('netzero.net'), ('o2.pl'), ('onet.pl'), ('online.de'), ('op.pl'), ('optonline.net'),
	('orange.fr'), ('outlook.at'), ('outlook.com'), ('outlook.com.br'), ('outlook.de'), ('outlook.es'), ('outlook.fr'),
	('outlook.it'), ('outlook.jp'), ('pm.me'), ('posteo.de'), ('poczta.fm'), ('proton.me'), ('protonmail.ch'),
	('protonmail.com'), ('qq.com'), ('rambler.ru'), ('rediffmail.com'), ('rocketmail.com'), ('runbox.com'),
	('sapo.pt'), ('sbcglobal.net'), ('seznam.cz'), ('sfr.fr'), ('sina.cn'), ('sina.com'), ('sohu.com'), ('sympatico.ca'),
	('t-online.de'), ('telenet.be'), ('terra.com.br'), ('tiscali.it'), ('tuta.com'), ('tuta.io'), ('tutanota.com'),
	('tutanota.de'), ('ukr.net'), ('uol.com.br'), ('verizon.net'), ('virgilio.it'), ('virginmedia.com'), ('vodafone.de'),
	('volny.cz'), ('wanadoo.fr'), ('web.de'), ('windowslive.com'), ('wp.pl'), ('xs4all.nl'), ('yahoo.ca'), ('yahoo.co.in'),
	('yahoo.co.jp'), ('yahoo.co.uk'), ('yahoo.com'), ('yahoo.com.ar'), ('yahoo.com.au'), ('yahoo.com.br'),
	('yahoo.com.mx'), ('yahoo.de'), ('yahoo.es'), ('yahoo.fr'), ('yahoo.in'), ('yahoo.it'), ('yandex.com'), ('yandex.ru'),
	('yeah.net'), ('ymail.com'), ('zoho.com');

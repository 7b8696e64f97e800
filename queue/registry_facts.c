/*
 * registry_facts.c - what the gate needs to weigh a sender's proofs: the partner's signers, the credentials registered to the
 * address, and how far up names of several families live. Runs in the queue process, in the thread that owns the connection;
 * addresses come from strangers. Index look-ups only.
 */
#include <string.h>

#include "err.h"
#include "registry_private.h"

/* Entries of one partner passed over when looking for another one under the same domain; beyond, others are assumed: strict
 * alignment errs on the safe side. A partner's whole domain is one step. */
#define STEPS_MAX 64u

int
registry_signers(struct registry *r, const char *partner, struct buf *out, uint32_t *n)
{
	sqlite3_stmt *row;
	int err;

	*n = 0;
	if (partner[0] == '\0')
		return VG_OK;
	row = db_query(r->db, "SELECT domain FROM signer WHERE partner = ?1 ORDER BY domain", "t", partner);
	while ((err = db_step(r->db, row)) == 1)
		if ((err = wlist_add_str(out, n, db_text(row, 0))) != VG_OK) {
			sqlite3_reset(row);
			return err;
		}
	return err;
}

int
registry_credentials(struct registry *r, const char *normal, struct buf *out, uint32_t *n)
{
	char key[REGISTRY_KEY];
	sqlite3_stmt *row;
	int err;

	*n = 0;
	if (strchr(normal, '@') == NULL || registry_key(key, normal) != VG_OK)
		return VG_OK;
	row = db_query(r->db, "SELECT c.kind, c.fingerprint, c.data FROM entry e JOIN credential c ON c.entry = e.id "
	    "WHERE e.key = ?1 AND c.kind <> 'password' ORDER BY c.id", "t", key);
	while ((err = db_step(r->db, row)) == 1) {
		struct facts_credential c = { .fingerprint = db_text(row, 1) };
		int kind = reg_word_value(WORD_CREDENTIAL, db_text(row, 0));

		c.kind = (uint8_t)(kind < 0 ? 0 : kind);
		if (c.kind != CREDENTIAL_CERTIFICATE)
			c.data = (struct blob){ (const unsigned char *)db_text(row, 2), strlen(db_text(row, 2)) };
		if ((err = wlist_add(out, n, &wire_facts_credential, &c)) != VG_OK) {
			sqlite3_reset(row);
			return err;
		}
	}
	return err;
}

int
registry_password(struct registry *r, const char *normal, char hash[REGISTRY_HASH])
{
	char key[REGISTRY_KEY];
	sqlite3_stmt *row;
	int err;

	hash[0] = '\0';
	if (strchr(normal, '@') == NULL || registry_key(key, normal) != VG_OK)
		return VG_ERR_NOTFOUND;
	row = db_query(r->db, "SELECT c.data FROM entry e JOIN credential c ON c.entry = e.id WHERE e.key = ?1 "
	    "AND c.kind = 'password' LIMIT 1", "t", key);
	if ((err = db_step(r->db, row)) != 1)
		return err == VG_OK ? VG_ERR_NOTFOUND : err;
	db_copy(row, 0, hash, REGISTRY_HASH);
	sqlite3_reset(row);
	return VG_OK;
}

/* ---- families under one domain ---- */

/* 1, 0, or an error. */
static int
is_there(struct registry *r, const char *sql, const char *from, const char *end)
{
	int64_t one = 0;
	int err = db_number(r->db, &one, sql, "tt", from, end);

	return err == VG_ERR_NOTFOUND ? 0 : err != VG_OK ? err : 1;
}

/* How many partners have names in [key, end): 0, 1, 2 for more. */
static int
partners_under(struct registry *r, const char *key, const char *end)
{
	char at[REGISTRY_KEY], found[REGISTRY_KEY], owner[REGISTRY_ID + 1] = "";

	memcpy(at, key, strlen(key) + 1);
	for (unsigned step = 0; step < STEPS_MAX; step++) {
		sqlite3_stmt *row = db_query(r->db, "SELECT key, owner FROM entry INDEXED BY entry_key_partner "
		    "WHERE role IN ('domain', 'contact') AND key >= ?1 AND key < ?2 ORDER BY key LIMIT 1", "tt", at, end);
		int err = db_step(r->db, row);
		bool other;

		if (err != 1)
			return err != VG_OK ? err : owner[0] != '\0';
		db_copy(row, 0, found, sizeof(found));
		other = owner[0] != '\0' && strcmp(owner, db_text(row, 1)) != 0;
		db_copy(row, 1, owner, sizeof(owner));
		sqlite3_reset(row);
		if (other)
			return 2;
		/* All that lies in a domain is its owner's; behind an address the next key has one more character. */
		if (strchr(found, '@') == NULL)
			registry_key_end(at, found);
		else
			snprintf(at, sizeof(at), "%.*s!", (int)sizeof(at) - 2, found);
	}
	return 2;
}

static int
families_under(struct registry *r, const char *key)
{
	char end[REGISTRY_KEY];
	int n, client, agent;

	registry_key_end(end, key);
	if ((n = partners_under(r, key, end)) < 0 || n > 1)
		return n;
	client = is_there(r, "SELECT 1 FROM entry INDEXED BY entry_key_client WHERE role IN ('customer', 'direct') "
	    "AND key >= ?1 AND key < ?2 LIMIT 1", key, end);
	agent = is_there(r, "SELECT 1 FROM entry INDEXED BY entry_key_agent WHERE role = 'agent' AND key >= ?1 AND key < ?2 LIMIT 1",
	    key, end);
	return client < 0 ? client : agent < 0 ? agent : n + client + agent;
}

int
registry_shared_labels(struct registry *r, const char *domain, unsigned *labels)
{
	char key[REGISTRY_KEY];
	int n;

	*labels = 0;
	if (strchr(domain, '.') == NULL || registry_key(key, domain) != VG_OK)
		return VG_OK;
	registry_key_limit(key);
	do {
		if ((n = families_under(r, key)) < 0)
			return n;
		if (n > 1) {
			*labels = registry_labels(key) - 1; /* a key ends in a dot */
			return VG_OK;
		}
	} while (registry_key_up(key));
	return VG_OK;
}

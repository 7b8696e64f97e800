/*
 * registry.h - partners, their domains, contacts and customers, direct-contract holders, agents: who is
 * who (POLICY "registry and classes", P7). Lives in a database of its own (registry.db), so that an import of a
 * million addresses never waits for, or stops, the accept path. One struct registry belongs to one thread at a time.
 */
#ifndef VG_REGISTRY_H
#define VG_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

#include "ipc_messages.h"

struct registry;

/* Opens DIR/registry.db; writable creates and migrates it. VG_ERR_VERSION for a newer schema, VG_ERR_STORE, with *why. */
int registry_open(struct registry **out, const char *dir, bool writable, const char **why);
void registry_close(struct registry **r);

#define REGISTRY_PRODUCTS 16
#define REGISTRY_ID 64

struct registry_partner {
	char id[REGISTRY_ID + 1], name[256], vcsp_id[64], region[64], language[36];
	enum partner_status status;
	enum unlisted unlisted;
	enum unverified unverified;
	enum proof_need proof;
	char products[REGISTRY_PRODUCTS][REGISTRY_ID + 1]; /* portfolio, in order */
	unsigned n_products;
};

struct registry_sender {
	enum sender_class cls;     /* the most specific entry decides: address before domain, longer domain before shorter */
	char partner[REGISTRY_ID + 1]; /* contact, partner-domain; "" else (a customer may belong to several) */
	char holder[REGISTRY_ID + 1];  /* direct: the holder's id */
	char name[256];
	bool automatic_open, case_admin;
	enum partner_status status;
	enum unlisted unlisted;
	enum unverified unverified;
	enum proof_need proof;
};

/* Class of an address in normal form. Index look-ups only, whatever the registry's size. VG_OK also for unknown; VG_ERR_STORE. */
int registry_sender(struct registry *r, const char *normal, struct registry_sender *out);
/* ---- for the proof of a sender (registry_facts.c) ---- */

/* Wire list of the domains that the partner ("" for none: empty list) registered as its signers (POLICY (g)). */
int registry_signers(struct registry *r, const char *partner, struct buf *out, uint32_t *n);
/* Wire list of facts_credential, without passwords. normal: an address in normal form. */
int registry_credentials(struct registry *r, const char *normal, struct buf *out, uint32_t *n);
/* Largest number of labels of domain, or of one that contains it, under which names of more than one family live; 0 for none. */
int registry_shared_labels(struct registry *r, const char *domain, unsigned *labels);
#define REGISTRY_HASH 128 /* crypto_pwhash_STRBYTES */
/* Hash of the address's password. VG_ERR_NOTFOUND. */
int registry_password(struct registry *r, const char *normal, char hash[REGISTRY_HASH]);

/* Is the address, by itself or by a domain that contains it, a customer of this partner, of other ones? */
int registry_customer(struct registry *r, const char *normal, const char *partner, bool *here, bool *elsewhere);
/* VG_ERR_NOTFOUND. */
int registry_partner(struct registry *r, const char *id, struct registry_partner *out);
/* Its contacts, the newest first, at most max: [{address (normal form), shown, name}]. */
int registry_contacts(struct registry *r, const char *id, unsigned max, json_t **out);
/* Display name of a direct holder into name. VG_ERR_NOTFOUND. */
int registry_holder_name(struct registry *r, const char *id, char name[256]);
/* Registry audit records (same shape as the store's audit items), newest first, before the ULID `before` (NULL: from the newest). */
int registry_audit_list(struct registry *r, const char *before, unsigned max, json_t **out);

#endif

/*
 * facts.h - what registry and store know about a mail: for the gate (FACTS_ASK), and for the release of a held one.
 */
#ifndef VG_FACTS_H
#define VG_FACTS_H

#include "registry.h"
#include "store.h"

struct facts {
	struct facts_say say; /* borrows from the rest */
	struct registry_sender sender;
	struct buf threads, signers, credentials;
	char duplicate_of[ULID_LEN + 1];
};

/* Index look-ups only. facts_free also after an error. */
int facts_find(struct facts *f, struct store *store, struct registry *registry, const struct facts_ask *ask);
void facts_free(struct facts *f);

#endif

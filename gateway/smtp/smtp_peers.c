/*
 * smtp_peers.c - sessions per client address, in a hash table keyed by a secret so that nobody can fill one bucket.
 * Called by smtp_listen.c and, for clients behind a proxy, by smtp_session.c.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ip.h"
#include "smtp_peers.h"

#define BUCKETS 4096u

struct peer {
	struct peer *next;
	unsigned char key[16];
	unsigned n;
};

struct smtp_peers {
	unsigned char secret[crypto_shorthash_KEYBYTES];
	struct peer *bucket[BUCKETS];
};

struct smtp_peers *
smtp_peers_new(void)
{
	struct smtp_peers *p = calloc(1, sizeof(*p));

	if (p)
		randombytes_buf(p->secret, sizeof(p->secret));
	return p;
}

void
smtp_peers_free(struct smtp_peers **peers)
{
	if (!*peers)
		return;
	for (unsigned i = 0; i < BUCKETS; i++) {
		struct peer *p = (*peers)->bucket[i], *next;

		for (; p; p = next) {
			next = p->next;
			free(p);
		}
	}
	free(*peers);
	*peers = NULL;
}

/* Who controls one address of an IPv6 /64 controls them all. */
static bool
key_of(unsigned char key[16], const char *address)
{
	unsigned bits;

	if (!ip_mapped(address, key, &bits))
		return false;
	if (bits == 128)
		memset(key + 8, 0, 8);
	return true;
}

/* Where the key's entry hangs, or would hang. */
static struct peer **
find(struct smtp_peers *peers, const unsigned char key[16])
{
	unsigned char hash[crypto_shorthash_BYTES];
	struct peer **p;
	unsigned i;

	crypto_shorthash(hash, key, 16, peers->secret);
	memcpy(&i, hash, sizeof(i));
	for (p = &peers->bucket[i % BUCKETS]; *p; p = &(*p)->next) {
		if (memcmp((*p)->key, key, 16) == 0)
			break;
	}
	return p;
}

bool
smtp_peers_enter(struct smtp_peers *peers, const char *address, unsigned max)
{
	unsigned char key[16];
	struct peer **p;

	if (!key_of(key, address))
		return true;
	p = find(peers, key);
	if (*p && (*p)->n >= max)
		return false;
	if (!*p) {
		*p = calloc(1, sizeof(**p));
		if (!*p)
			return false;
		memcpy((*p)->key, key, 16);
	}
	(*p)->n++;
	return true;
}

void
smtp_peers_leave(struct smtp_peers *peers, const char *address)
{
	unsigned char key[16];
	struct peer **p, *gone;

	if (!key_of(key, address))
		return;
	p = find(peers, key);
	if (!*p || --(*p)->n > 0)
		return;
	gone = *p;
	*p = gone->next;
	free(gone);
}

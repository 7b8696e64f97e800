/*
 * gate_dns_cache.c - the answers in a hash table, and in the order they came: a full cache drops the oldest, which the short
 * times make the next to go anyway.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "gate_dns_cache.h"

#define BUCKETS 4096u

struct entry {
	LIST_ENTRY(entry) same;
	TAILQ_ENTRY(entry) age;
	enum dns_type type;
	int64_t until;
	struct gate_dns_reply reply;
	char name[];
};

LIST_HEAD(bucket, entry);

struct gate_dns_cache {
	unsigned char key[crypto_shorthash_KEYBYTES];
	size_t n;
	TAILQ_HEAD(, entry) ages;
	struct bucket buckets[BUCKETS];
};

uint64_t gate_dns_hash(const unsigned char key[crypto_shorthash_KEYBYTES], enum dns_type type, const char *name)
{
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t h;

	crypto_shorthash(out, (const unsigned char *)name, strlen(name), key);
	memcpy(&h, out, sizeof(h));
	return h + (uint64_t)type;
}

struct gate_dns_cache *gate_dns_cache_new(void)
{
	struct gate_dns_cache *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	randombytes_buf(c->key, sizeof(c->key));
	TAILQ_INIT(&c->ages);
	return c;
}

static void drop(struct gate_dns_cache *c, struct entry *e)
{
	LIST_REMOVE(e, same);
	TAILQ_REMOVE(&c->ages, e, age);
	c->n--;
	gate_dns_reply_clear(&e->reply);
	free(e);
}

void gate_dns_cache_empty(struct gate_dns_cache *cache)
{
	while (!TAILQ_EMPTY(&cache->ages))
		drop(cache, TAILQ_FIRST(&cache->ages));
}

void gate_dns_cache_free(struct gate_dns_cache **cache)
{
	if (*cache == NULL)
		return;
	gate_dns_cache_empty(*cache);
	free(*cache);
	*cache = NULL;
}

static struct bucket *bucket_of(struct gate_dns_cache *c, enum dns_type type, const char *name)
{
	return &c->buckets[gate_dns_hash(c->key, type, name) % BUCKETS];
}

static struct entry *find(struct gate_dns_cache *c, enum dns_type type, const char *name)
{
	struct entry *e;

	LIST_FOREACH(e, bucket_of(c, type, name), same)
		if (e->type == type && strcmp(e->name, name) == 0)
			return e;
	return NULL;
}

const struct gate_dns_reply *gate_dns_cache_get(struct gate_dns_cache *cache, enum dns_type type, const char *name,
                                                int64_t now)
{
	struct entry *e = find(cache, type, name);

	if (e == NULL)
		return NULL;
	if (e->until <= now) {
		drop(cache, e);
		return NULL;
	}
	return &e->reply;
}

static int64_t keep_for(const struct gate_dns_reply *r)
{
	int64_t ttl = (int64_t)r->ttl * 1000;

	if (r->status == DNS_NXDOMAIN || r->status == DNS_NODATA)
		return GATE_DNS_CACHE_NONE_TTL_MS;
	if (r->status != DNS_FOUND || r->bytes > GATE_DNS_CACHE_BYTES)
		return 0;
	return ttl < GATE_DNS_CACHE_TTL_MS ? ttl : GATE_DNS_CACHE_TTL_MS;
}

/* An answer has room for the most records; one that stays gives the rest back. */
static void shrink(struct gate_dns_reply *r)
{
	struct dns_record *less = r->n > 0 ? realloc(r->records, r->n * sizeof(*less)) : NULL;

	if (less != NULL)
		r->records = less;
}

void gate_dns_cache_put(struct gate_dns_cache *cache, enum dns_type type, const char *name, struct gate_dns_reply *reply,
                        int64_t now)
{
	int64_t ms = keep_for(reply);
	struct entry *old = find(cache, type, name);
	struct entry *e;

	if (old != NULL)
		drop(cache, old);
	if (ms <= 0 || (e = calloc(1, sizeof(*e) + strlen(name) + 1)) == NULL) {
		gate_dns_reply_clear(reply);
		return;
	}
	if (cache->n >= GATE_DNS_CACHE_MAX)
		drop(cache, TAILQ_FIRST(&cache->ages));
	e->type = type;
	e->until = now + ms;
	memcpy(e->name, name, strlen(name) + 1);
	shrink(reply);
	e->reply = *reply;
	*reply = (struct gate_dns_reply){.status = DNS_FAILED};
	LIST_INSERT_HEAD(bucket_of(cache, type, name), e, same);
	TAILQ_INSERT_TAIL(&cache->ages, e, age);
	cache->n++;
}

/*
 * digest.c - digest of a message body in DKIM's relaxed form (RFC 6376 3.4.4), so that one mail on two ways
 * is known as one. smtp and api feed it; hostile bytes, linear time, constant memory.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "digest.h"
#include "head.h"

#define OUT 1024u

struct digest {
	crypto_generichash_state hash;
	struct head_scan head;
	uint64_t lines; /* line ends seen and not yet told: they count only when something follows */
	bool space;     /* white space seen and not yet told: it counts only inside a line */
	bool cr;        /* a CR seen, which its LF makes a line end */
	bool any;       /* the body has content */
	size_t n;
	unsigned char out[OUT];
};

struct digest *
digest_new(void)
{
	size_t align = _Alignof(struct digest);
	struct digest *d;

	if (sodium_init() < 0) /* chooses the fast code for this processor, once */
		return NULL;
	d = aligned_alloc(align, (sizeof(*d) + align - 1) / align * align);
	if (!d)
		return NULL;
	memset(d, 0, sizeof(*d));
	d->head = HEAD_SCAN_START;
	crypto_generichash_init(&d->hash, NULL, 0, DIGEST_LEN);
	return d;
}

static void
flush(struct digest *d)
{
	crypto_generichash_update(&d->hash, d->out, d->n);
	d->n = 0;
}

static void
put(struct digest *d, const unsigned char *data, size_t n)
{
	while (n > 0) {
		size_t room = OUT - d->n, some = n < room ? n : room;
		memcpy(d->out + d->n, data, some);
		d->n += some;
		data += some;
		n -= some;
		if (d->n == OUT)
			flush(d);
	}
}

/* Content comes: what was waiting counts now. */
static void
settle(struct digest *d)
{
	for (; d->lines > 0; d->lines--)
		put(d, (const unsigned char *)"\r\n", 2);
	if (d->space)
		put(d, (const unsigned char *)" ", 1);
	d->space = false;
	d->any = true;
}

static void
content(struct digest *d, const unsigned char *data, size_t n)
{
	settle(d);
	put(d, data, n);
}

/* A CR that no LF followed is content. */
static void
settle_cr(struct digest *d)
{
	if (!d->cr)
		return;
	d->cr = false;
	content(d, (const unsigned char *)"\r", 1);
}

static size_t
span(const unsigned char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] != '\r' && s[i] != ' ' && s[i] != '\t')
		i++;
	return i;
}

static void
feed_body(struct digest *d, const unsigned char *s, size_t n)
{
	size_t i = 0, run;

	while (i < n) {
		if (d->cr && s[i] == '\n') {
			d->cr = false;
			d->space = false;
			d->lines++;
			i++;
			continue;
		}
		settle_cr(d);
		if (s[i] == '\r') {
			d->cr = true;
			i++;
		} else if (s[i] == ' ' || s[i] == '\t') {
			d->space = true;
			i++;
		} else {
			run = span(s + i, n - i);
			content(d, s + i, run);
			i += run;
		}
	}
}

void
digest_feed(struct digest *d, const void *data, size_t n)
{
	size_t used = head_scan(&d->head, data, n);

	feed_body(d, (const unsigned char *)data + used, n - used);
}

void
digest_final(struct digest *d, unsigned char out[DIGEST_LEN])
{
	settle_cr(d);
	if (d->any)
		put(d, (const unsigned char *)"\r\n", 2);
	flush(d);
	crypto_generichash_final(&d->hash, out, DIGEST_LEN);
}

void
digest_free(struct digest **d)
{
	free(*d);
	*d = NULL;
}

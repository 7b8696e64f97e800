/*
 * body_hash.c - canonical bodies of RFC 6376 3.4.3 and 3.4.4, hashed while they arrive. Each of the two canonical forms
 * is made once, in pieces, and given to every wish for it. Called by gate_submit (feed) and by dkim.c and arc.c
 * (wishes).
 */
#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "body_hash.h"
#include "err.h"

#define PIECE 4096u

struct wish {
	gnutls_hash_hd_t hash;
	bool relaxed;
	uint64_t limit; /* l= */
	uint64_t left;  /* of limit */
	unsigned char value[BODY_HASH_LEN];
};

/* What one canonical form remembers between two pieces. */
struct canon {
	bool wanted;
	bool cr;       /* a CR that may become a line end */
	bool space;    /* relaxed: white space that may become one space */
	bool any;      /* something came out */
	uint64_t ends; /* line ends held back: they count only when something follows */
	size_t n;
	char out[PIECE];
};

struct body_hashes {
	struct wish wishes[BODY_HASHES_MAX];
	size_t n;
	struct canon canon[2]; /* simple, relaxed */
	bool ended;
	int err;
};

struct body_hashes *body_hashes_new(void)
{
	return calloc(1, sizeof(struct body_hashes));
}

void body_hashes_free(struct body_hashes **b)
{
	if (*b == NULL)
		return;
	for (size_t i = 0; i < (*b)->n; i++)
		if ((*b)->wishes[i].hash != NULL)
			gnutls_hash_deinit((*b)->wishes[i].hash, NULL);
	free(*b);
	*b = NULL;
}

int body_hashes_want(struct body_hashes *b, bool relaxed, uint64_t limit)
{
	struct wish *w = &b->wishes[b->n];

	for (size_t i = 0; i < b->n; i++)
		if (b->wishes[i].relaxed == relaxed && b->wishes[i].limit == limit)
			return (int)i;
	if (b->n == BODY_HASHES_MAX)
		return VG_ERR_LIMIT;
	*w = (struct wish){.relaxed = relaxed, .limit = limit, .left = limit};
	if (gnutls_hash_init(&w->hash, GNUTLS_DIG_SHA256) < 0) {
		w->hash = NULL;
		return VG_ERR_MEMORY;
	}
	b->canon[relaxed].wanted = true;
	return (int)b->n++;
}

bool body_hashes_wanted(const struct body_hashes *b)
{
	return b->n > 0;
}

/* Canonical bytes to every wish of this form. */
static void give(struct body_hashes *b, bool relaxed, const void *data, size_t n)
{
	for (size_t i = 0; i < b->n; i++) {
		struct wish *w = &b->wishes[i];
		size_t part = n < w->left ? n : (size_t)w->left;

		if (w->relaxed != relaxed || part == 0)
			continue;
		if (gnutls_hash(w->hash, data, part) < 0)
			b->err = VG_ERR_CRYPTO;
		if (w->limit != UINT64_MAX)
			w->left -= part;
	}
}

static void flush(struct body_hashes *b, bool relaxed)
{
	struct canon *c = &b->canon[relaxed];

	if (c->n > 0)
		give(b, relaxed, c->out, c->n);
	c->n = 0;
}

static void put(struct body_hashes *b, bool relaxed, char byte)
{
	struct canon *c = &b->canon[relaxed];

	if (c->n == PIECE)
		flush(b, relaxed);
	c->out[c->n++] = byte;
}

/* Something follows: what was held back counts. */
static void release(struct body_hashes *b, bool relaxed)
{
	struct canon *c = &b->canon[relaxed];

	for (; c->ends > 0; c->ends--) {
		put(b, relaxed, '\r');
		put(b, relaxed, '\n');
	}
	if (c->space)
		put(b, relaxed, ' ');
	c->space = false;
	c->any = true;
}

static void feed_simple(struct body_hashes *b, const char *s, size_t n)
{
	struct canon *c = &b->canon[0];

	while (n > 0) {
		const char *cr;
		size_t text;

		if (c->cr && *s == '\n') {
			c->ends++;
			c->cr = false;
			s++, n--;
			continue;
		}
		if (c->cr) { /* alone: a byte like any other */
			release(b, false);
			put(b, false, '\r');
			c->cr = false;
		}
		cr = memchr(s, '\r', n);
		text = cr == NULL ? n : (size_t)(cr - s);
		if (text > 0) {
			release(b, false);
			flush(b, false);
			give(b, false, s, text);
		}
		c->cr = cr != NULL;
		s += text + c->cr;
		n -= text + c->cr;
	}
}

/* Copies bytes that stand for themselves, and single spaces between them; how many. The common case, hence apart. */
static size_t copy_plain(struct canon *c, const char *s, size_t n)
{
	size_t room = PIECE - c->n, k = 0;

	n = n < room ? n : room;
	while (k < n && s[k] != '\r' && s[k] != '\t' && (s[k] != ' ' || (k + 1 < n && s[k + 1] > ' '))) {
		c->out[c->n + k] = s[k];
		k++;
	}
	c->n += k;
	return k;
}

static void feed_relaxed(struct body_hashes *b, const char *s, size_t n)
{
	struct canon *c = &b->canon[1];

	for (size_t i = 0; i < n;) {
		if (c->cr && s[i] == '\n') {
			c->cr = c->space = false;
			c->ends++;
			i++;
			continue;
		}
		if (c->cr) {
			release(b, true);
			put(b, true, '\r');
			c->cr = false;
		}
		if (s[i] == '\r') {
			c->cr = true;
			i++;
		} else if (s[i] == ' ' || s[i] == '\t') {
			c->space = true;
			i++;
		} else {
			release(b, true);
			put(b, true, s[i++]);
			i += copy_plain(c, s + i, n - i);
		}
	}
}

int body_hashes_feed(struct body_hashes *b, const void *data, size_t n)
{
	if (b->ended)
		return VG_ERR_CLOSED;
	if (b->canon[0].wanted)
		feed_simple(b, data, n);
	if (b->canon[1].wanted)
		feed_relaxed(b, data, n);
	return b->err;
}

/* The last line gets its line end where it has none; an empty body is one line end when simple, nothing
 * when relaxed. */
static void finish(struct body_hashes *b, bool relaxed)
{
	struct canon *c = &b->canon[relaxed];

	if (c->cr) {
		release(b, relaxed);
		put(b, relaxed, '\r');
	}
	if (c->any || !relaxed) {
		put(b, relaxed, '\r');
		put(b, relaxed, '\n');
	}
	flush(b, relaxed);
}

int body_hashes_end(struct body_hashes *b)
{
	if (b->ended)
		return b->err;
	b->ended = true;
	for (int relaxed = 0; relaxed < 2; relaxed++)
		if (b->canon[relaxed].wanted)
			finish(b, relaxed != 0);
	for (size_t i = 0; i < b->n; i++)
		gnutls_hash_output(b->wishes[i].hash, b->wishes[i].value);
	return b->err;
}

const unsigned char *body_hashes_get(const struct body_hashes *b, int index, bool *short_body)
{
	const struct wish *w;

	if (!b->ended || b->err != VG_OK || index < 0 || (size_t)index >= b->n)
		return NULL;
	w = &b->wishes[index];
	if (short_body != NULL)
		*short_body = w->limit != UINT64_MAX && w->left > 0;
	return w->value;
}

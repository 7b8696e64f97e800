/*
 * gate_digest.c - content digest for deduplication. Runs in the gate. Header canonicalisation as DKIM relaxed
 * (RFC 6376 3.4.2), fields in the order of a fixed list, so that a relay that reorders them changes nothing.
 */
#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "gate_digest.h"

static const char *const names[] = {"from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to",
    "references", "mime-version"};

static void feed(crypto_generichash_state *st, const void *p, size_t n)
{
	crypto_generichash_update(st, p, n);
}

/* Runs of white space and folds become one space; none at the ends. In blocks, since a hash call per byte is slow. */
static void feed_value(crypto_generichash_state *st, const struct gate_field *f)
{
	unsigned char block[512];
	size_t n = 0;
	bool gap = false, any = false;

	for (size_t i = 0; i < f->value_len; i++) {
		char c = f->value[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			gap = any;
			continue;
		}
		if (n + 2 > sizeof(block)) {
			feed(st, block, n);
			n = 0;
		}
		if (gap)
			block[n++] = ' ';
		block[n++] = (unsigned char)c;
		gap = false;
		any = true;
	}
	feed(st, block, n);
}

static void feed_field(crypto_generichash_state *st, const struct gate_field *f)
{
	char low[64];
	size_t n = f->name_len < sizeof(low) ? f->name_len : sizeof(low);

	for (size_t i = 0; i < n; i++)
		low[i] = f->name[i] >= 'A' && f->name[i] <= 'Z' ? (char)(f->name[i] | 0x20) : f->name[i];
	feed(st, low, n);
	feed(st, ":", 1);
	feed_value(st, f);
	feed(st, "\r\n", 2);
}

bool gate_digest(unsigned char out[DIGEST_LEN], const struct gate_header *h, const struct blob *body)
{
	crypto_generichash_state st;
	size_t id = 0, date = 0;

	if (gate_header_next(h, "Message-ID", &id) == NULL && gate_header_next(h, "Date", &date) == NULL)
		return false;
	crypto_generichash_init(&st, NULL, 0, DIGEST_LEN);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct gate_field *f;
		size_t pos = 0;

		while ((f = gate_header_next(h, names[i], &pos)) != NULL)
			feed_field(&st, f);
	}
	for (size_t i = 0; i < h->n; i++)
		if (h->fields[i].name_len > 8 && strncasecmp(h->fields[i].name, "Content-", 8) == 0)
			feed_field(&st, &h->fields[i]);
	feed(&st, "\r\n", 2);
	feed(&st, body->data, body->len);
	crypto_generichash_final(&st, out, DIGEST_LEN);
	return true;
}

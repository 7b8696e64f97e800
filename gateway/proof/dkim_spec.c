/*
 * dkim_spec.c - one signature field read, its fields chosen bottom-up, its hashes compared. Every byte is hostile.
 * Called by dkim.c and arc.c.
 */
#include <gnutls/crypto.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "addr.h"
#include "dkim_canon.h"
#include "dkim_spec.h"
#include "err.h"

#define CLOCK_SLACK 300 /* seconds that the clocks may differ */

struct reading {
	struct dkim_spec *s;
	const struct dkim_tags *tags;
	const struct dkim_options *o;
	const char *why;
};

typedef bool (*reader)(struct reading *r);

static bool bad(struct reading *r, const char *why)
{
	r->why = why;
	return false;
}

static const struct dkim_tag *find(const struct reading *r, const char *name)
{
	return dkim_tags_find(r->tags, name);
}

static bool read_names(struct reading *r)
{
	const struct dkim_tag *d = find(r, "d"), *s = find(r, "s");
	struct dkim_spec *spec = r->s;

	/* Both, whatever is wrong: a report names what it can. */
	bool domain = d != NULL && dkim_name(spec->domain, d->value, d->len);
	bool selector = s != NULL && dkim_name(spec->selector, s->value, s->len);

	if (!domain)
		spec->domain[0] = '\0';
	if (!selector)
		spec->selector[0] = '\0';
	if (!domain)
		return bad(r, "no readable d=");
	return selector || bad(r, "no readable s=");
}

static bool read_algorithm(struct reading *r)
{
	const struct dkim_tag *a = find(r, "a");
	size_t n;

	if (a == NULL)
		return bad(r, "no a=");
	for (n = 0; n < a->len && n + 1 < sizeof(r->s->algorithm) && a->value[n] > ' ' && a->value[n] < 0x7f; n++)
		r->s->algorithm[n] = a->value[n];
	r->s->algorithm[n] = '\0';
	r->s->ed25519 = dkim_tag_is(a, "ed25519-sha256");
	if (dkim_tag_is(a, "rsa-sha1"))
		return bad(r, "rsa-sha1 proves nothing any more");
	return r->s->ed25519 || dkim_tag_is(a, "rsa-sha256") || bad(r, "unknown algorithm");
}

static bool read_version(struct reading *r)
{
	const struct dkim_tag *v = find(r, "v"), *q = find(r, "q");

	if (v == NULL || !dkim_tag_is(v, "1"))
		return bad(r, "v= is not 1");
	return q == NULL || dkim_tag_has(q, "dns/txt") || dkim_tag_has(q, "dns") ||
	       bad(r, "q= names no way to the key that we know");
}

static bool read_instance(struct reading *r)
{
	const struct dkim_tag *i = find(r, "i");
	uint64_t n;

	if (i == NULL || i->len > 3 || !dkim_tag_number(i, 1000, &n) || n == 0)
		return bad(r, "no readable i=");
	r->s->instance = (unsigned)n;
	return true;
}

/* i= of a DKIM signature: [local part]@domain, d= or below it. */
static bool read_identity(struct reading *r)
{
	const struct dkim_tag *i = find(r, "i");
	char domain[DNS_NAME_MAX + 1];
	const char *at = i != NULL ? memrchr(i->value, '@', i->len) : NULL;

	if (i == NULL)
		return true;
	if (at == NULL || !dkim_name(domain, at + 1, i->len - (size_t)(at + 1 - i->value)))
		return bad(r, "i= is no identity");
	if (!addr_domain_within(domain, r->s->domain))
		return bad(r, "i= does not belong to d=");
	r->s->below = strcmp(domain, r->s->domain) != 0;
	return true;
}

static bool read_times(struct reading *r)
{
	const struct dkim_tag *t = find(r, "t"), *x = find(r, "x");
	uint64_t made = 0, until;

	if (t != NULL && !dkim_tag_number(t, INT64_MAX, &made))
		return bad(r, "t= is no number");
	if (r->o->now <= INT64_MAX - CLOCK_SLACK && (int64_t)made > r->o->now + CLOCK_SLACK)
		return bad(r, "signed in the future");
	if (x == NULL)
		return true;
	if (!dkim_tag_number(x, INT64_MAX, &until))
		return bad(r, "x= is no number");
	if (t != NULL && until <= made)
		return bad(r, "x= is not behind t=");
	return (int64_t)until >= r->o->now || bad(r, "the signature has expired");
}

static bool read_signature(struct reading *r)
{
	const struct dkim_tag *b = find(r, "b");

	if (b == NULL || !dkim_tag_base64(b, r->s->signature, sizeof(r->s->signature), &r->s->signature_len))
		return bad(r, "no readable b=");
	r->s->b = b->whole;
	r->s->b_len = b->whole_len;
	return true;
}

static bool read_form(const char *s, size_t len, bool *relaxed)
{
	*relaxed = len == 7 && strncasecmp(s, "relaxed", 7) == 0;
	return *relaxed || (len == 6 && strncasecmp(s, "simple", 6) == 0);
}

/* c=, l=, bh=: what is hashed of the body. */
static bool read_body(struct reading *r, struct body_hashes *bodies)
{
	const struct dkim_tag *c = find(r, "c"), *l = find(r, "l"), *bh = find(r, "bh");
	bool relaxed = false;
	uint64_t limit = UINT64_MAX;
	size_t len;

	if (c != NULL) {
		const char *slash = memchr(c->value, '/', c->len);
		size_t first = slash != NULL ? (size_t)(slash - c->value) : c->len;

		if (!read_form(c->value, first, &r->s->relaxed) ||
		    (slash != NULL && !read_form(slash + 1, c->len - first - 1, &relaxed)))
			return bad(r, "unknown c=");
	}
	if (l != NULL && !dkim_tag_number(l, UINT64_MAX - 1, &limit))
		return bad(r, "l= is no number");
	r->s->partial = l != NULL;
	if (bh == NULL || !dkim_tag_base64(bh, r->s->body_hash, sizeof(r->s->body_hash), &len) || len != BODY_HASH_LEN)
		return bad(r, "no readable bh=");
	if ((r->s->body = body_hashes_want(bodies, relaxed, limit)) < 0)
		return bad(r, "too many kinds of body hashes");
	return true;
}

/* The lowest field of this name that was not chosen yet (RFC 6376 5.4.2). */
static void choose(struct dkim_spec *s, const char *name, size_t len)
{
	for (size_t i = s->header->n; i-- > 0;) {
		const struct gate_field *f = &s->header->fields[i];

		if (f->name_len == len && !s->taken[i] && f != s->field && strncasecmp(f->name, name, len) == 0) {
			s->taken[i] = true;
			s->order[s->n_order++] = (unsigned short)i;
			return;
		}
	}
}

static bool read_fields(struct reading *r)
{
	const struct dkim_tag *h = find(r, "h");
	const char *name;
	size_t pos = 0, len, n = 0;

	if (h == NULL)
		return bad(r, "no h=");
	for (; dkim_tag_item(h, &pos, &name, &len); n++) {
		if (len == 0)
			return bad(r, "an empty name stands in h=");
		if (n == DKIM_NAMES_MAX)
			return bad(r, "h= has more than 512 names");
		if (r->s->kind == DKIM_KIND_ARC_MESSAGE && len == 8 && strncasecmp(name, "ARC-Seal", 8) == 0)
			return bad(r, "h= names ARC-Seal");
		choose(r->s, name, len);
	}
	r->s->names = *h;
	return dkim_tag_has(h, "from") || bad(r, "From is not signed");
}

/* A seal has no h=, c=, bh= of its own (RFC 8617 4.1.3). */
static bool read_seal(struct reading *r)
{
	static const char *const words[] = {"none", "pass", "fail"};
	const struct dkim_tag *cv = find(r, "cv");

	if (find(r, "h") != NULL)
		return bad(r, "a seal has h=");
	for (size_t i = 0; cv != NULL && i < sizeof(words) / sizeof(words[0]); i++)
		if (dkim_tag_is(cv, words[i]))
			snprintf(r->s->cv, sizeof(r->s->cv), "%s", words[i]);
	r->s->relaxed = true;
	return r->s->cv[0] != '\0' || bad(r, "no readable cv=");
}

static bool read_all(struct reading *r, struct body_hashes *bodies)
{
	static const reader readers[][6] = {
		[DKIM_KIND_SIGNATURE] = {read_names, read_algorithm, read_version, read_identity, read_signature, read_times},
		[DKIM_KIND_ARC_MESSAGE] = {read_names, read_algorithm, read_instance, read_signature, read_times, NULL},
		[DKIM_KIND_ARC_SEAL] = {read_names, read_algorithm, read_instance, read_signature, read_times, read_seal}
	};
	bool ok = true;

	/* Names and algorithm are read whatever is wrong with either; the first fault is told. */
	for (size_t i = 0; i < 6 && readers[r->s->kind][i] != NULL && (ok || i < 2); i++) {
		const char *first = r->why;

		if (!readers[r->s->kind][i](r)) {
			if (!ok)
				r->why = first;
			ok = false;
		}
	}
	return ok && (r->s->kind == DKIM_KIND_ARC_SEAL || (read_fields(r) && read_body(r, bodies)));
}

enum dkim_result dkim_spec_read(struct dkim_spec *s, enum dkim_kind kind, const struct gate_header *h, size_t index,
    const struct dkim_options *o, struct body_hashes *bodies, const char **why)
{
	struct dkim_tags tags;
	struct reading r = {s, &tags, o, ""};

	memset(s, 0, sizeof(*s));
	s->kind = kind;
	s->header = h;
	s->field = &h->fields[index];
	if (dkim_tags_read(&tags, s->field->value, s->field->value_len, why) != VG_OK)
		return DKIM_PERMERROR;
	if (read_all(&r, bodies))
		return DKIM_PASS;
	*why = r.why;
	return DKIM_PERMERROR;
}

/* Hash of the signed fields and of the signature field without its signature. */
static int header_hash(const struct dkim_spec *s, unsigned char out[BODY_HASH_LEN])
{
	gnutls_hash_hd_t hash;
	struct buf b;
	int rc = VG_OK;

	if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) < 0)
		return VG_ERR_MEMORY;
	buf_init(&b, SIZE_MAX / 2);
	for (size_t i = 0; i <= s->n_order && rc == VG_OK; i++) {
		bool own = i == s->n_order;

		buf_reset(&b);
		rc = dkim_canon_field(
		    &b, own ? s->field : &s->header->fields[s->order[i]], s->relaxed, own ? s->b : NULL, s->b_len);
		if (rc == VG_OK && gnutls_hash(hash, b.data, own ? b.len - 2 : b.len) < 0)
			rc = VG_ERR_CRYPTO;
	}
	buf_free(&b);
	gnutls_hash_deinit(hash, out);
	return rc;
}

static enum dkim_result wrong(bool *invalid, const char **why, const char *text)
{
	*invalid = true;
	*why = text;
	return DKIM_FAIL;
}

enum dkim_result dkim_spec_check(const struct dkim_spec *s, const struct dkim_key *key,
    const struct body_hashes *bodies, bool *invalid, const char **why)
{
	unsigned char hash[BODY_HASH_LEN];
	const unsigned char *body;
	bool short_body;

	*invalid = false;
	if (s->below && key->strict) {
		*why = "the key does not allow i= below d=";
		return DKIM_PERMERROR;
	}
	if ((body = body_hashes_get(bodies, s->body, &short_body)) == NULL || header_hash(s, hash) != VG_OK) {
		*why = "no memory for the hashes";
		return DKIM_TEMPERROR;
	}
	if (short_body)
		return wrong(invalid, why, "the body is shorter than l= says");
	if (memcmp(body, s->body_hash, BODY_HASH_LEN) != 0)
		return wrong(invalid, why, "the body was changed");
	if (!dkim_key_verify(key, hash, s->signature, s->signature_len))
		return wrong(invalid, why, "the header was changed, or the signature is of another key");
	return DKIM_PASS;
}

bool dkim_spec_covers(const struct dkim_spec *s, const char *name, size_t len)
{
	const char *item;
	size_t pos = 0, item_len, present = 0;

	for (size_t i = 0; i < s->header->n; i++) {
		const struct gate_field *f = &s->header->fields[i];

		if (f->name_len != len || f == s->field || strncasecmp(f->name, name, len) != 0)
			continue;
		if (!s->taken[i])
			return false;
		present++;
	}
	if (present > 0)
		return true;
	while (s->names.value != NULL && dkim_tag_item(&s->names, &pos, &item, &item_len))
		if (item_len == len && strncasecmp(item, name, len) == 0)
			return true;
	return false;
}

/*
 * dkim.c - the DKIM signatures of one mail. Called by gate_submit's proof of the sender: dkim_new() on the header, the
 * body goes through body_hash.c, dkim_check() when the keys are there.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dkim_spec.h"
#include "err.h"

struct one {
	struct dkim_signature shown;
	struct dkim_spec spec;
	struct buf covered;
	bool open; /* the key decides */
};

struct dkim {
	const struct gate_header *header;
	struct dkim_options options;
	struct body_hashes *bodies;
	size_t n;
	unsigned ignored;
	struct one one[DKIM_SIGNATURES_MAX];
};

static void say(struct one *one, enum dkim_result result, const char *why)
{
	one->shown.result = result;
	snprintf(one->shown.why, sizeof(one->shown.why), "%s", result == DKIM_PASS ? "" : why);
}

static bool covers(const struct one *one, const char *field)
{
	return dkim_spec_covers(&one->spec, field, strlen(field));
}

/* Is there a field of this name further up? */
static bool named_before(const struct gate_header *h, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (h->fields[k].name_len == h->fields[i].name_len &&
		    strncasecmp(h->fields[k].name, h->fields[i].name, h->fields[i].name_len) == 0)
			return true;
	return false;
}

static int list_covered(struct one *one, const struct gate_header *h)
{
	int rc = VG_OK;

	for (size_t i = 0; i < h->n && rc == VG_OK; i++) {
		const struct gate_field *f = &h->fields[i];

		if (!one->spec.taken[i] || named_before(h, i) || !dkim_spec_covers(&one->spec, f->name, f->name_len))
			continue;
		if (one->covered.len > 0)
			rc = buf_add(&one->covered, ":", 1);
		for (size_t k = 0; k < f->name_len && rc == VG_OK; k++) {
			char c = (char)tolower((unsigned char)f->name[k]);

			rc = buf_add(&one->covered, &c, 1);
		}
	}
	/* With a NUL behind it, for dkim_covered(). */
	return rc == VG_OK ? buf_add(&one->covered, "", 1) : rc;
}

static int read_one(struct dkim *d, struct one *one, size_t index)
{
	const char *why = "";
	enum dkim_result r =
	    dkim_spec_read(&one->spec, DKIM_KIND_SIGNATURE, d->header, index, &d->options, d->bodies, &why);
	struct dkim_signature *s = &one->shown;

	buf_init(&one->covered, SIZE_MAX / 2);
	say(one, r, why);
	one->open = r == DKIM_PASS;
	memcpy(s->domain, one->spec.domain, sizeof(s->domain));
	memcpy(s->selector, one->spec.selector, sizeof(s->selector));
	memcpy(s->algorithm, one->spec.algorithm, sizeof(s->algorithm));
	s->partial = one->spec.partial;
	if (!one->open)
		return VG_OK;
	s->result = DKIM_NONE;
	s->from_signed = covers(one, "from");
	s->subject_signed = covers(one, "subject");
	return list_covered(one, d->header);
}

struct dkim *dkim_new(const struct gate_header *h, const struct dkim_options *o, struct body_hashes *bodies)
{
	struct dkim *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->header = h;
	d->options = *o;
	d->bodies = bodies;
	for (size_t i = 0; i < h->n; i++) {
		if (!gate_field_is(&h->fields[i], "DKIM-Signature"))
			continue;
		if (d->n == DKIM_SIGNATURES_MAX) {
			d->ignored++;
			continue;
		}
		if (read_one(d, &d->one[d->n++], i) != VG_OK) {
			dkim_free(&d);
			return NULL;
		}
	}
	return d;
}

void dkim_free(struct dkim **d)
{
	if (*d == NULL)
		return;
	for (size_t i = 0; i < (*d)->n; i++)
		buf_free(&(*d)->one[i].covered);
	free(*d);
	*d = NULL;
}

/* False: the key is not there yet. */
static bool check_one(struct dkim *d, struct one *one, struct dns_set *dns)
{
	struct dkim_signature *s = &one->shown;
	struct dkim_key key;
	const char *why = "";
	bool pending;
	enum dkim_result r;

	if (!one->open)
		return true;
	r = dkim_key_find(&key, dns, s->selector, s->domain, one->spec.ed25519, d->options.rsa_min_bits, &pending, &why);
	if (pending)
		return false;
	s->bits = key.bits;
	s->testing = key.testing;
	if (r == DKIM_PASS) {
		r = dkim_spec_check(&one->spec, &key, d->bodies, &s->invalid, &why);
		dkim_key_free(&key);
	}
	say(one, r, why);
	one->open = false;
	return true;
}

bool dkim_check(struct dkim *d, struct dns_set *dns)
{
	bool all = true;

	for (size_t i = 0; i < d->n; i++)
		all = check_one(d, &d->one[i], dns) && all;
	return all;
}

size_t dkim_count(const struct dkim *d)
{
	return d->n;
}

unsigned dkim_ignored(const struct dkim *d)
{
	return d->ignored;
}

const struct dkim_signature *dkim_at(const struct dkim *d, size_t i)
{
	return i < d->n ? &d->one[i].shown : NULL;
}

bool dkim_covers(const struct dkim *d, size_t i, const char *field)
{
	return i < d->n && covers(&d->one[i], field);
}

const char *dkim_covered(const struct dkim *d, size_t i)
{
	return i < d->n && d->one[i].covered.len > 0 ? (const char *)d->one[i].covered.data : "";
}

const char *dkim_result_name(enum dkim_result r)
{
	static const char *const names[] = {"none", "pass", "fail", "policy", "neutral", "temperror", "permerror"};

	return (size_t)r < sizeof(names) / sizeof(names[0]) ? names[r] : "none";
}

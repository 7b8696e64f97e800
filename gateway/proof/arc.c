/*
 * arc.c - the Authenticated Received Chain of one mail. Structure first; then the newest message signature and every
 * seal. Called by gate_submit's proof of the sender, as dkim.c.
 */
#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arc.h"
#include "dkim_canon.h"
#include "dkim_spec.h"
#include "err.h"

/* One instance, as indexes into the header; SIZE_MAX: not there. */
struct set {
	size_t results, message, seal;
};

struct arc {
	const struct gate_header *header;
	struct dkim_options options;
	struct body_hashes *bodies;
	struct arc_chain chain;
	struct set sets[ARC_SETS_MAX];
	struct dkim_spec message; /* of the newest set */
	struct dkim_spec *seals;  /* chain.n of them */
	bool open;                /* the keys decide */
};

static const char *const NAMES[] = {"ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal"};

static void say(struct arc *a, enum arc_result result, unsigned instance, const char *why)
{
	a->chain.result = result;
	a->open = false;
	if (instance == 0)
		snprintf(a->chain.why, sizeof(a->chain.why), "%s", why);
	else
		snprintf(a->chain.why, sizeof(a->chain.why), "set %u: %s", instance, why);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* "i=N;" at the start of ARC-Authentication-Results: N, or 0. *rest: what stands behind it. */
static unsigned results_instance(const struct gate_field *f, const char **rest)
{
	const char *s = f->value, *end = f->value + f->value_len;
	unsigned n = 0, digits = 0;

	for (; s < end && is_space(*s); s++)
		;
	if (s == end || *s++ != 'i')
		return 0;
	for (; s < end && is_space(*s); s++)
		;
	if (s == end || *s++ != '=')
		return 0;
	for (; s < end && is_space(*s); s++)
		;
	for (; s < end && *s >= '0' && *s <= '9' && digits < 3; s++, digits++)
		n = n * 10 + (unsigned)(*s - '0');
	for (; s < end && is_space(*s); s++)
		;
	if (s == end || *s++ != ';')
		return 0;
	*rest = s;
	return n;
}

/* i= of a message signature or a seal, 0 where there is none. */
static unsigned tag_instance(const struct gate_field *f)
{
	struct dkim_tags tags;
	const struct dkim_tag *i;
	const char *why;
	uint64_t n;

	if (dkim_tags_read(&tags, f->value, f->value_len, &why) != VG_OK || (i = dkim_tags_find(&tags, "i")) == NULL)
		return 0;
	return i->len <= 3 && dkim_tag_number(i, 1000, &n) ? (unsigned)n : 0;
}

/* Notes one field of the chain in its set; a reason where it fits none. */
static const char *note(struct arc *a, size_t index, unsigned kind)
{
	const struct gate_field *f = &a->header->fields[index];
	const char *rest;
	unsigned n = kind == 0 ? results_instance(f, &rest) : tag_instance(f);
	size_t *place;

	if (n == 0)
		return "a field has no readable instance";
	if (n > ARC_SETS_MAX)
		return "there are more than 50 sets";
	place = kind == 0 ? &a->sets[n - 1].results : kind == 1 ? &a->sets[n - 1].message : &a->sets[n - 1].seal;
	if (*place != SIZE_MAX)
		return "a field stands twice in its set";
	*place = index;
	if (n > a->chain.n)
		a->chain.n = n;
	return NULL;
}

/* All fields of the chain into their sets; false: there is no chain, or no whole one. */
static bool collect(struct arc *a)
{
	const char *why = NULL;

	for (unsigned i = 0; i < ARC_SETS_MAX; i++)
		a->sets[i] = (struct set){SIZE_MAX, SIZE_MAX, SIZE_MAX};
	for (size_t i = 0; i < a->header->n; i++)
		for (unsigned kind = 0; kind < 3; kind++)
			if (gate_field_is(&a->header->fields[i], NAMES[kind])) {
				const char *fault = note(a, i, kind);

				why = why == NULL ? fault : why;
				a->open = true;
			}
	if (!a->open)
		return false;
	for (unsigned i = 0; i < a->chain.n && why == NULL; i++)
		if (a->sets[i].results == SIZE_MAX || a->sets[i].message == SIZE_MAX || a->sets[i].seal == SIZE_MAX)
			why = "a set is not complete";
	if (why != NULL)
		say(a, ARC_FAIL, 0, why);
	return why == NULL;
}

/* Every seal, and that each says of those before it what it must. */
static int read_seals(struct arc *a)
{
	if ((a->seals = calloc(a->chain.n, sizeof(*a->seals))) == NULL)
		return VG_ERR_MEMORY;
	for (unsigned i = a->chain.n; i-- > 0;) {
		struct dkim_spec *s = &a->seals[i];
		const char *why = "";
		enum dkim_result r =
		    dkim_spec_read(s, DKIM_KIND_ARC_SEAL, a->header, a->sets[i].seal, &a->options, a->bodies, &why);

		if (i + 1 == a->chain.n)
			snprintf(a->chain.sealer, sizeof(a->chain.sealer), "%s", s->domain);
		if (r == DKIM_PASS && strcmp(s->cv, "fail") == 0) {
			r = DKIM_FAIL;
			why = "the sealer found the chain broken";
		} else if (r == DKIM_PASS && (strcmp(s->cv, "none") == 0) != (i == 0)) {
			r = DKIM_FAIL;
			why = "cv= does not fit the place in the chain";
		}
		if (r != DKIM_PASS) {
			say(a, ARC_FAIL, i + 1, why);
			return VG_OK;
		}
	}
	return VG_OK;
}

static int read_chain(struct arc *a)
{
	const struct set *newest = &a->sets[a->chain.n - 1];
	const struct gate_field *f = &a->header->fields[newest->results];
	const char *why = "";
	int rc;

	if (results_instance(f, &a->chain.results) != 0)
		a->chain.results_len = (size_t)(f->value + f->value_len - a->chain.results);
	if ((rc = read_seals(a)) != VG_OK || !a->open)
		return rc;
	if (dkim_spec_read(&a->message, DKIM_KIND_ARC_MESSAGE, a->header, newest->message, &a->options, a->bodies, &why) !=
	    DKIM_PASS)
		say(a, ARC_FAIL, a->chain.n, why);
	return VG_OK;
}

struct arc *arc_new(const struct gate_header *h, const struct dkim_options *o, struct body_hashes *bodies)
{
	struct arc *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->header = h;
	a->options = *o;
	a->bodies = bodies;
	if (collect(a) && read_chain(a) != VG_OK)
		arc_free(&a);
	return a;
}

void arc_free(struct arc **a)
{
	if (*a == NULL)
		return;
	free((*a)->seals);
	free(*a);
	*a = NULL;
}

/* The key of a field; false: not there yet. Anything but a pass ends the chain. */
static bool find_key(
    struct arc *a, const struct dkim_spec *s, struct dkim_key *key, struct dns_set *dns, enum dkim_result *r)
{
	const char *why = "";
	bool pending;

	*r = dkim_key_find(key, dns, s->selector, s->domain, s->ed25519, a->options.rsa_min_bits, &pending, &why);
	if (!pending && *r != DKIM_PASS)
		say(a, *r == DKIM_TEMPERROR ? ARC_TEMPERROR : ARC_FAIL, s->instance, why);
	return !pending;
}

/* All keys are asked for at once. */
static bool have_keys(struct arc *a, struct dns_set *dns)
{
	bool all = true;

	for (unsigned i = 0; i <= a->chain.n; i++) {
		const struct dkim_spec *s = i < a->chain.n ? &a->seals[i] : &a->message;
		char name[2 * DNS_NAME_MAX + sizeof("._domainkey.")];

		snprintf(name, sizeof(name), "%s._domainkey.%s", s->selector, s->domain);
		all = dns_ask(dns, DNS_TXT, name)->status != DNS_PENDING && all;
	}
	return all;
}

static void check_message(struct arc *a, struct dns_set *dns)
{
	struct dkim_key key;
	enum dkim_result r;
	const char *why = "";
	bool invalid;

	if (!find_key(a, &a->message, &key, dns, &r) || r != DKIM_PASS)
		return;
	r = dkim_spec_check(&a->message, &key, a->bodies, &invalid, &why);
	dkim_key_free(&key);
	if (r != DKIM_PASS)
		say(a, r == DKIM_TEMPERROR ? ARC_TEMPERROR : ARC_FAIL, a->chain.n, why);
}

/* Does seal i fit the fields before it, whose hash goes on? */
static void check_seal(struct arc *a, unsigned i, gnutls_hash_hd_t so_far, const struct buf *own, struct dns_set *dns)
{
	unsigned char hash[BODY_HASH_LEN];
	gnutls_hash_hd_t copy;
	struct dkim_key key;
	enum dkim_result r;

	if (!find_key(a, &a->seals[i], &key, dns, &r) || r != DKIM_PASS)
		return;
	if ((copy = gnutls_hash_copy(so_far)) == NULL) {
		say(a, ARC_TEMPERROR, i + 1, "no memory for the hashes");
	} else {
		bool ok = gnutls_hash(copy, own->data, own->len - 2) >= 0;

		gnutls_hash_deinit(copy, hash);
		if (!ok || !dkim_key_verify(&key, hash, a->seals[i].signature, a->seals[i].signature_len))
			say(a, ARC_FAIL, i + 1, "the sealed fields were changed, or the seal is of another key");
	}
	dkim_key_free(&key);
}

/* The fields of set i in the order of RFC 8617 5.1.1, its seal last: checked without its own signature, then hashed
 * with it for the seals that follow. */
static int seal_set(struct arc *a, unsigned i, gnutls_hash_hd_t hash, struct buf *b, struct dns_set *dns)
{
	const struct gate_field *fields = a->header->fields;
	const struct dkim_spec *s = &a->seals[i];
	int rc;

	buf_reset(b);
	if ((rc = dkim_canon_field(b, &fields[a->sets[i].results], true, NULL, 0)) != VG_OK ||
	    (rc = dkim_canon_field(b, &fields[a->sets[i].message], true, NULL, 0)) != VG_OK)
		return rc;
	if (gnutls_hash(hash, b->data, b->len) < 0)
		return VG_ERR_CRYPTO;
	buf_reset(b);
	if ((rc = dkim_canon_field(b, s->field, true, s->b, s->b_len)) != VG_OK)
		return rc;
	check_seal(a, i, hash, b, dns);
	buf_reset(b);
	if ((rc = dkim_canon_field(b, s->field, true, NULL, 0)) != VG_OK)
		return rc;
	return gnutls_hash(hash, b->data, b->len) < 0 ? VG_ERR_CRYPTO : VG_OK;
}

static void check_seals(struct arc *a, struct dns_set *dns)
{
	gnutls_hash_hd_t hash;
	struct buf b;
	int rc = VG_OK;

	if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) < 0) {
		say(a, ARC_TEMPERROR, 0, "no memory for the hashes");
		return;
	}
	buf_init(&b, SIZE_MAX / 2);
	for (unsigned i = 0; i < a->chain.n && a->open && rc == VG_OK; i++)
		rc = seal_set(a, i, hash, &b, dns);
	if (rc != VG_OK && a->open)
		say(a, ARC_TEMPERROR, 0, "no memory for the hashes");
	buf_free(&b);
	gnutls_hash_deinit(hash, NULL);
}

bool arc_check(struct arc *a, struct dns_set *dns)
{
	if (!a->open)
		return true;
	if (!have_keys(a, dns))
		return false;
	check_message(a, dns);
	if (a->open)
		check_seals(a, dns);
	if (a->open)
		say(a, ARC_PASS, 0, "");
	return true;
}

const struct arc_chain *arc_chain(const struct arc *a)
{
	return &a->chain;
}

const char *arc_result_name(enum arc_result r)
{
	static const char *const names[] = {"none", "pass", "fail", "temperror"};

	return (size_t)r < sizeof(names) / sizeof(names[0]) ? names[r] : "none";
}

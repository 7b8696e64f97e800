/*
 * spf.c - check_host() of RFC 7208. Runs in the gate, over records that anybody publishes: no recursion (includes are
 * frames on a stack that the limit of look-ups bounds), and whatever is refused is refused before it costs questions.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "addr.h"
#include "ip.h"
#include "spf.h"
#include "spf_macro.h"
#include "spf_term.h"

#define LOOKUPS_MAX 10u
#define VOIDS_MAX 2u
#define NAMES_MAX 10u              /* of one mx, of a client's PTR */
#define FRAMES_MAX (LOOKUPS_MAX + 1) /* every include is a look-up */
#define RECORD_MAX 8192u           /* octets; each of them may be a macro, and each evaluation starts over */
#define LOCAL_MAX 320u

enum step { NO, YES, WAIT, STOP /* result is set */ };

struct frame {
	char domain[DNS_NAME_MAX + 1];
	const char *at, *end; /* of the record; NULL: not asked for yet */
	struct spf_term redirect;
	enum spf_result qualifier; /* of the include that waits for this frame */
	bool redirected;
};

struct run {
	const struct spf_input *in;
	struct dns_set *dns;
	struct spf *out;
	unsigned char ip[16];
	bool four;
	struct frame frames[FRAMES_MAX];
	unsigned n; /* frames in use */
	char sender[LOCAL_MAX + DNS_NAME_MAX + 2], local[LOCAL_MAX + 1];
	const char *origin;
	char dotted[64]; /* %{i} */
	char reversed[80]; /* the name with the client's PTR */
};

/* ---- words ---- */

static void note(char out[SPF_WHY_MAX], const char *s, size_t len)
{
	size_t n = strlen(out);

	for (size_t i = 0; i < len && n + 1 < SPF_WHY_MAX; i++)
		out[n++] = s[i] >= 0x20 && s[i] <= 0x7e ? s[i] : '?';
	out[n] = '\0';
}

static enum step stop(struct run *r, enum spf_result result, const char *why, const char *what, size_t len)
{
	r->out->result = result;
	r->out->why[0] = '\0';
	note(r->out->why, why, strlen(why));
	if (len > 0)
		note(r->out->why, ": ", 2);
	note(r->out->why, what, len);
	return STOP;
}

static enum step stop_name(struct run *r, enum spf_result result, const char *why, const char *name)
{
	return stop(r, result, why, name, strlen(name));
}

const char *spf_result_name(enum spf_result r)
{
	static const char *const names[] = {"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"};

	return names[r];
}

/* ---- the client, and what is known of the mail ---- */

static bool prefix_equal(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	if (memcmp(a, b, bytes) != 0)
		return false;
	return rest == 0 || ((a[bytes] ^ b[bytes]) >> (8 - rest)) == 0;
}

static void put_ip(struct run *r)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *p = r->ip;
	size_t n = 0;

	if (r->four) {
		snprintf(r->dotted, sizeof(r->dotted), "%u.%u.%u.%u", p[12], p[13], p[14], p[15]);
		snprintf(r->reversed, sizeof(r->reversed), "%u.%u.%u.%u.in-addr.arpa", p[15], p[14], p[13], p[12]);
		return;
	}
	for (unsigned i = 0; i < 32; i++) {
		r->dotted[n++] = hex[i % 2 == 0 ? p[i / 2] >> 4 : p[i / 2] & 15];
		r->dotted[n++] = i < 31 ? '.' : '\0';
	}
	for (n = 0; n < 63; n++)
		r->reversed[n] = r->dotted[62 - n];
	memcpy(r->reversed + 63, ".ip6.arpa", sizeof(".ip6.arpa"));
}

static bool read_client(struct run *r)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	unsigned bits;

	if (!ip_mapped(r->in->ip, r->ip, &bits))
		return false;
	/* RFC 7208 5: an IPv4-mapped client is an IPv4 client. */
	r->four = memcmp(r->ip, mapped, sizeof(mapped)) == 0;
	put_ip(r);
	return true;
}

/* Without a local part, postmaster stands in (RFC 7208 4.3). Cut where no mail could be sent from. */
static void read_sender(struct run *r)
{
	const char *at = strrchr(r->in->sender, '@'), *origin = r->in->sender;
	size_t len = at != NULL ? (size_t)(at - r->in->sender) : 0;

	if (at != NULL)
		origin = at + 1;
	if (*origin == '\0')
		origin = r->in->domain;
	if (len > LOCAL_MAX)
		len = LOCAL_MAX;
	snprintf(r->local, sizeof(r->local), "%.*s", len > 0 ? (int)len : 10, len > 0 ? r->in->sender : "postmaster");
	snprintf(r->sender, sizeof(r->sender), "%s@%.*s", r->local, (int)DNS_NAME_MAX, origin);
	r->origin = r->sender + strlen(r->local) + 1;
}

/* ---- names ---- */

static enum step count_lookup(struct run *r, const struct spf_term *t)
{
	if (r->out->lookups == LOOKUPS_MAX)
		return stop(r, SPF_PERMERROR, "more than 10 terms that look up", t->text, t->len);
	r->out->lookups++;
	return NO;
}

static enum dns_type address_type(const struct run *r)
{
	return r->four ? DNS_A : DNS_AAAA;
}

/* Is the client one of the addresses, within the prefix? */
static bool has_client(const struct run *r, const struct dns_answer *a, unsigned bits)
{
	for (size_t i = 0; a->status == DNS_FOUND && i < a->n; i++) {
		const struct dns_record *d = &a->records[i];

		if (d->len == (r->four ? 4u : 16u) && prefix_equal(d->data, r->ip + (r->four ? 12 : 0), bits))
			return true;
	}
	return false;
}

/* The names of the client's PTR that lead back to it, as bits of *valid. WAIT, or NO. */
static enum step validate(struct run *r, const struct dns_answer **ptr, unsigned *valid)
{
	size_t n;
	bool wait = false;

	*valid = 0;
	*ptr = dns_ask(r->dns, DNS_PTR, r->reversed);
	if ((*ptr)->status == DNS_PENDING)
		return WAIT;
	n = (*ptr)->status == DNS_FOUND ? (*ptr)->n : 0;
	for (size_t i = 0; i < n && i < NAMES_MAX; i++) {
		const struct dns_answer *a = dns_ask(r->dns, address_type(r), (const char *)(*ptr)->records[i].data);

		wait = wait || a->status == DNS_PENDING;
		if (has_client(r, a, r->four ? 32 : 128))
			*valid |= 1u << i;
	}
	return wait ? WAIT : NO;
}

/* %{p}: the domain itself before names below it before others (RFC 7208 7.3). */
static enum step validated_name(struct run *r, const char *domain, const char **out)
{
	const struct dns_answer *ptr;
	unsigned valid, best = 0;

	*out = "unknown";
	if (validate(r, &ptr, &valid) == WAIT)
		return WAIT;
	for (unsigned i = 0; i < NAMES_MAX; i++) {
		const char *name;
		unsigned rank;

		if (!(valid & (1u << i)))
			continue;
		name = (const char *)ptr->records[i].data;
		rank = strcmp(name, domain) == 0 ? 3 : addr_domain_within(name, domain) ? 2 : 1;
		if (rank > best) {
			best = rank;
			*out = name;
		}
	}
	return NO;
}

static void lower(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

/* The name a term is about: its domain-spec, else the domain that is checked. WAIT, or NO. */
static enum step target(struct run *r, const struct spf_term *t, char out[DNS_NAME_MAX + 1])
{
	const char *domain = r->frames[r->n - 1].domain;
	struct spf_macros m = {.sender = r->sender, .local = r->local, .origin = r->origin, .domain = domain,
			       .ip = r->dotted, .family = r->four ? "in-addr" : "ip6", .helo = r->in->helo};

	if (t->spec_len == 0) {
		memcpy(out, domain, DNS_NAME_MAX + 1);
		return NO;
	}
	if (spf_macro_uses_p(t->spec, t->spec_len) && validated_name(r, domain, &m.validated) == WAIT)
		return WAIT;
	spf_macro_expand(out, t->spec, t->spec_len, &m);
	lower(out);
	return NO;
}

/* Asks; a name that cannot be asked has nothing, and no look-up was in vain. */
static enum step ask(struct run *r, enum dns_type type, const char *name, const struct dns_answer **a)
{
	*a = dns_ask(r->dns, type, name);
	if ((*a)->status == DNS_PENDING)
		return WAIT;
	if ((*a)->status == DNS_FAILED)
		return stop_name(r, SPF_TEMPERROR, "no answer from the DNS", name);
	if ((*a)->status == DNS_FOUND || dns_name_labels(name) == 0)
		return NO;
	if (++r->out->voids > VOIDS_MAX)
		return stop_name(r, SPF_PERMERROR, "more than 2 look-ups without an answer", name);
	return NO;
}

/* ---- mechanisms ---- */

static enum step match_a(struct run *r, const struct spf_term *t, const char *name)
{
	const struct dns_answer *a;
	enum step s = ask(r, address_type(r), name, &a);

	if (s != NO)
		return s;
	return has_client(r, a, r->four ? t->bits4 : t->bits6) ? YES : NO;
}

static enum step match_mx(struct run *r, const struct spf_term *t, const char *name)
{
	const struct dns_answer *mx;
	enum step s = ask(r, DNS_MX, name, &mx);
	bool wait = false;

	if (s != NO || mx->status != DNS_FOUND)
		return s;
	if (mx->n > NAMES_MAX)
		return stop_name(r, SPF_PERMERROR, "more than 10 MX", name);
	/* All at once: one round of questions rather than ten. */
	for (size_t i = 0; i < mx->n; i++)
		if (dns_ask(r->dns, address_type(r), (const char *)mx->records[i].data)->status == DNS_PENDING)
			wait = true;
	if (wait)
		return WAIT;
	for (size_t i = 0; i < mx->n; i++)
		if ((s = match_a(r, t, (const char *)mx->records[i].data)) != NO)
			return s;
	return NO;
}

/* Names of the client's PTR belong to the client: a failure there is no match, and none counts as void, or the client
 * could turn its fail into an error. */
static enum step match_ptr(struct run *r, const char *name)
{
	const struct dns_answer *ptr;
	unsigned valid;

	if (validate(r, &ptr, &valid) == WAIT)
		return WAIT;
	for (unsigned i = 0; i < NAMES_MAX; i++)
		if ((valid & (1u << i)) && addr_domain_within((const char *)ptr->records[i].data, name))
			return YES;
	return NO;
}

static enum step match_exists(struct run *r, const char *name)
{
	const struct dns_answer *a;
	/* A even for an IPv6 client (RFC 7208 5.7). */
	enum step s = ask(r, DNS_A, name, &a);

	return s != NO ? s : a->status == DNS_FOUND ? YES : NO;
}

/* The name that a term which counts as a look-up asks for; NO: go on with it. */
static enum step counted_target(struct run *r, const struct spf_term *t, char name[DNS_NAME_MAX + 1])
{
	enum step s = count_lookup(r, t);

	return s == NO ? target(r, t, name) : s;
}

static enum step match_named(struct run *r, const struct spf_term *t)
{
	char name[DNS_NAME_MAX + 1];
	enum step s = counted_target(r, t, name);

	if (s != NO)
		return s;
	switch (t->kind) {
	case SPF_A:
		return match_a(r, t, name);
	case SPF_MX:
		return match_mx(r, t, name);
	case SPF_PTR:
		return match_ptr(r, name);
	default:
		return match_exists(r, name);
	}
}

static enum step match(struct run *r, const struct spf_term *t)
{
	switch (t->kind) {
	case SPF_ALL:
		return YES;
	case SPF_IP4:
		return r->four && prefix_equal(r->ip + 12, t->ip + 12, t->bits4) ? YES : NO;
	case SPF_IP6:
		return !r->four && prefix_equal(r->ip, t->ip, t->bits6) ? YES : NO;
	default:
		return match_named(r, t);
	}
}

/* ---- records ---- */

static bool is_record(const struct dns_record *d)
{
	return d->len >= 6 && strncasecmp((const char *)d->data, "v=spf1", 6) == 0 &&
	       (d->len == 6 || d->data[6] == ' ');
}

/* The whole of a record is read before any of it counts (RFC 7208 4.6). */
static enum step check_syntax(struct run *r, struct frame *f)
{
	const char *at = f->at;
	enum spf_read got;
	struct spf_term t;
	bool exp = false;

	if (f->end - f->at > (ptrdiff_t)RECORD_MAX)
		return stop_name(r, SPF_PERMERROR, "record too long", f->domain);
	f->redirect.spec_len = 0;
	while ((got = spf_term_next(&t, &at, f->end)) == SPF_READ_TERM) {
		if ((t.kind == SPF_REDIRECT && f->redirect.spec_len > 0) || (t.kind == SPF_EXP && exp))
			return stop(r, SPF_PERMERROR, "modifier given twice", t.text, t.len);
		if (t.kind == SPF_REDIRECT)
			f->redirect = t;
		exp = exp || t.kind == SPF_EXP;
	}
	return got == SPF_READ_BAD ? stop(r, SPF_PERMERROR, "cannot be read", t.text, t.len) : NO;
}

/* check_host() gives none: an error where a record sent us here. */
static enum step no_record(struct run *r, const struct frame *f, const char *why)
{
	bool first = r->n == 1 && !f->redirected;

	return stop_name(r, first ? SPF_NONE : SPF_PERMERROR, why, f->domain);
}

static enum step load(struct run *r, struct frame *f)
{
	const struct dns_record *found = NULL;
	const struct dns_answer *a;

	if (dns_name_labels(f->domain) < 2)
		return no_record(r, f, "not a domain");
	a = dns_ask(r->dns, DNS_TXT, f->domain);
	if (a->status == DNS_PENDING)
		return WAIT;
	if (a->status == DNS_FAILED)
		return stop_name(r, SPF_TEMPERROR, "no answer from the DNS", f->domain);
	for (size_t i = 0; a->status == DNS_FOUND && i < a->n; i++) {
		if (!is_record(&a->records[i]))
			continue;
		if (found != NULL)
			return stop_name(r, SPF_PERMERROR, "more than one record", f->domain);
		found = &a->records[i];
	}
	if (found == NULL)
		return no_record(r, f, "no record");
	f->at = (const char *)found->data + 6;
	f->end = (const char *)found->data + found->len;
	return check_syntax(r, f);
}

/* ---- frames ---- */

static void set_domain(struct frame *f, const char *domain)
{
	snprintf(f->domain, sizeof(f->domain), "%s", domain);
	lower(f->domain);
	f->at = f->end = NULL;
}

static enum step include(struct run *r, const struct spf_term *t)
{
	char name[DNS_NAME_MAX + 1];
	enum step s = counted_target(r, t, name);

	if (s != NO)
		return s;
	r->frames[r->n] = (struct frame){.qualifier = t->qualifier};
	set_domain(&r->frames[r->n++], name);
	return NO;
}

/* A frame's check_host() is at its end. Of an include only pass matches; the frame below goes on then or not. */
static enum step leave(struct run *r, enum spf_result result)
{
	while (r->n > 1 && result == SPF_PASS)
		result = r->frames[--r->n].qualifier;
	if (r->n > 1) {
		r->n--;
		return NO;
	}
	r->out->result = result;
	return STOP;
}

/* The mechanism is the one of the record that was asked for, not of what it includes. */
static void note_mechanism(struct run *r, const char *s, size_t len)
{
	if (r->n > 1)
		return;
	r->out->mechanism[0] = '\0';
	note(r->out->mechanism, s, len);
}

/* No mechanism matched. */
static enum step at_end(struct run *r, struct frame *f)
{
	char name[DNS_NAME_MAX + 1];
	enum step s;

	if (f->redirect.spec_len == 0) {
		note_mechanism(r, "default", 7);
		return leave(r, SPF_NEUTRAL);
	}
	s = count_lookup(r, &f->redirect);
	if (s == NO)
		s = target(r, &f->redirect, name);
	if (s != NO)
		return s;
	set_domain(f, name);
	f->redirected = true;
	return NO;
}

static enum step one_term(struct run *r)
{
	struct frame *f = &r->frames[r->n - 1];
	struct spf_term t;
	enum step s;

	if (f->at == NULL)
		return load(r, f);
	if (spf_term_next(&t, &f->at, f->end) != SPF_READ_TERM)
		return at_end(r, f);
	if (t.kind >= SPF_REDIRECT)
		return NO;
	note_mechanism(r, t.text, t.len);
	if (t.kind == SPF_INCLUDE)
		return include(r, &t);
	s = match(r, &t);
	return s == YES ? leave(r, t.qualifier) : s;
}

bool spf_check(struct spf *out, const struct spf_input *in, struct dns_set *dns)
{
	struct run r = {.in = in, .dns = dns, .out = out};
	enum step s = NO;

	*out = (struct spf){.result = SPF_NONE};
	if (!read_client(&r)) {
		note(out->why, "not an address", 14);
		return true;
	}
	if (dns_name_labels(in->domain) < 2) {
		note(out->why, "not a domain", 12);
		return true;
	}
	read_sender(&r);
	r.n = 1;
	set_domain(&r.frames[0], in->domain);
	if (in->domain[strlen(in->domain) - 1] == '.')
		r.frames[0].domain[strlen(in->domain) - 1] = '\0';
	while (s == NO)
		s = one_term(&r);
	return s == STOP;
}

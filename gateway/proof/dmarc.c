/*
 * dmarc.c - policy discovery and alignment by the DNS tree walk (RFC 9989 4.10). Runs in the gate, over names that
 * senders choose. Beyond the RFC in one point, to the strict side: a public suffix that publishes a record without
 * psd= is taken for psd=y, since anybody can have a name below it, and they must not be aligned with each other.
 */
#include <libpsl.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "dmarc.h"

#define WALK_MAX 8u

/* One walk from a name towards the root. */
struct walk {
	const char *domain;
	const char *names[WALK_MAX]; /* domain and those above it that are asked, longest first; inside domain */
	struct dmarc_record records[WALK_MAX];
	bool has[WALK_MAX];          /* a valid record stands there */
	size_t n;
	size_t last;                 /* where a psd= or a public suffix ended the walk, else n - 1 */
	bool failed;                 /* DNS could not tell for one of them */
	bool unusable;               /* domain's own record cannot be used (RFC 9989 4.10.1) */
	bool several;                /* domain has several records, which count as none */
};

/* The last n labels of name, which has at least as many. */
static const char *last_labels(const char *name, size_t n)
{
	for (size_t i = dns_name_labels(name); i > n; i--)
		name = strchr(name, '.') + 1;
	return name;
}

/* Eight queries at most: from a name of more than eight labels the walk goes on at seven. */
static void plan(struct walk *w, const char *domain)
{
	size_t x = dns_name_labels(domain);

	*w = (struct walk){.domain = domain};
	w->names[w->n++] = domain;
	for (size_t i = x > WALK_MAX ? WALK_MAX - 1 : x - 1; i > 0; i--)
		w->names[w->n++] = last_labels(domain, i);
	w->last = w->n - 1;
}

static const struct dns_answer *ask(struct dns_set *dns, const char *domain)
{
	char name[sizeof("_dmarc.") + DNS_NAME_MAX];

	snprintf(name, sizeof(name), "_dmarc.%s", domain);
	return dns_ask(dns, DNS_TXT, name);
}

/* The one record at a name. */
static void read_records(struct walk *w, size_t i, const struct dns_answer *a)
{
	struct dmarc_record one;
	size_t found = 0;

	for (size_t k = 0; k < a->n; k++)
		if (dmarc_parse(&one, (const char *)a->records[k].data, a->records[k].len) && found++ == 0)
			w->records[i] = one;
	w->has[i] = found == 1 && w->records[i].valid;
	if (i == 0) {
		w->several = found > 1;
		w->unusable = found == 1 && !w->has[i];
	}
}

/* Is names[i], which has a record, a public suffix? */
static bool is_suffix(const struct walk *w, size_t i)
{
	return w->records[i].psd == 'y' || (w->records[i].psd != 'n' && psl_is_public_suffix(psl_builtin(), w->names[i]));
}

/* False while an answer is missing that matters. All are asked for at once. */
static bool walk(struct walk *w, const char *domain, struct dns_set *dns)
{
	const struct dns_answer *answers[WALK_MAX];

	plan(w, domain);
	for (size_t i = 0; i < w->n; i++)
		answers[i] = ask(dns, w->names[i]);
	for (size_t i = 0; i < w->n; i++) {
		if (answers[i]->status == DNS_PENDING)
			return false;
		if (answers[i]->status == DNS_FAILED)
			w->failed = true;
		if (answers[i]->status != DNS_FOUND)
			continue;
		read_records(w, i, answers[i]);
		if (w->has[i] && (w->records[i].psd != 'u' || (i > 0 && is_suffix(w, i)))) {
			w->last = i;
			break;
		}
	}
	return true;
}

/* The organisational domain (RFC 9989 4.10.2), inside w->domain. *suffix: index of the public suffix's record,
 * or w->n. */
static const char *organisation(const struct walk *w, size_t *suffix)
{
	const char *org = w->domain;

	*suffix = w->n;
	for (size_t i = 0; i <= w->last; i++) {
		if (!w->has[i])
			continue;
		if (i > 0 && is_suffix(w, i)) {
			*suffix = i;
			return last_labels(w->domain, dns_name_labels(w->names[i]) + 1);
		}
		org = w->names[i];
	}
	return org;
}

static void set_why(struct dmarc *out, const char *why)
{
	snprintf(out->why, sizeof(out->why), "%s", why);
}

static enum dmarc_policy step_down(const struct dmarc_record *r, enum dmarc_policy p)
{
	return r->testing && p > DMARC_POLICY_NONE ? p - 1 : p;
}

/* Which record applies: the author's own, its organisation's, its public suffix's. w->n: none. */
static size_t applicable(const struct walk *w, const char *org, size_t suffix)
{
	if (w->has[0] || w->unusable)
		return w->has[0] ? 0 : w->n;
	for (size_t i = 1; i <= w->last; i++)
		if (w->has[i] && w->names[i] == org)
			return i;
	return suffix;
}

/* False while it is not known whether the author's domain exists. */
static bool apply(struct dmarc *out, const struct walk *w, size_t i, struct dns_set *dns)
{
	const struct dmarc_record *r = &w->records[i];
	enum dmarc_policy p = i == 0 ? r->p : r->sp;

	if (i > 0 && r->np != r->sp) {
		/* NXDOMAIN holds for every type, and for all names below (RFC 8020). */
		const struct dns_answer *a = dns_ask(dns, DNS_A, w->domain);

		if (a->status == DNS_PENDING)
			return false;
		if (a->status == DNS_FAILED) {
			out->temperror = true;
			set_why(out, "DNS cannot tell whether the author's domain exists");
		}
		if (a->status == DNS_NXDOMAIN)
			p = r->np;
	}
	out->found = true;
	out->record = *r;
	out->published = p;
	out->policy = step_down(r, p);
	snprintf(out->record_domain, sizeof(out->record_domain), "%s", w->names[i]);
	return true;
}

bool dmarc_discover(struct dmarc *out, const char *author_domain, struct dns_set *dns)
{
	struct walk w;
	const char *org;
	size_t suffix, i;

	*out = (struct dmarc){.record.psd = 'u'};
	if (dns_name_labels(author_domain) == 0)
		return true;
	if (!walk(&w, author_domain, dns))
		return false;
	org = organisation(&w, &suffix);
	i = applicable(&w, org, suffix);
	out->temperror = w.failed;
	if (w.failed)
		set_why(out, "DNS cannot answer for the author's domain or one above it");
	else if (w.unusable)
		set_why(out, "the record's policy cannot be read");
	else if (w.several)
		set_why(out, "several records stand at the author's domain");
	if (!w.failed)
		snprintf(out->org_domain, sizeof(out->org_domain), "%s", org);
	/* Above a failure nothing is sure; the author's own record is. */
	if (i < w.n && (!w.failed || i == 0))
		return apply(out, &w, i, dns);
	return true;
}

enum dmarc_alignment dmarc_align(const struct dmarc *d, const char *author_domain, const char *identifier,
    enum dmarc_mode mode, struct dns_set *dns)
{
	struct walk w;
	size_t suffix;

	if (dns_name_labels(identifier) == 0)
		return DMARC_NOT_ALIGNED;
	if (strcmp(author_domain, identifier) == 0)
		return DMARC_ALIGNED;
	if (mode == DMARC_STRICT)
		return DMARC_NOT_ALIGNED;
	if (d->org_domain[0] == '\0')
		return DMARC_UNKNOWN;
	/* A name's organisational domain is the name or one above it. */
	if (!addr_domain_within(identifier, d->org_domain))
		return DMARC_NOT_ALIGNED;
	if (!walk(&w, identifier, dns))
		return DMARC_PENDING;
	if (w.failed)
		return DMARC_UNKNOWN;
	return strcmp(organisation(&w, &suffix), d->org_domain) == 0 ? DMARC_ALIGNED : DMARC_NOT_ALIGNED;
}

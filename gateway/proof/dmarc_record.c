/*
 * dmarc_record.c - the text of a DMARC record (RFC 9989 4.7, 4.8). Runs in the gate; the text is hostile. Only `v=`
 * decides whether it is a record at all; faults behind it cost a tag, not the record.
 */
#include <string.h>
#include <strings.h>

#include "dmarc.h"

struct span {
	const char *s;
	size_t len;
};

static bool is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

static struct span trimmed(const char *s, size_t len)
{
	while (len > 0 && is_wsp(*s)) {
		s++;
		len--;
	}
	while (len > 0 && is_wsp(s[len - 1]))
		len--;
	return (struct span){s, len};
}

static bool same(const struct span *a, const char *word)
{
	return a->len == strlen(word) && strncasecmp(a->s, word, a->len) == 0;
}

/* Takes the next "name = value" off text. False at its end. A piece without '=' has an empty name. */
static bool next_tag(struct span *text, struct span *name, struct span *value)
{
	const char *end, *eq;
	size_t len;

	if (text->len == 0)
		return false;
	end = memchr(text->s, ';', text->len);
	len = end != NULL ? (size_t)(end - text->s) : text->len;
	eq = memchr(text->s, '=', len);
	*name = trimmed(text->s, eq != NULL ? (size_t)(eq - text->s) : 0);
	*value = eq != NULL ? trimmed(eq + 1, len - (size_t)(eq - text->s) - 1) : (struct span){text->s, 0};
	len += end != NULL;
	text->s += len;
	text->len -= len;
	return true;
}

static bool read_policy(enum dmarc_policy *out, const struct span *value)
{
	for (enum dmarc_policy p = DMARC_POLICY_NONE; p <= DMARC_POLICY_REJECT; p++) {
		if (same(value, dmarc_policy_name(p))) {
			*out = p;
			return true;
		}
	}
	return false;
}

/* Is one of the URIs between commas an URI at all: a scheme, ':', something? */
static bool has_uri(struct span v)
{
	while (v.len > 0) {
		const char *comma = memchr(v.s, ',', v.len);
		size_t len = comma != NULL ? (size_t)(comma - v.s) : v.len, i = 0;
		struct span one = trimmed(v.s, len);

		while (i < one.len && ((one.s[i] | 0x20) >= 'a' && (one.s[i] | 0x20) <= 'z'))
			i++;
		if (i > 0 && i + 1 < one.len && one.s[i] == ':')
			return true;
		len += comma != NULL;
		v.s += len;
		v.len -= len;
	}
	return false;
}

enum { SEEN_P = 1, SEEN_SP = 2, SEEN_NP = 4 };

struct reading {
	struct dmarc_record *out;
	unsigned seen;
	bool unreadable; /* p, sp or np */
};

/* The first of several equal tags counts. */
static void take_policy(struct reading *r, unsigned which, enum dmarc_policy *to, const struct span *value)
{
	if (r->seen & which)
		return;
	r->seen |= which;
	if (!read_policy(to, value))
		r->unreadable = true;
}

static void take(struct reading *r, const struct span *name, const struct span *value)
{
	struct dmarc_record *d = r->out;

	if (same(name, "p"))
		take_policy(r, SEEN_P, &d->p, value);
	else if (same(name, "sp"))
		take_policy(r, SEEN_SP, &d->sp, value);
	else if (same(name, "np"))
		take_policy(r, SEEN_NP, &d->np, value);
	else if (same(name, "adkim"))
		d->adkim_strict = same(value, "s");
	else if (same(name, "aspf"))
		d->aspf_strict = same(value, "s");
	else if (same(name, "t"))
		d->testing = same(value, "y");
	else if (same(name, "psd"))
		d->psd = same(value, "y") ? 'y' : same(value, "n") ? 'n' : 'u';
	else if (same(name, "rua"))
		d->rua = d->rua || has_uri(*value);
}

static void fall_back(struct reading *r)
{
	struct dmarc_record *d = r->out;

	d->has_p = (r->seen & SEEN_P) != 0;
	d->valid = !r->unreadable || d->rua;
	if (r->unreadable) {
		d->p = d->sp = d->np = DMARC_POLICY_NONE;
		return;
	}
	if (!(r->seen & SEEN_SP))
		d->sp = d->p;
	if (!(r->seen & SEEN_NP))
		d->np = d->sp;
}

bool dmarc_parse(struct dmarc_record *out, const char *text, size_t len)
{
	struct reading r = {.out = out};
	struct span rest = {text, len}, name, value;

	*out = (struct dmarc_record){.psd = 'u'};
	/* The version stands at the very start, in this letter case. */
	if (len > DMARC_RECORD_MAX || len == 0 || is_wsp(*text) || !next_tag(&rest, &name, &value) || !same(&name, "v") ||
	    value.len != 6 || memcmp(value.s, "DMARC1", 6) != 0)
		return false;
	while (next_tag(&rest, &name, &value))
		take(&r, &name, &value);
	fall_back(&r);
	return true;
}

const char *dmarc_policy_name(enum dmarc_policy p)
{
	static const char *const names[] = {"none", "quarantine", "reject"};

	return names[p];
}

/*
 * quotes_signature.c - signatures at the end of what is new: below "-- ", lines of mobile mail programs, a closing phrase with
 * name and address, legal disclaimers, elements that HTML names. Better to keep a signature than to cut content: whatever looks
 * like a log, code or a sentence stays. Runs in the parser worker; linear, as each end is looked at a bounded number of times.
 */
#include <string.h>

#include "ascii.h"
#include "quotes_contact.h"
#include "quotes_private.h"
#include "word_list.h"

#define SIGNATURE_LINES 30  /* longest signature below "-- " */
#define LOOSE_LINES 12      /* below a "--" that lost its blank */
#define CLOSING_LINES 14    /* below a closing phrase */
#define CONTACT_LINES 10    /* of a block without a closing phrase */
#define DISCLAIMER_LINES 60
#define FOOTER_LINES 8
#define PGP_LINES 60
#define PEELS 6             /* disclaimers, mobile lines one upon the other */

static void sign(struct split *sp, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		sp->lines[i].part = SIGNATURE;
}

/* First line of the paragraph that ends before `to`. */
static size_t paragraph(const struct split *sp, size_t from, size_t to, size_t most)
{
	size_t i = to;

	while (i > from && to - i < most) {
		i--;
		if (sp->lines[i].gap)
			break;
	}
	return i;
}

static bool any_technical(const struct split *sp, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (line_technical(&sp->lines[i]) && !line_is_contact(&sp->lines[i]) && !line_is_image(&sp->lines[i]))
			return true;
	return false;
}

/* ---- from the end upwards ---- */

/* Disclaimers and the like: the new end. */
static size_t peel_disclaimer(const struct split *sp, size_t from, size_t to)
{
	size_t below = to, p;

	while (below > from && line_is_drawn(&sp->lines[below - 1]))
		below--;
	p = paragraph(sp, from, below, DISCLAIMER_LINES);
	if (p < below && p > 0 && text_is_disclaimer(sp->lines + p, below - p)) {
		while (p > from + 1 && (line_heads_disclaimer(&sp->lines[p - 1]) || line_is_drawn(&sp->lines[p - 1])))
			p--;
		return p;
	}
	/* A paragraph may follow the name without an empty line. */
	for (size_t i = to; i > from + 1 && i > p && to - i < 8; i--)
		if (line_opens_disclaimer(&sp->lines[i - 1]) && text_is_disclaimer(sp->lines + i - 1, to - i + 1))
			return i - 1;
	return to;
}

static size_t peel_mobile(const struct split *sp, size_t from, size_t to)
{
	for (size_t i = to; i > from && to - i < 3; i--)
		if (line_sent_from(&sp->lines[i - 1]) && !any_technical(sp, i, to))
			return i - 1;
	return to;
}

/* Longer than the separator: what stands below must show that it is a signature. */
static bool is_long_rule(const struct line *l)
{
	return line_is_drawn(l) && ((l->flen > 0 && (l->f[0] == '-' || l->f[0] == '_')) || (l->len >= 8 && l->s[0] != '#'));
}

static bool is_dashes(const struct line *l)
{
	/* One dash is a longer one in the original. */
	return (l->flen == 2 && l->f[0] == '-' && l->f[1] == '-') || (l->flen == 1 && l->f[0] == '-' && l->len > 1) ||
		   is_long_rule(l);
}

/* The line goes on with what a log or a command above it says. */
static bool in_command(const struct split *sp, size_t from, size_t i)
{
	return i > from && !sp->lines[i].gap && line_technical(&sp->lines[i - 1]);
}

/* What a mailing list puts below a rule. */
static size_t peel_footer(const struct split *sp, size_t from, size_t to)
{
	bool list = false;

	for (size_t i = to; i > from && to - i < FOOTER_LINES; i--) {
		if (line_rule(&sp->lines[i - 1])) /* programs for lists draw with underscores */
			return list && sp->lines[i - 1].f[0] == '_' ? i - 1 : to;
		list |= line_of_list(&sp->lines[i - 1]);
	}
	return to;
}

static bool has_list(const struct split *sp, size_t from, size_t to)
{
	for (size_t i = from; i < to && i < from + FOOTER_LINES; i++)
		if (line_of_list(&sp->lines[i]))
			return to - from <= FOOTER_LINES;
	return false;
}

/* An OpenPGP signature in the text. */
static size_t peel_pgp(const struct split *sp, size_t from, size_t to)
{
	static const char begin[] = "-----begin pgp signature-----", end[] = "-----end pgp signature-----";

	if (!ascii_is(sp->lines[to - 1].s, sp->lines[to - 1].len, end))
		return to;
	for (size_t i = to - 1; i > from && to - i < PGP_LINES; i--)
		if (ascii_is(sp->lines[i - 1].s, sp->lines[i - 1].len, begin))
			return i - 1;
	return to;
}

/* Below "-- ", "--", an em dash, a drawn line; another of these may close it. */
static size_t below_dashes(const struct split *sp, size_t from, size_t to)
{
	size_t end = to;

	while (end > from && is_long_rule(&sp->lines[end - 1]) && sp->lines[end - 1].len >= 8)
		end--;
	for (size_t i = end; i > from && to - i <= SIGNATURE_LINES; i--) {
		const struct line *l = &sp->lines[i - 1];
		size_t most = l->dash_sig ? SIGNATURE_LINES : LOOSE_LINES;

		if (!is_dashes(l))
			continue;
		if (to - i > most || any_technical(sp, i, end))
			return to;
		if (!is_long_rule(l) && has_list(sp, i, end))
			return i - 1;
		if ((!l->dash_sig || in_command(sp, from, i - 1)) && end > i &&
			!lines_sign(sp->lines + i, end - i, l->dash_sig || is_long_rule(l)))
			return to;
		if (is_long_rule(l) && end > i && !((l->flen == 3 || (l->f[0] == '_' && end == i + 1)) && line_is_name(&sp->lines[i])) &&
			contact_kinds(sp->lines + i, end - i) == 0)
			return to;
		if (i == end && !l->dash_sig)
			return to;
		return i - 1 > from && is_dashes(&sp->lines[i - 2]) ? i - 2 : i - 1;
	}
	return to;
}

/* "Best regards," and name, title, telephone below it. */
static size_t below_closing(const struct split *sp, size_t from, size_t to)
{
	for (size_t i = to; i > from && to - i <= CLOSING_LINES; i--) {
		enum closing c = line_closing(&sp->lines[i - 1]);

		if (c == CLOSING_NONE)
			continue;
		if (any_technical(sp, i, to) || !lines_sign(sp->lines + i, to - i, c != CLOSING_NAMED))
			return to;
		if (c == CLOSING_WEAK &&
			(i == to || !(line_is_strict_name(&sp->lines[i]) || contact_kinds(sp->lines + i, to - i) > 0)))
			return to;
		/* "Thank you in advance" above "Best regards" */
		if (i - 1 > from + 1 && line_closing(&sp->lines[i - 2]) != CLOSING_NONE)
			i--;
		return i - 1;
	}
	return to;
}

/* Where "PS: …" below the name begins, `to` where there is none. */
static size_t postscript(const struct split *sp, size_t from, size_t to)
{
	static const char *const words[] = {"ps:", "ps.", "ps,", "ps -", "ps –", "p.s.", "p.s:", "p.s ", "p. s.", "pps", "p.p.s", "nb:", "n.b.",
		"post scriptum", "п.с.", "p.d.", "追伸", "又及", "附言", NULL};

	for (size_t i = to; i > from + 1 && to - i < CLOSING_LINES; i--)
		if (sp->lines[i - 1].gap && word_list_starts(sp->lines[i - 1].f, sp->lines[i - 1].flen, words) > 0)
			return i - 1;
	return to;
}

/* "-Ann" on a line of its own, an address below it perhaps. */
static size_t dash_name(const struct split *sp, size_t from, size_t to)
{
	size_t i = to - 1;

	while (i > from + 1 && to - i < 3 && line_is_contact(&sp->lines[i]))
		i--;
	if (i <= from || !line_is_dash_name(&sp->lines[i]) || strchr("-*", sp->lines[i - 1].s[0]) != NULL ||
		line_last(&sp->lines[i - 1]) == ':')
		return to;
	if (sp->lines[i].gap)
		return i;
	return strchr(".!?", line_last(&sp->lines[i - 1])) != NULL && memchr(sp->lines[i].s, ' ', sp->lines[i].len) == NULL ? i : to;
}

/* Name, title, telephone without any closing: two kinds of contact at least, as one could be what the text is about. */
static size_t contact_block(const struct split *sp, size_t from, size_t to)
{
	size_t p = to;

	for (unsigned k = 0; k < 3 && p > from; k++) {
		size_t q = paragraph(sp, from, p, CONTACT_LINES);

		if (to - q > CONTACT_LINES || any_technical(sp, q, p) || !lines_sign(sp->lines + q, p - q, true))
			break;
		p = q;
	}
	if (p == from || p == to || contact_kinds(sp->lines + p, to - p) < 2 || !line_is_name(&sp->lines[p]))
		return to;
	return line_last(&sp->lines[p - 1]) == ':' ? to : p; /* "Call one of them:" */
}

/* ---- what HTML said ---- */

/* Some programs let people write within the element of their signature. */
static bool is_typed_in(const struct split *sp, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct line *l = &sp->lines[i];

		if (line_last(l) == '?' || (line_technical(l) && !line_is_contact(l) && l->flen <= 160))
			return true;
	}
	return false;
}

/* Signature elements of this stretch; whole stretches only where they look like one. */
static size_t by_markup(struct split *sp, size_t from, size_t to, bool alone)
{
	size_t end = to;

	for (size_t i = to, first; i > from; i = first) {
		first = i - 1;
		if ((sp->lines[first].flags & FLAG(MARK_SIGNATURE)) == 0)
			continue;
		while (first > from && (sp->lines[first - 1].flags & FLAG(MARK_SIGNATURE)) != 0)
			first--;
		if (i - first > SIGNATURE_LINES || (alone && !lines_sign(sp->lines + first, i - first, true)) ||
			is_typed_in(sp, first, i))
			continue;
		sign(sp, first, i);
		if (i == end)
			end = first;
	}
	for (size_t i = from; i < end; i++)
		if ((sp->lines[i].flags & FLAG(MARK_AUTOSIG)) != 0 && i > from && !any_technical(sp, i, end) &&
			end - i <= SIGNATURE_LINES) {
			sign(sp, i, end);
			return i;
		}
	if (end < to && end > from && is_dashes(&sp->lines[end - 1]))
		sp->lines[--end].part = SIGNATURE;
	return end;
}

/* ---- a stretch ---- */

static size_t peel(const struct split *sp, size_t from, size_t to)
{
	size_t (*const steps[])(
		const struct split *, size_t, size_t) = { peel_pgp, peel_disclaimer, peel_footer, peel_mobile, below_dashes };
	size_t end = to;

	for (unsigned k = 0; k < PEELS && end > from; k++) {
		size_t before = end;

		for (size_t s = 0; s < sizeof steps / sizeof steps[0] && end > from; s++)
			end = steps[s](sp, from, end);
		if (end == before)
			break;
	}
	return end;
}

static void mark_stretch(struct split *sp, size_t from, size_t to, bool alone)
{
	size_t end = by_markup(sp, from, to, alone), last;

	last = peel(sp, from, end);
	sign(sp, last, end);
	end = last;
	if (end > from) {
		size_t ps = postscript(sp, from, end);

		last = ps < end ? below_closing(sp, from, ps) : ps;
		if (last < ps)
			end = ps; /* what was written below the name stays */
		else
			last = below_closing(sp, from, end);
		if (last == end)
			last = contact_block(sp, from, end);
		if (last == end)
			last = dash_name(sp, from, end);
		if (last == end)
			return;
		sign(sp, last, end);
		end = peel(sp, from, last); /* a mobile line above the name */
		sign(sp, end, last);
	}
}

/* The warning of a server above all, where text follows it. */
static void mark_banner(struct split *sp)
{
	size_t n = 1;

	while (n < sp->n && !sp->lines[n].gap)
		n++;
	if (n < sp->n && sp->lines[0].part == NEW && sp->lines[n].part == NEW && text_is_banner(sp->lines, n))
		sign(sp, 0, n);
}

void quotes_mark_signatures(struct split *sp)
{
	size_t fresh = 0, marked = 0;

	for (size_t i = 0; i < sp->n; i++)
		if (sp->lines[i].part == NEW) {
			fresh++;
			marked += (sp->lines[i].flags & FLAG(MARK_SIGNATURE)) != 0;
		}
	mark_banner(sp);
	for (size_t i = 0, from; i < sp->n; i++) {
		if (sp->lines[i].part != NEW || sp->lines[i].forwarded || sp->lines[i].code)
			continue;
		for (from = i; i < sp->n && sp->lines[i].part == NEW && !sp->lines[i].forwarded && !sp->lines[i].code;)
			i++;
		mark_stretch(sp, from, i, fresh == marked);
	}
}

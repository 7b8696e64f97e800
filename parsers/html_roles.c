/*
 * html_roles.c - tables of the names that mail programs give to quotes and signatures. Runs in the parser worker; values are
 * hostile, each is looked at only in its first bytes.
 */
#include <string.h>

#include "ascii.h"
#include "html_roles.h"

#define VALUE_MAX 256 /* of a class attribute */

enum how { WHOLE, START, INSIDE };

/* Lower case. Outlook on the web puts "x_" before names of what it quotes. */
static const struct {
	const char *name;
	enum how how;
	enum text_mark_kind role;
} roles[] = {
	{"gmail_quote", START, MARK_CONTAINER}, /* also gmail_quote_container */
	{"gmail_attr", WHOLE, MARK_ATTRIBUTION},
	{"gmail_signature", WHOLE, MARK_SIGNATURE},
	{"yahoo_quoted", INSIDE, MARK_QUOTE},
	{"yahoo-signature", INSIDE, MARK_SIGNATURE},
	{"moz-cite-prefix", WHOLE, MARK_ATTRIBUTION},
	{"moz-email-headers-table", WHOLE, MARK_FORWARD},
	{"moz-forward-container", WHOLE, MARK_FORWARD},
	{"moz-signature", WHOLE, MARK_SIGNATURE},
	{"moz-txt-sig", WHOLE, MARK_SIGNATURE},
	{"divrplyfwdmsg", WHOLE, MARK_HEADER_SURE},
	{"appendonsend", WHOLE, MARK_HEADER},
	{"mail-editor-reference-message-container", WHOLE, MARK_HEADER_SURE},
	{"olk_src_body_section", WHOLE, MARK_HEADER_SURE},
	{"stopspelling", WHOLE, MARK_HEADER},
	{"_mailoriginal", WHOLE, MARK_HEADER},
	{"_mailautosig", WHOLE, MARK_AUTOSIG},
	{"ms-outlook-mobile-signature", WHOLE, MARK_SIGNATURE},
	{"applemailsignature", WHOLE, MARK_SIGNATURE},
	{"signature", WHOLE, MARK_SIGNATURE},
	{"composer_signature", WHOLE, MARK_SIGNATURE},
	{"protonmail_quote", WHOLE, MARK_CONTAINER},
	{"protonmail_signature_block", START, MARK_SIGNATURE},
	{"zmail_extra", WHOLE, MARK_CONTAINER},
	{"zmail_signature", START, MARK_SIGNATURE},
	{"tutanota_quote", WHOLE, MARK_QUOTE},
	{"hushmail_quote", WHOLE, MARK_QUOTE},
	{"__quoted_text__", WHOLE, MARK_QUOTE},
	{"__sig_pre__", WHOLE, MARK_SIGNATURE},
	{"__sig_post__", WHOLE, MARK_SIGNATURE},
	{"bloop_sign", WHOLE, MARK_SIGNATURE},
	{"front-signature", WHOLE, MARK_SIGNATURE},
	{"missive_signature", WHOLE, MARK_SIGNATURE},
	{"missive_quote", WHOLE, MARK_QUOTE},
	{"_rc_sig", INSIDE, MARK_SIGNATURE},
	{"reply-intro", WHOLE, MARK_ATTRIBUTION},
	{"emclientsignature", WHOLE, MARK_SIGNATURE},
	{"messagereplysection", WHOLE, MARK_QUOTE},
	{"messagesignaturesection", WHOLE, MARK_SIGNATURE},
	{"mailru-blockquote", INSIDE, MARK_QUOTE},
	{"front-blockquote", WHOLE, MARK_QUOTE},
	{"isreplycontent", WHOLE, MARK_QUOTE},
	{"_originalcontent", WHOLE, MARK_QUOTE},
	{"origbody", WHOLE, MARK_QUOTE},
	{"replyblockquote", WHOLE, MARK_QUOTE},
};

static bool fits(enum how how, const char *s, size_t n, const char *name)
{
	if (how == WHOLE)
		return ascii_is(s, n, name);
	return how == START ? ascii_starts(s, n, name) : ascii_find(s, n, name) != NULL;
}

static enum text_mark_kind word_role(const char *s, size_t n)
{
	while (n > 2 && ascii_starts(s, n, "x_")) {
		s += 2;
		n -= 2;
	}
	if (ascii_is(s, n, "gmail_quote_button") || ascii_starts(s, n, "gmail_signature_"))
		return HTML_ROLE_NONE;
	if (ascii_starts(s, n, "ydp") && ascii_ends(s, n, "signature")) /* Yahoo puts digits between */
		return MARK_SIGNATURE;
	for (size_t i = 0; i < ASCII_COUNT(roles); i++)
		if (fits(roles[i].how, s, n, roles[i].name))
			return roles[i].role;
	return HTML_ROLE_NONE;
}

enum text_mark_kind html_role(const char *value, size_t len)
{
	size_t n = len < VALUE_MAX ? len : VALUE_MAX;

	for (size_t i = 0, from; i < n; i++) {
		enum text_mark_kind role;

		for (from = i; i < n && value[i] > ' ';)
			i++;
		role = i > from ? word_role(value + from, i - from) : HTML_ROLE_NONE;
		if (role != HTML_ROLE_NONE)
			return role;
	}
	return HTML_ROLE_NONE;
}

/* ---- style attributes ---- */

enum property { DISPLAY, MSO_HIDE, VISIBILITY, OPACITY, MAX_HEIGHT, OVERFLOW, BORDER_TOP, BORDER_TOP_STYLE, BORDER, WHITE_SPACE,
	MARGIN, MARGIN_TOP, MARGIN_BOTTOM, PROPERTIES };

static const struct {
	const char *name;
	size_t len;
} names[PROPERTIES] = {{"display", 7}, {"mso-hide", 8}, {"visibility", 10}, {"opacity", 7}, {"max-height", 10}, {"overflow", 8},
    {"border-top", 10}, {"border-top-style", 16}, {"border", 6}, {"white-space", 11}, {"margin", 6}, {"margin-top", 10},
    {"margin-bottom", 13}};

/* A value, up to its ';'; s NULL: there is none. */
struct value {
	const char *s;
	size_t len;
};

/* The property that is named right before the colon at s[n]; PROPERTIES: none. No name ends in another one. */
static enum property named_before(const char *s, size_t n)
{
	static const unsigned char ends[256] = {['y'] = 1, ['e'] = 1, ['t'] = 1, ['w'] = 1, ['p'] = 1, ['r'] = 1, ['n'] = 1, ['m'] = 1};
	char last = n > 0 ? ascii_fold(s[n - 1]) : '\0', first;

	if (ends[(unsigned char)last] == 0)
		return PROPERTIES;
	for (unsigned i = 0; i < PROPERTIES; i++) {
		size_t k = names[i].len;

		if (names[i].name[k - 1] != last || k > n)
			continue;
		first = ascii_fold(s[n - k]);
		if (first == names[i].name[0] && ascii_starts(s + n - k, k, names[i].name))
			return (enum property)i;
	}
	return PROPERTIES;
}

/* What stands behind each property's name where that is met first, which counts if it stands there by itself. */
static void read_values(struct value values[PROPERTIES], const char *flat, size_t len)
{
	const char *end = flat + len;
	bool met[PROPERTIES] = {false};

	memset(values, 0, PROPERTIES * sizeof *values);
	for (const char *at = flat, *colon; (colon = memchr(at, ':', (size_t)(end - at))) != NULL; at = colon + 1) {
		enum property p = named_before(flat, (size_t)(colon - flat));
		const char *semicolon;
		bool first = p < PROPERTIES && !met[p];

		if (!first)
			continue;
		met[p] = true;
		if (colon > flat + names[p].len && colon[-1 - (ptrdiff_t)names[p].len] != ';')
			continue;
		semicolon = memchr(colon, ';', (size_t)(end - colon));
		values[p] = (struct value){colon + 1, (size_t)((semicolon != NULL ? semicolon : end) - colon) - 1};
	}
}

static bool is_zero(const struct value *v)
{
	return v->len > 0 && v->s[0] == '0' && (v->len == 1 || (v->s[1] != '.' && !ascii_digit(v->s[1])));
}

static bool has(const struct value *v, const char *word)
{
	return v->len > 0 && ascii_find(v->s, v->len, word) != NULL;
}

/* All lengths in the value are zero. */
static bool all_zero(const struct value *v)
{
	bool zero = false;

	for (size_t i = 0; i < v->len; i++) {
		if (ascii_digit(v->s[i]) && v->s[i] != '0')
			return false;
		zero |= v->s[i] == '0';
	}
	return zero;
}

struct html_style html_style_read(const char *flat, size_t len)
{
	struct html_style st;
	struct value v[PROPERTIES];

	read_values(v, flat, len);
	st.hidden = has(&v[DISPLAY], "none") || has(&v[MSO_HIDE], "all") || has(&v[VISIBILITY], "hidden") || is_zero(&v[OPACITY]) ||
	    (is_zero(&v[MAX_HEIGHT]) && has(&v[OVERFLOW], "hidden"));
	st.border_top = has(&v[BORDER_TOP], "solid") || has(&v[BORDER_TOP_STYLE], "solid");
	st.indent = has(&v[BORDER], "none") && ascii_find(flat, len, "border-left") == NULL;
	st.pre = has(&v[WHITE_SPACE], "pre") && !has(&v[WHITE_SPACE], "nowrap");
	st.tight = all_zero(&v[MARGIN]) || (all_zero(&v[MARGIN_TOP]) && all_zero(&v[MARGIN_BOTTOM]));
	return st;
}

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
	{"mail-editor-reference-message-container", WHOLE, MARK_HEADER},
	{"olk_src_body_section", WHOLE, MARK_HEADER},
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

/* The value of the property, up to its ';'. */
static const char *property(const char *flat, size_t len, const char *name, size_t *n)
{
	const char *s = ascii_find(flat, len, name), *end;

	if (s == NULL || (s > flat && s[-1] != ';'))
		return NULL;
	s += strlen(name);
	end = memchr(s, ';', (size_t)(flat + len - s));
	*n = (size_t)((end != NULL ? end : flat + len) - s);
	return s;
}

static bool is_zero(const char *flat, size_t len, const char *name)
{
	size_t n;
	const char *s = property(flat, len, name, &n);

	return s != NULL && n > 0 && s[0] == '0' && (n == 1 || (s[1] != '.' && !ascii_digit(s[1])));
}

static bool has(const char *flat, size_t len, const char *name, const char *value)
{
	size_t n;
	const char *s = property(flat, len, name, &n);

	return s != NULL && ascii_find(s, n, value) != NULL;
}

/* All lengths in the property are zero. */
static bool all_zero(const char *flat, size_t len, const char *name)
{
	size_t n;
	const char *s = property(flat, len, name, &n);
	bool zero = false;

	for (size_t i = 0; s != NULL && i < n; i++) {
		if (ascii_digit(s[i]) && s[i] != '0')
			return false;
		zero |= s[i] == '0';
	}
	return zero;
}

struct html_style html_style_read(const char *flat, size_t len)
{
	struct html_style st = {0};

	st.hidden = has(flat, len, "display:", "none") || has(flat, len, "mso-hide:", "all") ||
	    has(flat, len, "visibility:", "hidden") || is_zero(flat, len, "opacity:") ||
	    (is_zero(flat, len, "max-height:") && has(flat, len, "overflow:", "hidden"));
	st.border_top = has(flat, len, "border-top:", "solid") || has(flat, len, "border-top-style:", "solid");
	st.indent = has(flat, len, "border:", "none") && ascii_find(flat, len, "border-left") == NULL;
	st.pre = has(flat, len, "white-space:", "pre") && !has(flat, len, "white-space:", "nowrap");
	st.tight =
		all_zero(flat, len, "margin:") || (all_zero(flat, len, "margin-top:") && all_zero(flat, len, "margin-bottom:"));
	return st;
}

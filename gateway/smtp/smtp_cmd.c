/*
 * smtp_cmd.c - command lines of RFC 5321 and its extensions, read strictly. Runs in the process that faces the network,
 * on hostile bytes, called by smtp_session.c for each line. Pure.
 */
#include <string.h>
#include <strings.h>

#include "err.h"
#include "smtp_cmd.h"

static const char *const verbs[V_COUNT] = {
	[V_HELO] = "HELO", [V_EHLO] = "EHLO", [V_LHLO] = "LHLO", [V_STARTTLS] = "STARTTLS", [V_AUTH] = "AUTH",
	[V_XCLIENT] = "XCLIENT", [V_XFORWARD] = "XFORWARD", [V_MAIL] = "MAIL", [V_RCPT] = "RCPT", [V_DATA] = "DATA",
	[V_BDAT] = "BDAT", [V_RSET] = "RSET", [V_NOOP] = "NOOP", [V_VRFY] = "VRFY", [V_EXPN] = "EXPN",
	[V_HELP] = "HELP", [V_QUIT] = "QUIT", [V_FOREIGN] = "foreign", [V_UNKNOWN] = "unknown",
};

static const char *const foreign[] = { "GET", "POST", "CONNECT", "PUT", "OPTIONS" };

static int
refuse(struct smtp_refusal *no, unsigned code, const char *enhanced, const char *text, const char *why)
{
	*no = (struct smtp_refusal){ .code = code, .enhanced = enhanced, .text = text, .why = why };
	return VG_ERR_SYNTAX;
}

const char *
smtp_verb_name(enum smtp_verb verb)
{
	return (unsigned)verb < V_COUNT ? verbs[verb] : "unknown";
}

static bool
same_word(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(s, word, len) == 0;
}

static enum smtp_verb
find_verb(const char *s, size_t len)
{
	for (int v = 0; v < V_FOREIGN; v++) {
		if (same_word(s, len, verbs[v]))
			return (enum smtp_verb)v;
	}
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		if (same_word(s, len, foreign[i]))
			return V_FOREIGN;
	}
	return V_UNKNOWN;
}

int
smtp_cmd_parse(const char *line, size_t len, struct smtp_cmd *out)
{
	size_t verb = 0, start;

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			return VG_ERR_SYNTAX;
	}
	while (len > 0 && line[len - 1] == ' ')
		len--;
	while (verb < len && line[verb] != ' ')
		verb++;
	if (verb == 0)
		return VG_ERR_SYNTAX;
	for (start = verb; start < len && line[start] == ' '; start++)
		continue;
	*out = (struct smtp_cmd){ .verb = find_verb(line, verb), .args = line + start, .len = len - start };
	return VG_OK;
}

bool
smtp_name_ok(const char *s, size_t len)
{
	if (len == 0 || len > SMTP_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c <= ' ' || c >= 0x7f || strchr("()<>@,;\\\"", c))
			return false;
	}
	return true;
}

/* ---- ESMTP parameters (RFC 5321 4.1.2: esmtp-param) ---- */

struct param {
	const char *key, *value; /* value NULL without '=' */
	size_t key_len, value_len;
};

static bool
keyword_char(char c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (!first && c == '-');
}

/* Next parameter at *s: 1, 0 at the end, VG_ERR_SYNTAX. */
static int
next_param(const char **s, const char *end, struct param *p)
{
	const char *q = *s;

	if (q == end)
		return 0;
	if (*q != ' ')
		return VG_ERR_SYNTAX;
	while (q < end && *q == ' ')
		q++;
	*p = (struct param){ .key = q };
	while (q < end && keyword_char(*q, q == p->key))
		q++;
	p->key_len = (size_t)(q - p->key);
	if (p->key_len == 0)
		return VG_ERR_SYNTAX;
	if (q < end && *q == '=') {
		p->value = ++q;
		while (q < end && *q > ' ' && *q < 0x7f && *q != '=')
			q++;
		p->value_len = (size_t)(q - p->value);
		if (p->value_len == 0)
			return VG_ERR_SYNTAX;
	}
	*s = q;
	return 1;
}

/* At most 20 digits (RFC 1870), saturating. */
static bool
parse_number(const char *s, size_t len, uint64_t *out)
{
	uint64_t n = 0;

	if (len == 0 || len > 20)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned)(s[i] - '0');

		if (s[i] < '0' || s[i] > '9')
			return false;
		n = n > (UINT64_MAX - digit) / 10 ? UINT64_MAX : n * 10 + digit;
	}
	*out = n;
	return true;
}

static bool
has_8bit(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)s[i] >= 0x80)
			return true;
	}
	return false;
}

/* Passes "FROM:" or "TO:" and spaces (which the RFC forbids and many clients send). */
static bool
skip_label(const char **s, const char *end, const char *label)
{
	size_t n = strlen(label);

	if ((size_t)(end - *s) < n || strncasecmp(*s, label, n) != 0)
		return false;
	for (*s += n; *s < end && **s == ' '; (*s)++)
		continue;
	return true;
}

enum { SEEN_SIZE = 1, SEEN_BODY = 2, SEEN_UTF8 = 4, SEEN_AUTH = 8 };

static int
body_param(const struct param *p, struct smtp_refusal *no)
{
	if (p->value && same_word(p->value, p->value_len, "BINARYMIME"))
		return refuse(no, 555, "5.5.4", "BINARYMIME is not supported", NULL);
	if (p->value && (same_word(p->value, p->value_len, "7BIT") || same_word(p->value, p->value_len, "8BITMIME")))
		return VG_OK;
	return refuse(no, 501, "5.5.4", "Bad BODY parameter", NULL);
}

static int
mail_param(const struct param *p, struct smtp_mail *out, unsigned *seen, struct smtp_refusal *no)
{
	unsigned which;

	if (same_word(p->key, p->key_len, "SIZE")) {
		which = SEEN_SIZE;
		if (!p->value || !parse_number(p->value, p->value_len, &out->size))
			return refuse(no, 501, "5.5.4", "Bad SIZE parameter", NULL);
	} else if (same_word(p->key, p->key_len, "BODY")) {
		which = SEEN_BODY;
		if (body_param(p, no) != VG_OK)
			return VG_ERR_SYNTAX;
	} else if (same_word(p->key, p->key_len, "SMTPUTF8")) {
		which = SEEN_UTF8;
		if (p->value)
			return refuse(no, 501, "5.5.4", "SMTPUTF8 takes no value", NULL);
		out->utf8 = true;
	} else if (same_word(p->key, p->key_len, "AUTH")) {
		/* RFC 4954 5: who gave it to our client first. We trust nobody to say so. */
		which = SEEN_AUTH;
		if (!p->value)
			return refuse(no, 501, "5.5.4", "Bad AUTH parameter", NULL);
	} else {
		return refuse(no, 555, "5.5.4", "MAIL parameter not supported", NULL);
	}
	if (*seen & which)
		return refuse(no, 501, "5.5.4", "Parameter given twice", NULL);
	*seen |= which;
	return VG_OK;
}

int
smtp_mail_parse(const char *args, size_t len, struct smtp_mail *out, struct smtp_refusal *no)
{
	const char *s = args, *end = args + len, *why = NULL, *path;
	struct param p;
	unsigned seen = 0;
	size_t used;
	int rc;

	memset(out, 0, sizeof(*out));
	if (!skip_label(&s, end, "FROM:"))
		return refuse(no, 501, "5.5.4", "Syntax: MAIL FROM:<address>", NULL);
	path = s;
	rc = addr_parse_path(&out->from, s, (size_t)(end - s), ADDR_UTF8 | ADDR_QUOTED | ADDR_LITERAL, &used, &why);
	if (rc != VG_OK) {
		if (has_8bit(s, (size_t)(end - s)))
			return refuse(no, 553, "5.6.7", "Bad sender address", why);
		return refuse(no, 501, "5.1.7", "Bad sender address", why);
	}
	s += used;
	while ((rc = next_param(&s, end, &p)) > 0) {
		if (mail_param(&p, out, &seen, no) != VG_OK)
			return VG_ERR_SYNTAX;
	}
	if (rc < 0)
		return refuse(no, 501, "5.5.4", "Bad parameter", NULL);
	if (!out->utf8 && has_8bit(path, used))
		return refuse(no, 553, "5.6.7", "Address outside ASCII needs SMTPUTF8", NULL);
	return VG_OK;
}

int
smtp_rcpt_parse(const char *args, size_t len, bool utf8, struct smtp_rcpt *out, struct smtp_refusal *no)
{
	static const char bare[] = "<postmaster>";
	const char *s = args, *end = args + len, *why = NULL;
	struct param p;
	size_t used;

	memset(out, 0, sizeof(*out));
	if (!skip_label(&s, end, "TO:"))
		return refuse(no, 501, "5.5.4", "Syntax: RCPT TO:<address>", NULL);
	if (!utf8 && has_8bit(s, (size_t)(end - s)))
		return refuse(no, 553, "5.6.7", "Address outside ASCII needs SMTPUTF8", NULL);
	if ((size_t)(end - s) >= sizeof(bare) - 1 && strncasecmp(s, bare, sizeof(bare) - 1) == 0) {
		out->postmaster = true;
		used = sizeof(bare) - 1;
	} else if (addr_parse_path(&out->to, s, (size_t)(end - s), ADDR_UTF8 | ADDR_QUOTED | ADDR_LITERAL, &used,
		       &why) != VG_OK) {
		return refuse(no, 501, "5.1.3", "Bad recipient address", why);
	} else if (out->to.normal[0] == '\0') {
		return refuse(no, 501, "5.1.3", "Bad recipient address", "empty");
	}
	s += used;
	switch (next_param(&s, end, &p)) {
	case 0:
		return VG_OK;
	case 1:
		return refuse(no, 555, "5.5.4", "RCPT parameter not supported", NULL);
	default:
		return refuse(no, 501, "5.5.4", "Bad parameter", NULL);
	}
}

int
smtp_bdat_parse(const char *args, size_t len, struct smtp_bdat *out, struct smtp_refusal *no)
{
	size_t digits = 0, i;

	memset(out, 0, sizeof(*out));
	while (digits < len && args[digits] != ' ')
		digits++;
	for (i = digits; i < len && args[i] == ' '; i++)
		continue;
	out->last = same_word(args + i, len - i, "LAST");
	if (!parse_number(args, digits, &out->size) || out->size == UINT64_MAX || (i < len && !out->last))
		return refuse(no, 501, "5.5.4", "Syntax: BDAT size [LAST]", NULL);
	return VG_OK;
}

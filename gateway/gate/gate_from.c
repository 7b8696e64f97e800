/*
 * gate_from.c - From to one address and display name, or the reason why not. Runs in the gate; input is hostile.
 * A careful subset of RFC 5322 3.4: what is left out (groups, routes, comments inside, quoted local parts) is what
 * readers disagree about.
 */
#include <string.h>

#include "err.h"
#include "gate_from.h"
#include "gate_text.h"

/* The parts of a mailbox as spans of the text. */
struct mailbox {
	const char *phrase, *address, *comment;
	size_t phrase_len, address_len, comment_len;
	bool angle;
};

static bool fault(struct gate_from *out, const char *code, const char *why)
{
	out->fault = (struct gate_fault){code, why};
	return false;
}

static bool is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

static void trim(const char **s, size_t *len)
{
	while (*len > 0 && is_wsp(**s)) {
		++*s;
		--*len;
	}
	while (*len > 0 && is_wsp((*s)[*len - 1]))
		--*len;
}

/* Offset behind the quoted string that opens at i; 0 when it does not end. */
static size_t skip_quoted(const char *s, size_t i, size_t len)
{
	for (i++; i < len; i++) {
		if (s[i] == '\\')
			i++;
		else if (s[i] == '"')
			return i + 1;
	}
	return 0;
}

/* A separator between several mailboxes, or a group, before the address; each with its own name. */
static bool separator(struct gate_from *out, char c)
{
	if (c == ',')
		return fault(out, "from.several-addresses", "From holds more than one address");
	if (c == ':' || c == ';')
		return fault(out, "from.group", "From holds a group");
	if (c == '>')
		return fault(out, "from.syntax", "a > stands alone in From");
	if (c == ')')
		return fault(out, "from.comment", "a ) stands alone in From");
	return fault(out, "from.syntax", "a character of From needs quotes");
}

/* Up to '<', a comment or the end: the phrase, or the address where no '<' follows. *at: where it stopped. */
static bool scan_front(struct gate_from *out, const char *s, size_t len, size_t *at)
{
	size_t i = 0;

	while (i < len && s[i] != '<' && s[i] != '(') {
		if (s[i] == '"') {
			i = skip_quoted(s, i, len);
			if (i == 0)
				return fault(out, "from.quotes", "a quotation mark of From is not closed");
			continue;
		}
		if (s[i] != '\0' && strchr(",:;>)\\", s[i]) != NULL)
			return separator(out, s[i]);
		i++;
	}
	*at = i;
	return true;
}

/* The one plain comment that may end the field: "(Ann Lee)". */
static bool scan_comment(struct gate_from *out, struct mailbox *m, const char *s, size_t len)
{
	trim(&s, &len);
	if (len == 0)
		return true;
	if (s[0] == ',')
		return fault(out, "from.several-addresses", "From holds more than one address");
	if (s[0] != '(')
		return fault(out, "from.trailing-text", "text stands behind the address of From");
	m->comment = s + 1;
	m->comment_len = 0;
	while (m->comment_len + 1 < len && m->comment[m->comment_len] != ')') {
		char c = m->comment[m->comment_len];

		if (strchr("(\\<>@\"", c) != NULL)
			return fault(out, "from.comment", "the comment of From is not plain text");
		m->comment_len++;
	}
	if (m->comment_len + 1 >= len)
		return fault(out, "from.comment", "the comment of From is not closed");
	s += m->comment_len + 2;
	len -= m->comment_len + 2;
	trim(&s, &len);
	if (len > 0)
		return fault(out, s[0] == ',' ? "from.several-addresses" : "from.comment",
		    s[0] == ',' ? "From holds more than one address" : "text stands behind the comment of From");
	return true;
}

/* '@' outside quotes in a display name: some readers would take it for the address. */
static bool check_phrase(struct gate_from *out, const struct mailbox *m)
{
	for (size_t i = 0; i < m->phrase_len;) {
		if (m->phrase[i] == '"') {
			i = skip_quoted(m->phrase, i, m->phrase_len);
			continue;
		}
		if (m->phrase[i] == '@')
			return fault(out, "from.address-in-name", "an address stands unquoted in the name of From");
		i++;
	}
	return true;
}

static bool split_angle(struct gate_from *out, struct mailbox *m, const char *s, size_t len, size_t at)
{
	const char *close;

	m->angle = true;
	m->phrase = s;
	m->phrase_len = at;
	trim(&m->phrase, &m->phrase_len);
	if (!check_phrase(out, m))
		return false;
	m->address = s + at + 1;
	if (at + 1 < len && m->address[0] == '@')
		return fault(out, "from.route", "From holds a source route");
	if (at + 1 < len && m->address[0] == '"')
		return fault(out, "from.quoted-local-part", "the local part of From is quoted");
	close = memchr(m->address, '>', len - at - 1);
	if (close == NULL)
		return fault(out, "from.syntax", "the < of From is not closed");
	m->address_len = (size_t)(close - m->address);
	if (m->address_len == 0)
		return fault(out, "from.no-address", "From holds no address");
	return scan_comment(out, m, close + 1, (size_t)(s + len - close - 1));
}

static bool split_bare(struct gate_from *out, struct mailbox *m, const char *s, size_t len, size_t at)
{
	m->address = s;
	m->address_len = at;
	trim(&m->address, &m->address_len);
	if (at < len && memchr(s + at, '<', len - at) != NULL)
		return fault(out, "from.comment", "a comment stands before the address of From");
	if (m->address_len == 0)
		return fault(out, at < len ? "from.comment" : "from.no-address", "From holds no address");
	if (m->address[0] == '"')
		return fault(out, "from.quoted-local-part", "the local part of From is quoted");
	if (memchr(m->address, '@', m->address_len) == NULL)
		return fault(out, "from.no-address", "From holds no address");
	return scan_comment(out, m, s + at, len - at);
}

/* White space inside an address is obsolete syntax; an encoded word there would be read by some as what it encodes. */
static bool read_address(struct gate_from *out, const struct mailbox *m, bool smtputf8)
{
	const char *why = NULL;

	for (size_t i = 0; i < m->address_len; i++) {
		if (m->address[i] == '=' && i + 1 < m->address_len && m->address[i + 1] == '?')
			return fault(out, "from.encoded-word", "an encoded word stands in the address of From");
		if (is_wsp(m->address[i]))
			return fault(out, "from.space", "white space stands in the address of From");
		if (m->address[i] == '(')
			return fault(out, "from.comment", "a comment stands in the address of From");
	}
	if (addr_parse(&out->addr, m->address, m->address_len, smtputf8 ? ADDR_UTF8 : 0, &why) != VG_OK) {
		memset(&out->addr, 0, sizeof(out->addr));
		return fault(out, "from.address", why);
	}
	return true;
}

/* The phrase without its quotes and backslashes, encoded words decoded. */
static int read_name(struct gate_from *out, const struct mailbox *m)
{
	bool quoted = false, phrase = m->phrase_len > 0;
	const char *s = phrase ? m->phrase : m->comment;
	size_t len = phrase ? m->phrase_len : m->comment_len;
	struct buf text;
	int rc = VG_OK;

	buf_init(&text, GATE_FIELD_MAX);
	for (size_t i = 0; i < len && rc == VG_OK; i++) {
		if (phrase && s[i] == '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted && s[i] == '\\' && i + 1 < len)
			i++;
		rc = buf_add(&text, s + i, 1);
	}
	if (rc == VG_OK)
		rc = gate_text_decode(out->name, sizeof(out->name), buf_str(&text), text.len);
	buf_free(&text);
	return rc;
}

int gate_from_parse(struct gate_from *out, const char *s, size_t len, bool smtputf8)
{
	struct mailbox m = {0};
	size_t at = 0;
	bool ok;

	memset(out, 0, sizeof(*out));
	trim(&s, &len);
	if (len == 0) {
		fault(out, "from.no-address", "From holds no address");
		return VG_OK;
	}
	ok = scan_front(out, s, len, &at);
	if (ok)
		ok = at < len && s[at] == '<' ? split_angle(out, &m, s, len, at) : split_bare(out, &m, s, len, at);
	if (!ok || !read_address(out, &m, smtputf8))
		return VG_OK;
	return read_name(out, &m);
}

int gate_from_read(struct gate_from *out, const struct gate_header *h, bool smtputf8)
{
	size_t pos = 0;
	const struct gate_field *f = gate_header_next(h, "From", &pos);
	struct buf value;
	int rc;

	memset(out, 0, sizeof(*out));
	if (f == NULL) {
		fault(out, "from.missing", "there is no From field");
		return VG_OK;
	}
	buf_init(&value, GATE_FIELD_MAX);
	rc = gate_field_unfold(&value, f);
	if (rc == VG_OK)
		rc = gate_from_parse(out, buf_str(&value), value.len, smtputf8);
	else if (rc == VG_ERR_LIMIT) {
		fault(out, "header.field-too-long", "a header field is longer than 64 KiB");
		rc = VG_OK;
	}
	buf_free(&value);
	return rc;
}

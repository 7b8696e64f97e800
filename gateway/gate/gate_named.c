/*
 * gate_named.c - address lists, only to look for ourselves in them. Runs in the gate; the fields are hostile, so a
 * list is cut at its commas and each piece goes through the strict reader of From.
 */
#include "err.h"
#include "gate_from.h"
#include "gate_named.h"

#define MAILBOXES_MAX 500u /* of one field that are looked at */

/* Offset of the comma that ends the mailbox at s, or len: not one inside quotes, comments or angle brackets. */
static size_t mailbox_end(const char *s, size_t len)
{
	unsigned depth = 0;
	bool quoted = false, angle = false;

	for (size_t i = 0; i < len; i++) {
		char c = s[i];

		if (c == '\\' && (quoted || depth > 0))
			i++;
		else if (c == '"' && depth == 0)
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (depth > 0)
			continue;
		else if (c == '<' || c == '>')
			angle = c == '<';
		else if (c == ',' && !angle)
			return i;
	}
	return len;
}

static bool is_ours(const char *s, size_t len, const struct conf *conf)
{
	struct gate_from one = {.fault = {0}};
	const char *ext;
	size_t which;
	enum conf_rcpt kind;

	if (gate_from_parse(&one, s, len, false) != VG_OK || one.fault.code != NULL)
		return false;
	kind = conf_rcpt(conf, one.addr.normal, &which, &ext);
	return kind != RCPT_NOT_OURS && kind != RCPT_NO_SUCH;
}

static bool field_names_us(const struct gate_field *f, const struct conf *conf)
{
	struct buf text;
	const char *s;
	size_t n = 0;
	bool found = false;

	buf_init(&text, GATE_FIELD_MAX);
	if (gate_field_unfold(&text, f) == VG_OK) {
		s = buf_str(&text);
		for (size_t at = 0; at < text.len && n < MAILBOXES_MAX && !found; n++) {
			size_t len = mailbox_end(s + at, text.len - at);

			found = is_ours(s + at, len, conf);
			at += len + 1;
		}
	}
	buf_free(&text);
	return found;
}

bool gate_named_ours(const struct gate_header *h, const char *name, const struct conf *conf)
{
	const struct gate_field *f;
	size_t pos = 0;

	while ((f = gate_header_next(h, name, &pos)) != NULL)
		if (field_names_us(f, conf))
			return true;
	return false;
}

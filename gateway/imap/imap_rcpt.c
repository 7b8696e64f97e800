/*
 * imap_rcpt.c - our addresses in a header. Not a parser of address lists: whatever stands between separators and is an address of
 * ours counts, since others do not matter and ours open nothing by themselves.
 */
#include "imap_rcpt.h"

#include <string.h>

#include "err.h"
#include "gate_header.h"

#define LOOK_MAX 65536u /* bytes of all these fields */

static bool
is_separator(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f || strchr("<>,;:()\"[]\\", c) != NULL;
}

static bool
has(const struct imap_rcpts *r, const char *address)
{
	for (size_t i = 0; i < r->n; i++) {
		if (strcmp(r->address[i], address) == 0)
			return true;
	}
	return false;
}

static void
consider(struct imap_rcpts *r, const struct conf *c, const char *s, size_t n)
{
	enum conf_rcpt kind;
	const char *ext;
	struct addr a;
	size_t which;

	if (r->n == IMAP_RCPTS_MAX || n > ADDR_MAX || !memchr(s, '@', n) || addr_parse(&a, s, n, ADDR_UTF8, NULL) != VG_OK)
		return;
	kind = conf_rcpt(c, a.normal, &which, &ext);
	if (kind == RCPT_NOT_OURS || kind == RCPT_NO_SUCH || has(r, a.normal))
		return;
	memcpy(r->address[r->n], a.normal, sizeof(a.normal));
	r->kind[r->n++] = kind;
}

static void
look(struct imap_rcpts *r, const struct conf *c, const char *s, size_t len)
{
	size_t start = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && !is_separator(s[i]))
			continue;
		if (i > start)
			consider(r, c, s + start, i - start);
		start = i + 1;
	}
}

int
imap_rcpts_read(struct imap_rcpts *out, const struct conf *c, const char *head, size_t len)
{
	static const char *const names[] = { "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc" };
	size_t budget = LOOK_MAX;
	struct gate_header h;
	int rc = gate_header_read(&h, head, len);

	out->n = 0;
	for (size_t i = 0; rc == VG_OK && i < sizeof(names) / sizeof(names[0]); i++) {
		const struct gate_field *f;
		size_t pos = 0;

		while ((f = gate_header_next(&h, names[i], &pos)) != NULL && f->value_len <= budget) {
			budget -= f->value_len;
			look(out, c, f->value, f->value_len);
		}
	}
	gate_header_free(&h);
	return rc;
}

/*
 * report.c - delivery and disposition reports. Runs in the parser worker and in `vcspgate parse`; hostile bytes in, pure,
 * each byte looked at a fixed number of times.
 */
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "oneline.h"
#include "report.h"
#include "utf8.h"

#define VALUE_MAX 2000u

const char *report_kind_name(enum report_kind kind)
{
	return kind == REPORT_DELIVERY ? "delivery" : kind == REPORT_DISPOSITION ? "disposition" : NULL;
}

/* ---- fields ---- */

struct field {
	const char *name;
	size_t name_len;
	char value[VALUE_MAX]; /* unfolded, trimmed at its front; longer ones are cut */
	size_t len;
};

static void add_line(struct field *f, const char *s, size_t len)
{
	ascii_trim(&s, &len);
	if (f->len > 0 && f->len < VALUE_MAX && len > 0)
		f->value[f->len++] = ' ';
	len = len < VALUE_MAX - f->len ? len : VALUE_MAX - f->len;
	memcpy(f->value + f->len, s, len);
	f->len += len;
}

enum what { FIELD, EMPTY_LINE, END };

/* The next field or empty line; lines that are neither are passed over. */
static enum what next_field(const char **at, const char *end, struct field *f)
{
	const char *line, *colon;
	size_t len;

	while (ascii_line(at, end, &line, &len)) {
		if (len == 0)
			return EMPTY_LINE;
		colon = memchr(line, ':', len);
		if (ascii_blank(line[0]) || colon == NULL)
			continue;
		*f = (struct field){.name = line, .name_len = (size_t)(colon - line)};
		while (f->name_len > 0 && ascii_blank(line[f->name_len - 1]))
			f->name_len--;
		add_line(f, colon + 1, len - (size_t)(colon + 1 - line));
		while (*at < end && ascii_blank(**at) && ascii_line(at, end, &line, &len))
			add_line(f, line, len);
		return FIELD;
	}
	return END;
}

static bool is(const struct field *f, const char *name)
{
	return ascii_is(f->name, f->name_len, name);
}

/* Splits "type; value": true where there is a type. */
static bool typed(const struct field *f, const char **type, size_t *type_len, const char **value, size_t *len)
{
	const char *semicolon = memchr(f->value, ';', f->len);

	*type = f->value;
	*type_len = semicolon != NULL ? (size_t)(semicolon - f->value) : 0;
	*value = semicolon != NULL ? semicolon + 1 : f->value;
	*len = f->len - (size_t)(*value - f->value);
	ascii_trim(type, type_len);
	ascii_trim(value, len);
	return semicolon != NULL;
}

static void set_line(char *out, size_t cap, const char *s, size_t len)
{
	if (out[0] == '\0')
		oneline(out, cap, s, len, ONELINE_CP1252);
}

/* ---- addresses ---- */

static int hex(char c)
{
	return ascii_digit(c) ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A hexchar of RFC 3461 (4): -1 for none. Only what xtext must encode: a '+' with two digits behind it may as well be the
 * sub-address of a system that decoded already. */
static int xtext_char(const char *s, size_t len)
{
	int c = len >= 3 && s[0] == '+' && hex(s[1]) >= 0 && hex(s[2]) >= 0 ? hex(s[1]) << 4 | hex(s[2]) : -1;

	return c == '+' || c == '=' || c >= 0x80 ? c : -1;
}

/* An EmbeddedUnicodeChar of RFC 6533 (3), "\x{E4}": its length in s, 0 for none. */
static size_t embedded_char(const char *s, size_t len, uint32_t *cp)
{
	size_t i = 3;

	if (len < 5 || memcmp(s, "\\x{", 3) != 0)
		return 0;
	for (*cp = 0; i < len && i < 9 && hex(s[i]) >= 0; i++)
		*cp = *cp << 4 | (uint32_t)hex(s[i]);
	if (i == 3 || i >= len || s[i] != '}' || *cp < 0x20 || *cp > 0x10ffff || (*cp >= 0xd800 && *cp < 0xe000))
		return 0;
	return i + 1;
}

/* An address with its encodings undone; the length. Never longer than what it was: every encoding is. */
static size_t decode(char out[VALUE_MAX], const char *s, size_t len, bool utf8)
{
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t used = utf8 ? embedded_char(s + i, len - i, &cp) : 0;
		int c = xtext_char(s + i, len - i);

		if (used > 0)
			n += utf8_put(out + n, cp);
		else
			out[n++] = c >= 0 ? (char)c : s[i];
		i += used > 0 ? used : c >= 0 ? 3 : 1;
	}
	return n;
}

/* "rfc822; ann@partner.example" (RFC 3464 2.1.2, RFC 6533 3). Other types name no mail address. */
static void set_address(char out[ADDR_MAX + 1], const struct field *f)
{
	const char *type, *s;
	size_t type_len, len;
	char text[VALUE_MAX];
	struct addr a;

	if (typed(f, &type, &type_len, &s, &len) && !ascii_is(type, type_len, "rfc822") && !ascii_is(type, type_len, "utf-8"))
		return;
	len = decode(text, s, len, ascii_is(type, type_len, "utf-8"));
	s = text;
	if (len >= 2 && s[0] == '<' && s[len - 1] == '>') {
		s++;
		len -= 2;
	}
	if (out[0] != '\0')
		return;
	if (addr_parse(&a, s, len, ADDR_UTF8 | ADDR_QUOTED, NULL) == VG_OK)
		memcpy(out, a.normal, strlen(a.normal) + 1);
	else
		set_line(out, ADDR_MAX + 1, s, len);
}

/* ---- parts ---- */

static struct report_recipient *add_recipient(struct report *r)
{
	struct report_recipient *to = r->n < REPORT_RECIPIENTS_MAX ? &r->recipients[r->n++] : NULL;

	if (to != NULL) {
		memset(to, 0, sizeof *to);
		to->action = "";
	}
	return to;
}

/* A block that named nobody is no recipient. */
static void end_block(struct report *r, struct report_recipient **to)
{
	if (*to != NULL && (*to)->final[0] == '\0' && (*to)->original[0] == '\0')
		r->n--;
	*to = NULL;
}

/* RFC 3464 2.3.3: one of five words. */
static const char *action_of(const struct field *f)
{
	static const char *const words[] = {"failed", "delayed", "delivered", "relayed", "expanded"};
	size_t k = ascii_word_at(f->value, f->len, words, ASCII_COUNT(words));

	return k < ASCII_COUNT(words) ? words[k] : "";
}

/* RFC 3463 2: class, subject and detail; comments behind are dropped. */
static void set_status(char out[16], const struct field *f)
{
	size_t n = 0, dots = 0, digits = 0;

	for (; n < f->len && (ascii_digit(f->value[n]) || f->value[n] == '.'); n++) {
		digits = f->value[n] == '.' ? 0 : digits + 1;
		dots += f->value[n] == '.';
		if (digits > 3 || dots > 2 || (f->value[n] == '.' && (n == 0 || f->value[n - 1] == '.')))
			return;
	}
	if (dots != 2 || digits == 0 || strchr("245", f->value[0]) == NULL || f->value[1] != '.' || out[0] != '\0')
		return;
	memcpy(out, f->value, n);
	out[n] = '\0';
}

enum { FINAL, ORIGINAL, ACTION, STATUS, DIAGNOSTIC, REMOTE, OTHER };

static int recipient_field(const struct field *f)
{
	static const char *const names[] = {"final-recipient", "original-recipient", "action", "status",
		"diagnostic-code", "remote-mta"};
	int i = 0;

	while (i < OTHER && !is(f, names[i]))
		i++;
	return i;
}

static void fill(struct report_recipient *to, int which, const struct field *f)
{
	if (which == FINAL)
		set_address(to->final, f);
	else if (which == ORIGINAL)
		set_address(to->original, f);
	else if (which == ACTION && to->action[0] == '\0')
		to->action = action_of(f);
	else if (which == STATUS)
		set_status(to->status, f);
	else if (which == DIAGNOSTIC)
		set_line(to->diagnostic, sizeof to->diagnostic, f->value, f->len);
}

static void set_mta(struct report *r, const struct field *f)
{
	const char *type, *value;
	size_t type_len, len;

	typed(f, &type, &type_len, &value, &len);
	set_line(r->reporting_mta, sizeof r->reporting_mta, value, len);
}

/* Some systems leave out the empty line between the blocks: a second Final-Recipient begins one too. */
void report_delivery(struct report *r, const char *bytes, size_t len)
{
	const char *end = bytes + len;
	struct report_recipient *to = NULL;
	struct field f;
	enum what what;

	r->kind = REPORT_DELIVERY;
	while ((what = next_field(&bytes, end, &f)) != END) {
		int which = what == FIELD ? recipient_field(&f) : OTHER;

		if (what == EMPTY_LINE || (which == FINAL && to != NULL && to->final[0] != '\0'))
			end_block(r, &to);
		if (what == FIELD && is(&f, "reporting-mta"))
			set_mta(r, &f);
		if (which != OTHER && to == NULL)
			to = add_recipient(r);
		if (which != OTHER && to != NULL)
			fill(to, which, &f);
	}
	end_block(r, &to);
}

/* "manual-action/MDN-sent-manually; displayed" (RFC 8098 3.2.6). */
static void set_disposition(struct report *r, const struct field *f)
{
	const char *mode, *value;
	size_t mode_len, len, n = 0;

	if (r->disposition[0] != '\0' || !typed(f, &mode, &mode_len, &value, &len))
		return;
	for (size_t i = 0; i < len && n < REPORT_NAME_MAX && value[i] != '('; i++)
		if (value[i] > ' ' && value[i] < 0x7f)
			r->disposition[n++] = ascii_fold(value[i]);
	r->disposition[n] = '\0';
}

void report_disposition(struct report *r, const char *bytes, size_t len)
{
	const char *end = bytes + len;
	struct report_recipient *to;
	struct field f;
	enum what what;

	r->kind = REPORT_DISPOSITION;
	to = add_recipient(r);
	while ((what = next_field(&bytes, end, &f)) != END) {
		int which = what == FIELD ? recipient_field(&f) : OTHER;

		if (what == EMPTY_LINE)
			continue;
		if (is(&f, "original-message-id"))
			report_message_id(r, f.value, f.len);
		else if (is(&f, "disposition"))
			set_disposition(r, &f);
		else if (to != NULL && (which == FINAL || which == ORIGINAL))
			fill(to, which, &f);
		else if (to != NULL && (is(&f, "failure") || is(&f, "error")))
			fill(to, DIAGNOSTIC, &f);
	}
	end_block(r, &to);
}

void report_message_id(struct report *r, const char *value, size_t len)
{
	const char *from = memchr(value, '<', len), *end = value + len, *to;
	size_t n = 0;

	if (from == NULL || r->original_message_id[0] != '\0')
		return;
	from++;
	to = memchr(from, '>', (size_t)(end - from));
	n = to != NULL ? (size_t)(to - from) : 0;
	if (n == 0 || n > REPORT_ID_MAX)
		return;
	for (size_t i = 0; i < n; i++)
		if (from[i] <= ' ' || from[i] >= 0x7f || from[i] == '<')
			return;
	memcpy(r->original_message_id, from, n);
	r->original_message_id[n] = '\0';
}

void report_original(struct report *r, const char *bytes, size_t len)
{
	const char *end = bytes + len;
	struct field f;

	while (next_field(&bytes, end, &f) == FIELD)
		if (is(&f, "message-id"))
			report_message_id(r, f.value, f.len);
}

/* ---- unstructured ---- */

/* An address that a mail system says it could not reach; VG_ERR_SYNTAX where it is none. */
static int add_failed(struct report *r, const char *s, size_t len)
{
	struct report_recipient *to;
	struct addr a;

	/* A list may be folded. */
	for (; len > 0 && (ascii_blank(*s) || *s == '\r' || *s == '\n'); len--)
		s++;
	ascii_trim(&s, &len);
	if (addr_parse(&a, s, len, ADDR_UTF8 | ADDR_QUOTED, NULL) != VG_OK)
		return VG_ERR_SYNTAX;
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->recipients[i].final, a.normal) == 0)
			return VG_OK;
	if ((to = add_recipient(r)) == NULL)
		return VG_ERR_LIMIT;
	memcpy(to->final, a.normal, strlen(a.normal) + 1);
	to->action = "failed";
	r->kind = REPORT_DELIVERY;
	return VG_OK;
}

void report_failed_recipients(struct report *r, const char *value, size_t len)
{
	const char *end = value + len;

	while (value < end) {
		const char *comma = memchr(value, ',', (size_t)(end - value));
		const char *to = comma != NULL ? comma : end;

		add_failed(r, value, (size_t)(to - value));
		value = to < end ? to + 1 : end;
	}
}

/* QSBMF (qmail-bounce): "<ann@partner.example>:" and below it why. The lines below, up to an empty one. */
static void failed_paragraph(struct report *r, const char **at, const char *end, const char *line, size_t len)
{
	const char *why = *at;
	size_t before = r->n;

	if (add_failed(r, line + 1, len - 3) != VG_OK || r->n == before)
		return;
	while (ascii_line(at, end, &line, &len) && len > 0)
		continue;
	set_line(r->recipients[before].diagnostic, sizeof r->recipients[before].diagnostic, why, (size_t)(*at - why));
}

/* Recipients stand before the first line of dashes; the first Message-ID anywhere is the returned header's. */
void report_text(struct report *r, const char *text, size_t len)
{
	const char *end = text + len, *line;
	bool qsbmf = ascii_starts(text, len, "hi. this is the "), returned = false;
	size_t n;

	while (ascii_line(&text, end, &line, &n)) {
		returned |= n > 2 && memcmp(line, "---", 3) == 0;
		if (qsbmf && !returned && n > 4 && line[0] == '<' && memcmp(line + n - 2, ">:", 2) == 0)
			failed_paragraph(r, &text, end, line, n);
		else if (ascii_starts(line, n, "message-id:"))
			report_message_id(r, line, n);
	}
	if (r->original_message_id[0] != '\0')
		r->kind = REPORT_DELIVERY;
}

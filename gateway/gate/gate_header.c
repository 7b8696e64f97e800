/*
 * gate_header.c - the strict header reader. Runs in the gate on every message; the bytes are hostile.
 * Called by gate_submit; nothing here knows what a field means, but From and Sender.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "err.h"
#include "gate_header.h"

void gate_header_fault(struct gate_header *h, const char *code, const char *why)
{
	for (size_t i = 0; i < h->n_faults; i++)
		if (strcmp(h->faults[i].code, code) == 0)
			return;
	if (h->n_faults < GATE_FAULTS_MAX)
		h->faults[h->n_faults++] = (struct gate_fault){code, why};
}

/* ftext of RFC 5322 3.6.8: visible ASCII but the colon. */
static bool is_ftext(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != ':';
}

static bool is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

/* Bytes that some readers take for the end of a line or of the text. Other controls (the escapes of ISO-2022-JP are in
 * real mail) matter only where identity stands. */
static void check_byte(struct gate_header *h, unsigned char c)
{
	if (c == '\0')
		gate_header_fault(h, "header.nul", "a NUL byte stands in the header");
	else if (c == 0x0b || c == 0x0c || (c >= 0x1c && c <= 0x1e))
		gate_header_fault(h, "header.control", "a control character stands in the header");
}

/* End of the line at s: offset behind its CRLF, or end. Bare CR and LF are faults, and no line ends. */
static size_t line_end(struct gate_header *h, const char *s, size_t pos, size_t end)
{
	for (; pos < end; pos++) {
		if ((unsigned char)s[pos] >= ' ' || s[pos] == '\t')
			continue;
		if (s[pos] == '\r' && pos + 1 < end && s[pos + 1] == '\n')
			return pos + 2;
		if (s[pos] == '\r' || s[pos] == '\n')
			gate_header_fault(h, "header.bare-newline", "a CR or LF stands alone in the header");
		else
			check_byte(h, (unsigned char)s[pos]);
	}
	gate_header_fault(h, "header.unfinished", "the last header line has no line end");
	return end;
}

static bool only_wsp(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_wsp(s[i]) && s[i] != '\r' && s[i] != '\n')
			return false;
	return true;
}

/* Length of the field name at s; 0 and a fault where the line is no field. */
static size_t field_name(struct gate_header *h, const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && is_ftext((unsigned char)s[n]))
		n++;
	if (n > 0 && n < len && s[n] == ':')
		return n;
	if (n > 0 && n < len && is_wsp(s[n])) {
		size_t k = n;

		while (k < len && is_wsp(s[k]))
			k++;
		if (k < len && s[k] == ':') {
			gate_header_fault(h, "header.space-before-colon", "white space stands between a field name and its colon");
			return 0;
		}
	}
	gate_header_fault(h, "header.not-a-field", "a header line is not a field");
	return 0;
}

static int add_field(struct gate_header *h, size_t *cap, const struct gate_field *f)
{
	if (h->n == *cap) {
		size_t want = *cap == 0 ? 32 : *cap * 2;
		struct gate_field *more = realloc(h->fields, want * sizeof(*more));

		if (more == NULL)
			return VG_ERR_MEMORY;
		h->fields = more;
		*cap = want;
	}
	h->fields[h->n++] = *f;
	return VG_OK;
}

/* One field with its continuation lines, from pos. Returns the offset behind it. */
static size_t whole_field(struct gate_header *h, const char *s, size_t pos, size_t end)
{
	size_t start = pos;

	pos = line_end(h, s, pos, end);
	while (pos < end && is_wsp(s[pos])) {
		size_t line = pos;

		pos = line_end(h, s, pos, end);
		if (h->blank_fold == SIZE_MAX && only_wsp(s + line, pos - line))
			h->blank_fold = h->n;
	}
	if (pos - start > GATE_FIELD_MAX)
		gate_header_fault(h, "header.field-too-long", "a header field is longer than 64 KiB");
	return pos;
}

/* Identity fields: how many, what stands in them, and whether a reader that ends the header at a line of white space
 * would see the same ones. */
static void check_identity(struct gate_header *h)
{
	size_t from = 0, sender = 0;

	for (size_t i = 0; i < h->n; i++) {
		const struct gate_field *f = &h->fields[i];
		bool is_from = gate_field_is(f, "From"), is_sender = gate_field_is(f, "Sender");

		if (!is_from && !is_sender)
			continue;
		from += is_from;
		sender += is_sender;
		if (h->blank_fold <= i)
			gate_header_fault(h, "header.blank-fold", "a line of white space stands before the end of the sender's fields");
		for (size_t k = 0; k < f->value_len; k++) {
			unsigned char c = (unsigned char)f->value[k];

			if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
				gate_header_fault(h, "header.control", "a control character stands in the header");
		}
	}
	if (from > 1)
		gate_header_fault(h, "from.several-fields", "there is more than one From field");
	if (sender > 1)
		gate_header_fault(h, "sender.several-fields", "there is more than one Sender field");
}

int gate_header_read(struct gate_header *h, const char *bytes, size_t len)
{
	size_t pos = 0, cap = 0;
	int rc;

	memset(h, 0, sizeof(*h));
	h->blank_fold = SIZE_MAX;
	if (len > 0 && is_wsp(bytes[0])) {
		gate_header_fault(h, "header.starts-with-space", "the first header line starts with white space");
		pos = whole_field(h, bytes, pos, len);
	}
	while (pos < len && !(bytes[pos] == '\r' && pos + 1 < len && bytes[pos + 1] == '\n')) {
		size_t start = pos, name;
		struct gate_field f = {.name = bytes + start, .raw = bytes + start};

		if (h->n == GATE_FIELDS_MAX) {
			gate_header_fault(h, "header.too-many-fields", "the header has more than 1000 fields");
			break;
		}
		name = field_name(h, bytes + pos, len - pos);
		pos = whole_field(h, bytes, pos, len);
		if (name == 0)
			continue;
		f.name_len = name;
		f.raw_len = pos - start;
		f.value = bytes + start + name + 1;
		f.value_len = f.raw_len - name - 1;
		if (f.value_len >= 2 && f.value[f.value_len - 2] == '\r')
			f.value_len -= 2;
		if ((rc = add_field(h, &cap, &f)) != VG_OK)
			return rc;
	}
	h->length = pos;
	check_identity(h);
	return VG_OK;
}

void gate_header_free(struct gate_header *h)
{
	free(h->fields);
	h->fields = NULL;
	h->n = 0;
}

bool gate_field_is(const struct gate_field *f, const char *name)
{
	return strlen(name) == f->name_len && strncasecmp(f->name, name, f->name_len) == 0;
}

const struct gate_field *gate_header_next(const struct gate_header *h, const char *name, size_t *pos)
{
	size_t len = strlen(name);

	for (; *pos < h->n; ++*pos) {
		const struct gate_field *f = &h->fields[*pos];

		if (f->name_len == len && strncasecmp(f->name, name, len) == 0) {
			++*pos;
			return f;
		}
	}
	return NULL;
}

size_t gate_header_count(const struct gate_header *h, const char *name)
{
	size_t pos = 0, n = 0;

	while (gate_header_next(h, name, &pos) != NULL)
		n++;
	return n;
}

int gate_field_unfold(struct buf *out, const struct gate_field *f)
{
	const char *s = f->value, *end = f->value + f->value_len;

	while (s < end && (is_wsp(*s) || *s == '\r' || *s == '\n'))
		s++;
	while (end > s && (is_wsp(end[-1]) || end[-1] == '\r' || end[-1] == '\n'))
		end--;
	while (s < end) {
		size_t n = 0;
		int rc;

		while (s + n < end && s[n] != '\r' && s[n] != '\n')
			n++;
		if (n > 0 && (rc = buf_add(out, s, n)) != VG_OK)
			return rc;
		s += n;
		while (s < end && (*s == '\r' || *s == '\n'))
			s++;
	}
	return VG_OK;
}

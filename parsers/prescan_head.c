/*
 * prescan_head.c - which header fields count, and what is kept of them. Runs in the parser worker and in `vcspgate parse`; the
 * input is hostile. A field is judged by its name and by counting before its value is read.
 */
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "encoded_word.h"
#include "err.h"
#include "prescan_private.h"

static int edits_add(struct edits *e, size_t from, size_t to, const char *text)
{
	if (e->n == e->cap) {
		size_t cap = e->cap > 0 ? e->cap * 2 : 16;
		struct edit *list = realloc(e->list, cap * sizeof *list);

		if (list == NULL)
			return VG_ERR_MEMORY;
		e->list = list;
		e->cap = cap;
	}
	e->list[e->n++] = (struct edit){from, to, text};
	return VG_OK;
}

void head_start(struct head *h, uint64_t at)
{
	memset(&h->start, 0, sizeof *h - offsetof(struct head, start));
	buf_reset(&h->field);
	h->field.max = PRESCAN_FIELD_MAX;
	h->mended.max = 2 * PRESCAN_FIELD_MAX;
	h->start = at;
	h->bad_from = UINT64_MAX;
}

void head_free(struct head *h)
{
	buf_free(&h->field);
	buf_free(&h->mended);
	free(h->edits.list);
}

void head_drop_type(struct head *h)
{
	h->kind = PART_LEAF;
	h->type.type = NULL;
	h->values[NODE_TYPE] = NULL;
	h->digest = h->named = false;
}

/* Length of a valid field name at the start of a line, as GMime judges it; *colon: where the colon stands. */
static size_t field_name(const char *s, size_t n, size_t *colon)
{
	size_t len = 0, i;

	for (i = 0; i < n && s[i] != ':'; i++) {
		bool blank = ascii_blank(s[i]);

		if ((unsigned char)s[i] < ' ' ? !blank || i == 0 : (s[i] == 0x7f || (!blank && len < i)))
			return 0;
		if (blank && i == 0)
			return 0;
		len += !blank && len == i;
	}
	*colon = i;
	return i < n ? len : 0;
}

static bool name_is(const char *s, size_t n, const char *const *names)
{
	for (size_t i = 0; names[i] != NULL; i++)
		if (ascii_is(s, n, names[i]))
			return true;
	return false;
}

static size_t count(const char *s, size_t n, char c)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		k += s[i] == c;
	return k;
}

static enum part_kind kind_of(const struct mime_type *type)
{
	static const char *const messages[] = {"rfc822", "rfc2822", "global", "news", NULL};

	if (mime_type_is(type, "multipart", "*"))
		return PART_MULTIPART;
	if (mime_type_is(type, "message", "*") && name_is(type->subtype, strlen(type->subtype), messages))
		return PART_MESSAGE;
	return PART_LEAF;
}

/* Reads the type. VG_ERR_LIMIT where its boundary is too long. */
static int read_type(struct head *h, const char *value, size_t n)
{
	const char *boundary;
	int err = mime_type_read(&h->type, h->arena, value, n);

	if (err != VG_OK)
		return err;
	h->kind = kind_of(&h->type);
	h->digest = mime_type_is(&h->type, "multipart", "digest");
	boundary = h->kind == PART_MULTIPART ? mime_type_parameter(&h->type, "boundary") : NULL;
	h->named = boundary != NULL;
	if (boundary != NULL && strlen(boundary) > PRESCAN_BOUNDARY_MAX)
		return VG_ERR_LIMIT;
	if (boundary != NULL)
		memcpy(h->boundary, boundary, strlen(boundary) + 1);
	return VG_OK;
}

/* What senders mean who write "base64;" or "quoted printable". */
static enum mime_encoding meant_encoding(const char *value, size_t n)
{
	char letters[40];
	size_t len = 0;

	for (size_t i = 0; i < n && value[i] != '(' && len < sizeof letters; i++)
		if (ascii_alnum(value[i]))
			letters[len++] = ascii_fold(value[i]);
	if (ascii_starts(letters, len, "base64"))
		return ENCODING_BASE64;
	return ascii_starts(letters, len, "quotedprint") ? ENCODING_QUOTED : ENCODING_NONE;
}

static void read_encoding(struct head *h, const char *value, size_t n)
{
	static const char *const uu[] = {"uuencode", "x-uuencode", "x-uue", NULL};

	while (n > 0 && (unsigned char)value[n - 1] <= ' ')
		n--;
	while (n > 0 && (unsigned char)value[0] <= ' ') {
		value++;
		n--;
	}
	h->encoding = name_is(value, n, uu) ? ENCODING_UU : meant_encoding(value, n);
}

/* Length of a value's type/subtype with the blanks before it; 0: none, which would make a file of unknown kind. */
static size_t type_length(const char *value, size_t n)
{
	size_t i = 0, from;

	while (i < n && (ascii_blank(value[i]) || value[i] == '\r' || value[i] == '\n'))
		i++;
	for (from = i; i < n && (unsigned char)value[i] > ' ' && value[i] != ';';)
		i++;
	return memchr(value + from, '/', i - from) != NULL ? i : 0;
}

/* "text; charset=x", and any other word alone that says that it is text. */
static void mend_type(struct head *h, const char *value, size_t n)
{
	const char *end = memchr(value, ';', n), *word = value;
	size_t len = end != NULL ? (size_t)(end - value) : n;

	ascii_trim(&word, &len);
	if (end != NULL && (ascii_is(word, len, "text") || ascii_is(word, len, "plain") || len == 0))
		h->mend_to = h->field.len - n + (size_t)(end - value);
}

/* Content-* fields that may stand once. True: leave the field out. */
static bool content_field(struct head *h, unsigned *problems, const char *s, size_t name, size_t colon)
{
	const char *value = s + colon + 1;
	size_t n = h->field.len - colon - 1;
	bool *seen;

	if (!ascii_starts(s, name, "content-"))
		return false;
	seen = ascii_is(s, name, "content-type") ? &h->has_type : ascii_is(s, name, "content-transfer-encoding") ? &h->has_encoding :
	    ascii_is(s, name, "content-disposition") ? &h->has_disposition : NULL;
	if (seen == NULL)
		return false;
	if (*seen) {
		*problems |= PRESCAN_DUPLICATE;
		return true;
	}
	*seen = true;
	if (seen == &h->has_encoding) {
		read_encoding(h, value, n);
		return false;
	}
	if (seen == &h->has_type && type_length(value, n) == 0 && memchr(value, ';', n) == NULL) {
		h->has_type = false; /* "text": as without */
		return true;
	}
	if (seen == &h->has_type && type_length(value, n) == 0)
		mend_type(h, value, n);
	if (count(value, n, ';') > PRESCAN_PARAMETERS_MAX) {
		*problems |= PRESCAN_PARAMETERS;
		return true;
	}
	return false;
}

/* True: leave the field out. */
static bool refuse_field(struct head *h, unsigned *problems, size_t name, size_t colon)
{
	static const char *const addresses[] = {"from", "sender", "reply-to", "to", "cc", "bcc", "resent-from", "resent-sender",
		"resent-to", "resent-cc", "resent-bcc", "resent-reply-to", "disposition-notification-to", NULL};
	const char *s = (const char *)h->field.data;

	if (h->fields >= PRESCAN_FIELDS_MAX || h->kept + h->field.len > PRESCAN_BLOCK_MAX) {
		*problems |= PRESCAN_BLOCK;
		return true;
	}
	h->fields++;
	h->kept += h->field.len;
	if (h->field.len > PRESCAN_COLONS_MAX && name_is(s, name, addresses) && count(s + colon, h->field.len - colon, ':') > PRESCAN_COLONS_MAX + 1) {
		*problems |= PRESCAN_COLONS;
		return true;
	}
	return content_field(h, problems, s, name, colon);
}

/* NULs of the field, which would hide what follows. */
static void replace_nuls(struct head *h, unsigned *problems)
{
	for (unsigned char *s = h->field.data, *end = s + h->field.len; (s = memchr(s, '\0', (size_t)(end - s))) != NULL;) {
		*s = '?';
		*problems |= PRESCAN_NUL;
	}
}

#define WORDS_MAX 1000

/* Names of character sets that are unknown or wrong are replaced by what the bytes are in: GMime would ask the system for an
 * unknown one, which then loads a converter that was not warmed. What only begins like an encoded word loses its "=?".
 * VG_ERR_LIMIT: there are too many. */
static int mend_charsets(struct head *h, unsigned *problems)
{
	struct encoded_scan scan;
	struct encoded_label label;
	int err = VG_OK;

	h->edits.n = 0;
	encoded_scan_start(&scan, (const char *)h->field.data, h->field.len);
	while (err == VG_OK && encoded_scan_next(&scan, &label)) {
		if (label.unknown || h->edits.n == WORDS_MAX)
			*problems |= PRESCAN_CHARSET;
		if (h->edits.n == WORDS_MAX)
			return VG_ERR_LIMIT;
		if (label.charset != NULL)
			err = edits_add(&h->edits, label.at, label.at + label.len, label.charset);
		else
			err = edits_add(&h->edits, label.at - 2, label.at, NULL); /* the "=?", or the "*=" of a parameter */
	}
	return err;
}

/* The field's bytes behind its colon as the edits leave them. */
static int mended_value(struct head *h, size_t colon, const char **value, size_t *len)
{
	const char *s = (const char *)h->field.data;
	size_t at = colon + 1;
	int err = VG_OK;

	*value = s + at;
	*len = h->field.len - at;
	if (h->edits.n == 0)
		return VG_OK;
	buf_reset(&h->mended);
	for (size_t i = 0; i < h->edits.n && err == VG_OK; i++) {
		const struct edit *e = &h->edits.list[i];

		if (e->from < at || e->to > h->field.len)
			continue;
		err = buf_add(&h->mended, s + at, e->from - at);
		if (err == VG_OK && e->text != NULL)
			err = buf_adds(&h->mended, e->text);
		at = e->to;
	}
	if (err == VG_OK)
		err = buf_add(&h->mended, s + at, h->field.len - at);
	*value = buf_str(&h->mended);
	*len = h->mended.len;
	return err;
}

/* Keeps a field of the message itself. */
static int keep_own(struct prescan *p, const char *name, size_t name_len, const char *value, size_t len)
{
	struct prescan_field *list = p->fields;
	int err;

	if (p->n_fields % 32 == 0)
		list = realloc(list, (p->n_fields + 32) * sizeof *list);
	if (list == NULL)
		return VG_ERR_MEMORY;
	p->fields = list;
	list[p->n_fields].name = p->heading.len;
	list[p->n_fields].value = p->heading.len + name_len + 1;
	if ((err = buf_reserve(&p->heading, name_len + len + 2)) != VG_OK)
		return err == VG_ERR_LIMIT ? VG_OK : err;
	buf_add(&p->heading, name, name_len);
	buf_add(&p->heading, "", 1);
	buf_add(&p->heading, value, len);
	buf_add(&p->heading, "", 1);
	p->n_fields++;
	return VG_OK;
}

/* Keeps a field's value where its part's readers ask for it: the first of its name, but for the subject, as everywhere. */
static int keep_value(struct head *h, const char *name, size_t name_len, const char *value, size_t len)
{
	enum mime_field f = mime_field_of(name, name_len);

	if (f == NODE_FIELDS || (h->values[f] != NULL && f != NODE_SUBJECT))
		return VG_OK;
	h->values[f] = arena_strndup(h->arena, value, len);
	return h->values[f] != NULL ? VG_OK : VG_ERR_MEMORY;
}

static int keep_field(struct head *h, size_t name, size_t colon)
{
	const char *s = (const char *)h->field.data, *value;
	size_t len;
	int err = mended_value(h, colon, &value, &len);

	if (err == VG_OK && ascii_is(s, name, "content-type"))
		err = read_type(h, value, len);
	if (err == VG_OK)
		err = keep_value(h, s, name, value, len);
	if (err == VG_OK && h->own != NULL)
		err = keep_own(h->own, s, name, value, len);
	return err;
}

/* As keep_field, the field judged before. */
static int judge_field(struct head *h, unsigned *problems, size_t name, size_t colon)
{
	const char *s = (const char *)h->field.data;
	bool type = ascii_is(s, name, "content-type");
	int err;

	if (refuse_field(h, problems, name, colon))
		return VG_OK;
	err = mend_charsets(h, problems);
	if (err == VG_OK && h->field_cut)
		*problems |= PRESCAN_FIELD;
	if (err == VG_OK && h->mend_to > 0 && h->edits.n == 0)
		err = edits_add(&h->edits, colon + 1, h->mend_to, "text/plain");
	if (err == VG_OK && (err = keep_field(h, name, colon)) == VG_ERR_LIMIT && type)
		*problems |= PRESCAN_PARAMETERS;
	if (err == VG_ERR_LIMIT && type)
		head_drop_type(h);
	return err == VG_ERR_LIMIT ? VG_OK : err;
}

int head_field_end(struct head *h, unsigned *problems)
{
	if (!h->in_field)
		return VG_OK;
	h->in_field = false;
	replace_nuls(h, problems);
	return judge_field(h, problems, h->name, h->colon);
}

static int field_collect(struct head *h, const char *line, size_t given, uint64_t total)
{
	size_t room = PRESCAN_FIELD_MAX - h->field.len;

	if (total > room) {
		h->field_cut = true;
		given = given < room ? given : room;
	}
	return given > 0 ? buf_add(&h->field, line, given) : VG_OK;
}

/* A line that neither is a field nor continues one. */
static void bad_line(struct head *h, unsigned *problems, uint64_t at, const char *line, size_t given, bool top)
{
	if (!h->valid_seen && top) {
		if (!(h->lines == 1 && given > 5 && memcmp(line, "From ", 5) == 0))
			*problems |= PRESCAN_GARBAGE;
	} else if (h->bad_from == UINT64_MAX) { /* passed over where a field follows */
		h->bad_from = at;
	}
}

int head_line(struct head *h, unsigned *problems, uint64_t at, const char *line, size_t given, uint64_t total, bool top)
{
	char name[PRESCAN_BOUNDARY_MAX];
	size_t n = given < sizeof name ? given : sizeof name;
	int err;

	h->lines++;
	if (given > 0 && ascii_blank(line[0]) && h->in_field)
		return field_collect(h, line, given, total);
	if ((err = head_field_end(h, problems)) != VG_OK)
		return err;
	if (h->bad_from != UINT64_MAX && at - h->start > PRESCAN_BLOCK_MAX)
		return VG_OK; /* a body without an empty line before it */
	for (size_t i = 0; i < n; i++)
		name[i] = line[i] != '\0' ? line[i] : '?';
	if ((h->name = field_name(name, n, &h->colon)) == 0) {
		bad_line(h, problems, at, line, given, top);
		return VG_OK;
	}
	h->valid_seen = true;
	h->bad_from = UINT64_MAX;
	h->in_field = true;
	h->mend_to = 0;
	h->field_cut = false;
	buf_reset(&h->field);
	return field_collect(h, line, given, total);
}

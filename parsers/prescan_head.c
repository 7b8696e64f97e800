/*
 * prescan_head.c - which header fields GMime may see. Runs in the parser worker and in `vcspgate parse`; the input is
 * hostile. A field is judged by its name and by counting; its Content-Type is read by GMime itself, within the limits,
 * so that both see the same boundary.
 */
#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "encoded_word.h"
#include "err.h"
#include "mime.h"
#include "prescan_private.h"

int edits_add(struct edits *e, enum edit_kind kind, uint64_t from, uint64_t to)
{
	struct edit *last = e->n > 0 ? &e->list[e->n - 1] : NULL;

	if (last != NULL && kind == EDIT_CUT && last->kind == EDIT_CUT && last->to == from) {
		last->to = to;
		return VG_OK;
	}
	if (e->n == e->cap) {
		size_t cap = e->cap > 0 ? e->cap * 2 : 16;
		struct edit *list = realloc(e->list, cap * sizeof *list);

		if (list == NULL)
			return VG_ERR_MEMORY;
		e->list = list;
		e->cap = cap;
	}
	e->list[e->n++] = (struct edit){from, to, kind, NULL};
	return VG_OK;
}

int edits_text(struct edits *e, uint64_t from, uint64_t to, const char *text)
{
	int err = edits_add(e, EDIT_TEXT, from, to);

	if (err == VG_OK)
		e->list[e->n - 1].text = text;
	return err;
}

void head_start(struct head *h, uint64_t at)
{
	struct buf field = h->field;

	memset(h, 0, sizeof *h);
	h->field = field;
	h->field.max = PRESCAN_FIELD_MAX;
	buf_reset(&h->field);
	h->start = at;
	h->bad_from = UINT64_MAX;
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

static enum part_kind kind_of(GMimeContentType *type)
{
	const char *sub = g_mime_content_type_get_media_subtype(type);
	static const char *const messages[] = {"rfc822", "rfc2822", "global", "news", NULL};

	if (g_mime_content_type_is_type(type, "multipart", "*"))
		return PART_MULTIPART;
	if (g_mime_content_type_is_type(type, "message", "*") && sub != NULL && name_is(sub, strlen(sub), messages))
		return PART_MESSAGE;
	return PART_LEAF;
}

/* The value as GMime's header reader would hand it on. False where its boundary is too long. */
static bool read_type(struct head *h, const char *value, size_t n)
{
	GMimeContentType *type;
	const char *boundary;
	char *copy;
	bool ok = true;

	if (ascii_find(value, n, "multipart") == NULL && ascii_find(value, n, "message") == NULL)
		return true;
	copy = g_strndup(value, n);
	type = g_mime_content_type_parse(mime_options, copy);
	g_free(copy);
	if (type == NULL)
		return true;
	h->kind = kind_of(type);
	h->digest = g_mime_content_type_is_type(type, "multipart", "digest");
	boundary = g_mime_content_type_get_parameter(type, "boundary");
	h->named = boundary != NULL;
	if (boundary != NULL && strlen(boundary) <= PRESCAN_BOUNDARY_MAX)
		memcpy(h->boundary, boundary, strlen(boundary) + 1);
	else if (boundary != NULL)
		ok = false;
	if (!ok)
		h->kind = PART_LEAF;
	g_object_unref(type);
	return ok;
}

/* What senders mean who write "base64;" or "quoted printable"; NULL: nothing known. */
static const char *meant_encoding(const char *value, size_t n)
{
	char letters[40];
	size_t len = 0;

	for (size_t i = 0; i < n && value[i] != '(' && len < sizeof letters; i++)
		if (ascii_alnum(value[i]))
			letters[len++] = ascii_fold(value[i]);
	if (ascii_starts(letters, len, "base64"))
		return "base64";
	return ascii_starts(letters, len, "quotedprint") ? "quoted-printable" : NULL;
}

static void read_encoding(struct head *h, const char *value, size_t n)
{
	char *copy = g_strndup(value, n);

	switch (g_mime_content_encoding_from_string(copy)) {
	case GMIME_CONTENT_ENCODING_BASE64:
	case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE:
	case GMIME_CONTENT_ENCODING_UUENCODE:
		h->encoded = true;
		break;
	default:
		h->mend = meant_encoding(value, n);
		h->encoded = h->mend != NULL;
		break;
	}
	g_free(copy);
}

/* Length of a value's type/subtype with the blanks before it; 0: none, which GMime takes for a file of unknown kind. */
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
static void mend_type(struct head *h, const char *value, size_t n, uint64_t at)
{
	const char *end = memchr(value, ';', n), *word = value;
	size_t len = end != NULL ? (size_t)(end - value) : n;

	ascii_trim(&word, &len);
	if (end == NULL || !(ascii_is(word, len, "text") || ascii_is(word, len, "plain") || len == 0))
		return;
	h->mend = "text/plain";
	h->mend_from = at;
	h->mend_to = at + (uint64_t)(end - value);
}

/* Content-* fields that may stand once. True: leave the field out. */
static bool content_field(struct head *h, unsigned *problems, uint64_t to, const char *s, size_t name, size_t colon)
{
	const char *value = s + colon + 1;
	size_t n = h->field.len - colon - 1;
	bool *seen = ascii_is(s, name, "content-type") ? &h->has_type :
	    ascii_is(s, name, "content-transfer-encoding") ? &h->has_encoding :
	    ascii_is(s, name, "content-disposition") ? &h->has_disposition : NULL;

	if (seen == NULL)
		return false;
	if (*seen) {
		*problems |= PRESCAN_DUPLICATE;
		return true;
	}
	*seen = true;
	if (seen == &h->has_encoding) {
		while (n > 0 && (unsigned char)value[n - 1] <= ' ')
			n--;
		read_encoding(h, value, n);
		h->mend_from = h->field_from + colon + 1;
		h->mend_to = h->mend_from + n;
		return false;
	}
	if (seen == &h->has_type && type_length(value, n) == 0 && memchr(value, ';', n) == NULL) {
		h->has_type = false; /* "text": as without */
		return true;
	}
	if (seen == &h->has_type && type_length(value, n) == 0)
		mend_type(h, value, n, h->field_from + colon + 1);
	if (count(value, n, ';') > PRESCAN_PARAMETERS_MAX || (seen == &h->has_type && !read_type(h, value, n))) {
		*problems |= PRESCAN_PARAMETERS;
		return true;
	}
	if (seen == &h->has_type) {
		h->type_from = h->field_from;
		h->type_to = to;
		h->parameters = h->field_from + colon + 1 + type_length(value, n);
	}
	return false;
}

/* True: leave the field out. */
static bool refuse_field(struct head *h, unsigned *problems, uint64_t to)
{
	static const char *const addresses[] = {"from", "sender", "reply-to", "to", "cc", "bcc", "resent-from", "resent-sender",
		"resent-to", "resent-cc", "resent-bcc", "resent-reply-to", "disposition-notification-to", NULL};
	const char *s = (const char *)h->field.data;
	size_t colon = 0, name = field_name(s, h->field.len, &colon);

	if (name == 0)
		return false;
	if (h->fields >= PRESCAN_FIELDS_MAX || h->kept + h->field.len > PRESCAN_BLOCK_MAX) {
		*problems |= PRESCAN_BLOCK;
		return true;
	}
	h->fields++;
	h->kept += h->field.len;
	if (name_is(s, name, addresses) && count(s + colon, h->field.len - colon, ':') > PRESCAN_COLONS_MAX + 1) {
		*problems |= PRESCAN_COLONS;
		return true;
	}
	return content_field(h, problems, to, s, name, colon);
}

/* NULs of the field, which would hide what follows. */
static bool replace_nuls(struct head *h, unsigned *problems)
{
	bool found = false;

	for (size_t i = 0; i < h->field.len; i++)
		if (h->field.data[i] == '\0') {
			h->field.data[i] = '?';
			found = true;
		}
	if (found)
		*problems |= PRESCAN_NUL;
	return found;
}

#define WORDS_MAX 1000

/* Names of character sets that are unknown or wrong are replaced by what the bytes are in: GMime would ask the system for an
 * unknown one, which then loads a converter that was not warmed. What only begins like an encoded word loses its "=?".
 * False: there are too many. */
static bool mend_charsets(struct head *h, struct edits *edits, unsigned *problems, int *err)
{
	struct encoded_scan scan;
	struct encoded_label label;
	size_t found = 0;

	encoded_scan_start(&scan, (const char *)h->field.data, h->field.len);
	while (*err == VG_OK && encoded_scan_next(&scan, &label)) {
		uint64_t at = h->field_from + label.at;

		if (label.unknown || found == WORDS_MAX)
			*problems |= PRESCAN_CHARSET;
		if (++found > WORDS_MAX)
			return false;
		if (label.charset != NULL)
			*err = edits_text(edits, at, at + label.len, label.charset);
		else
			*err = edits_add(edits, EDIT_CUT, at - 2, at); /* the "=?", or the "*=" of a parameter */
	}
	return true;
}

/* Appends the field's bytes behind its colon as the edits leave them. */
static int add_mended(struct buf *out, const struct head *h, size_t colon, const struct edit *edits, size_t n)
{
	const char *s = (const char *)h->field.data;
	size_t at = colon + 1;
	int err = VG_OK;

	for (size_t i = 0; i < n && err == VG_OK; i++) {
		size_t from = (size_t)(edits[i].from - h->field_from), to = (size_t)(edits[i].to - h->field_from);

		if (from < at || to > h->field.len || edits[i].kind == EDIT_NULS)
			continue;
		err = buf_add(out, s + at, from - at);
		if (err == VG_OK && edits[i].kind == EDIT_TEXT)
			err = buf_adds(out, edits[i].text);
		at = to;
	}
	return err == VG_OK ? buf_add(out, s + at, h->field.len - at) : err;
}

/* Keeps a field of the message itself, which edits from number `before` on have mended. What is no business of GMime's is left out:
 * a field costs it an object, and those of addresses a tree of them. The first stays, since it wants one. */
static int keep_field(struct head *h, struct edits *edits, size_t before, uint64_t to)
{
	struct prescan *p = h->own;
	const char *s = (const char *)h->field.data;
	size_t colon = 0, name = field_name(s, h->field.len, &colon);
	struct prescan_field *list = p->fields;
	int err;

	if ((p->n_fields & (p->n_fields - 1)) == 0) /* room is the next power of two */
		list = realloc(list, (p->n_fields > 0 ? 2 * p->n_fields : 1) * sizeof *list);
	if (list == NULL)
		return VG_ERR_MEMORY;
	p->fields = list;
	list[p->n_fields].name = p->heading.len;
	err = buf_add(&p->heading, s, name);
	if (err == VG_OK)
		err = buf_add(&p->heading, "", 1);
	list[p->n_fields].value = p->heading.len;
	if (err == VG_OK)
		err = add_mended(&p->heading, h, colon, edits->n > before ? edits->list + before : NULL, edits->n - before);
	if (err == VG_OK)
		err = buf_add(&p->heading, "", 1);
	p->n_fields += err == VG_OK;
	if (err == VG_ERR_MEMORY || h->field_from == h->first || ascii_starts(s, name, "content-"))
		return err == VG_ERR_MEMORY ? err : VG_OK;
	edits->n = before;
	return edits_add(edits, EDIT_CUT, h->field_from, to);
}

/* The field collected so far ends at `to`, behind its line end. */
int head_field_end(struct head *h, struct edits *edits, unsigned *problems, uint64_t to)
{
	uint64_t from = h->field_from;
	unsigned masked = 0;
	size_t before;
	bool nuls, mended;
	int err = VG_OK;

	if (!h->in_field)
		return VG_OK;
	h->in_field = false;
	nuls = replace_nuls(h, problems);
	before = edits->n;
	if (refuse_field(h, problems, to))
		return edits_add(edits, EDIT_CUT, from, to);
	mended = mend_charsets(h, edits, &masked, &err);
	if (err == VG_OK && h->mend != NULL && mended && edits->n == before)
		err = edits_text(edits, h->mend_from, h->mend_to, h->mend);
	*problems |= masked;
	if (!mended || (nuls && edits->n > before)) {
		edits->n = before;
		if (h->has_type && h->type_from == from)
			h->kind = PART_LEAF;
		return edits_add(edits, EDIT_CUT, from, to);
	}
	if (err == VG_OK && nuls)
		err = edits_add(edits, EDIT_NULS, from, from + h->field.len);
	if (err == VG_OK && h->field_cut) {
		*problems |= PRESCAN_FIELD;
		err = edits_add(edits, EDIT_CUT, from + h->field.len, to - 1); /* the last line feed stays */
	}
	if (err == VG_OK && h->own != NULL)
		err = keep_field(h, edits, before, to);
	return err;
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
static int bad_line(struct head *h, struct edits *edits, unsigned *problems, uint64_t at, const char *line, size_t given,
    uint64_t total, bool top)
{
	if (h->valid_seen || !top) { /* of a part: GMime passes over it where a field follows */
		if (h->bad_from == UINT64_MAX)
			h->bad_from = at;
		return VG_OK;
	}
	if (!(h->lines == 1 && given > 5 && memcmp(line, "From ", 5) == 0))
		*problems |= PRESCAN_GARBAGE;
	return edits_add(edits, EDIT_CUT, at, at + total);
}

int head_line(struct head *h, struct edits *edits, unsigned *problems, uint64_t at, const char *line, size_t given,
    uint64_t total, bool top)
{
	char name[PRESCAN_BOUNDARY_MAX];
	size_t n = given < sizeof name ? given : sizeof name, colon;
	int err;

	h->lines++;
	if (given > 0 && ascii_blank(line[0]) && h->in_field)
		return field_collect(h, line, given, total);
	if ((err = head_field_end(h, edits, problems, at)) != VG_OK)
		return err;
	if (h->bad_from != UINT64_MAX && at - h->start > PRESCAN_BLOCK_MAX)
		return VG_OK; /* a body without an empty line before it */
	/* A NUL in the name would make GMime refuse the whole message. */
	for (size_t i = 0; i < n; i++)
		name[i] = line[i] != '\0' ? line[i] : '?';
	if (field_name(name, n, &colon) == 0)
		return bad_line(h, edits, problems, at, line, given, total, top);
	if (h->own != NULL && h->bad_from != UINT64_MAX && (err = edits_add(edits, EDIT_CUT, h->bad_from, at)) != VG_OK)
		return err; /* GMime, who does not see the field behind them, would take them for the body */
	if (!h->valid_seen)
		h->first = at;
	h->valid_seen = true;
	h->bad_from = UINT64_MAX;
	h->in_field = true;
	h->mend = NULL;
	h->field_cut = false;
	h->field_from = at;
	buf_reset(&h->field);
	return field_collect(h, line, given, total);
}

int head_end(struct head *h, struct edits *edits, unsigned *problems, uint64_t at)
{
	int err = head_field_end(h, edits, problems, at);

	if (err == VG_OK && h->bad_from != UINT64_MAX && (h->kind != PART_MESSAGE || at - h->start > PRESCAN_BLOCK_MAX)) {
		*problems |= PRESCAN_UNTERMINATED;
		err = edits_text(edits, h->bad_from, h->bad_from, "\n");
	}
	return err;
}

/*
 * message_parts.c - leaves of the MIME tree, decoded. Runs in the parser worker and in `vcspgate parse`; names, types
 * and content are hostile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "message_parts.h"
#include "mime_content.h"
#include "mime_prologue.h"
#include "oneline.h"

/* Text is decoded up to here: what does not fit the body is not looked at. */
#define TEXT_SOURCE_MAX (8u * 1024u * 1024u)
#define TYPE_MAX 128

/* ---- text ---- */

static bool parameter_is(GMimePart *part, const char *name, const char *value)
{
	const char *v = g_mime_object_get_content_type_parameter(GMIME_OBJECT(part), name);

	return v != NULL && g_ascii_strcasecmp(v, value) == 0;
}

int message_body_part(struct message *m, const struct mime_leaf *leaf)
{
	struct body_format format = {0};
	bool more = false;
	struct buf b;
	int err;

	buf_init(&b, TEXT_SOURCE_MAX);
	if (leaf->kind == MIME_PROLOGUE) {
		err = mime_prologue_text(&b, leaf->prologue, strlen(leaf->prologue));
		m->body.truncated |= err == VG_ERR_LIMIT;
		err = err == VG_ERR_MEMORY ? err : body_add_plain(&m->body, &format, buf_str(&b), b.len);
		buf_free(&b);
		return err;
	}
	format.charset = g_mime_object_get_content_type_parameter(GMIME_OBJECT(leaf->part), "charset");
	format.flowed = parameter_is(leaf->part, "format", "flowed");
	format.delsp = parameter_is(leaf->part, "delsp", "yes");
	err = mime_content_read(leaf->part, &b, &more);
	if (err == VG_OK && leaf->kind == MIME_HTML)
		err = body_add_html(&m->body, format.charset, buf_str(&b), b.len);
	else if (err == VG_OK)
		err = body_add_plain(&m->body, &format, buf_str(&b), b.len);
	m->body.truncated |= more;
	buf_free(&b);
	return err;
}

/* ---- files ---- */

/* "type/subtype" in lower case; "" where the mail names none that could be one. */
static void declared_type(char out[TYPE_MAX], const struct mime_leaf *leaf)
{
	GMimeContentType *t = leaf->part != NULL ? g_mime_object_get_content_type(GMIME_OBJECT(leaf->part)) : NULL;
	char *type = t != NULL ? g_mime_content_type_get_mime_type(t) : NULL;
	size_t n = type != NULL ? strlen(type) : 0;

	out[0] = '\0';
	if (leaf->kind == MIME_MESSAGE)
		memcpy(out, "message/rfc822", sizeof "message/rfc822");
	for (size_t i = 0; i < n && n < TYPE_MAX; i++) {
		if (type[i] <= ' ' || type[i] == 0x7f || (unsigned char)type[i] >= 0x80) {
			n = 0;
			break;
		}
		out[i] = ascii_fold(type[i]);
	}
	if (leaf->kind != MIME_MESSAGE)
		out[n < TYPE_MAX ? n : 0] = '\0';
	g_free(type);
}

/* The subject names an attached message that has no file name. */
static char *declared_name(const struct mime_leaf *leaf)
{
	const char *name = leaf->part != NULL ? g_mime_part_get_filename(leaf->part) : NULL;
	const char *subject = leaf->message != NULL ? g_mime_message_get_subject(leaf->message) : NULL;
	char line[120], *dot;

	if (name != NULL)
		return g_strdup(name);
	if (subject == NULL || oneline(line, sizeof line, subject, strlen(subject), ONELINE_CP1252) == 0)
		return g_strdup("");
	for (dot = line; (dot = strpbrk(dot, "/\\:*?\"<>|")) != NULL;)
		*dot = '_';
	return g_strdup_printf("%s.eml", line);
}

static void reserialised(const struct mime_leaf *leaf, GByteArray **bytes, struct source *src)
{
	GMimeStream *mem = g_mime_stream_mem_new();

	*bytes = g_byte_array_new();
	g_mime_stream_mem_set_byte_array(GMIME_STREAM_MEM(mem), *bytes);
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(mem), FALSE);
	if (leaf->message != NULL)
		g_mime_object_write_to_stream(GMIME_OBJECT(leaf->message), NULL, mem);
	g_object_unref(mem);
	source_memory(src, (*bytes)->data, (*bytes)->len);
}

/* A leaf's content while it is read. */
struct opened {
	struct mime_content *content;
	GByteArray *bytes;
	struct source src;
};

static int open_leaf(struct opened *o, const struct mime *mime, struct parse_input *in, const struct mime_leaf *leaf)
{
	memset(o, 0, sizeof *o);
	if (leaf->part != NULL)
		return mime_content_part(&o->content, leaf->part, &o->src);
	if (leaf->range < mime->scan->n_messages)
		return mime_content_range(&o->content, in, &mime->scan->messages[leaf->range], &o->src);
	reserialised(leaf, &o->bytes, &o->src);
	return VG_OK;
}

static void close_leaf(struct opened *o)
{
	mime_content_close(&o->content);
	if (o->bytes != NULL)
		g_byte_array_free(o->bytes, TRUE);
}

static json_t *attachment(const struct mime *mime, struct parse_input *in, const struct mime_leaf *leaf, size_t number,
    struct inspector *inspector, struct inspect_job *job, bool refuse)
{
	char id[24], type[TYPE_MAX], *name = declared_name(leaf);
	struct inspect_attachment a = {.id = id, .name = name, .content_type = type,
		.disposition = leaf->is_inline ? "inline" : "attachment", .related = leaf->related,
		.problems = (leaf->cut ? ARCHIVE_TRUNCATED : 0u) | (refuse ? ARCHIVE_TOO_LARGE : 0u)};
	struct opened o = {0};
	json_t *out = NULL;

	snprintf(id, sizeof id, "a%zu", number);
	declared_type(type, leaf);
	if (refuse)
		source_memory(&o.src, "", 0);
	if (refuse || open_leaf(&o, mime, in, leaf) == VG_OK)
		out = inspect(inspector, job, &a, &o.src);
	close_leaf(&o);
	g_free(name);
	return out;
}

int message_attachments(struct message *m, const struct mime *mime, struct parse_input *in, struct inspector *inspector,
    struct inspect_job *job, uint64_t decoded, json_t *list)
{
	uint64_t used = 0;

	for (size_t i = 0; i < mime->n_files; i++) {
		bool refuse = used >= decoded;
		json_t *a = attachment(mime, in, &mime->files[i], i + 1, inspector, job, refuse);

		if (a == NULL || json_array_append_new(list, a) != 0)
			return VG_ERR_MEMORY;
		used += (uint64_t)json_integer_value(json_object_get(a, "size"));
		if (refuse)
			message_note(m, "mime.decoded-limit", "more decoded content than is read; later attachments were left out");
	}
	return VG_OK;
}

/* ---- extraction ---- */

struct extract {
	message_out *out;
	void *arg;
	struct inspector *inspector;
	struct message_part_info *info;
};

/* Names the type by the first block. */
static int extract_block(void *arg, const void *data, size_t n)
{
	struct extract *x = arg;

	if (x->info->size == 0 && n > 0)
		snprintf(x->info->content_type, sizeof x->info->content_type, "%s",
		    inspect_type(x->inspector, data, n < 16384 ? n : 16384));
	x->info->size += n;
	return x->out(x->arg, data, n);
}

static int extract_all(struct extract *x, struct source *src)
{
	const void *block;
	ssize_t n;
	int err = VG_OK;

	while (err == VG_OK && (n = src->read(src, &block)) != 0)
		err = n < 0 ? VG_ERR_SYSTEM : extract_block(x, block, (size_t)n);
	return err;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

int message_extract_part(const struct mime *mime, struct parse_input *in, struct inspector *inspector, const char *part,
    const char *entry, struct archive_passwords *passwords, message_out *out, void *arg, struct message_part_info *info)
{
	struct archive_budget budget = ARCHIVE_BUDGET_INIT;
	struct extract x = {out, arg, inspector, info};
	const struct mime_leaf *leaf;
	char type[TYPE_MAX], *end = NULL, *name;
	unsigned long number = part[0] == 'a' && ascii_digit(part[1]) ? strtoul(part + 1, &end, 10) : 0;
	struct opened o;
	int err;

	if (number == 0 || *end != '\0' || number > mime->n_files)
		return VG_ERR_NOTFOUND;
	leaf = &mime->files[number - 1];
	declared_type(type, leaf);
	name = declared_name(leaf);
	inspect_name(info->name, sizeof info->name, name, type);
	snprintf(info->content_type, sizeof info->content_type, "%s", type[0] != '\0' ? type : "application/octet-stream");
	g_free(name);
	budget.passwords = passwords;
	err = open_leaf(&o, mime, in, leaf);
	if (err == VG_OK && entry != NULL && entry[0] != '\0') {
		err = archive_extract(&o.src, info->name, entry, &budget, extract_block, &x);
		inspect_name(info->name, sizeof info->name, base_name(entry), info->content_type);
	} else if (err == VG_OK) {
		err = extract_all(&x, &o.src);
	}
	close_leaf(&o);
	return err;
}

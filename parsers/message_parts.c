/*
 * message_parts.c - leaves of the MIME tree, decoded. Runs in the parser worker and in `vcspgate parse`; names, types
 * and content are hostile.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "calendar.h"
#include "charset.h"
#include "encoded_word.h"
#include "err.h"
#include "message_parts.h"
#include "mime_prologue.h"
#include "oneline.h"
#include "unpack.h"
#include "uu.h"
#include "volumes.h"

#define SPARE_LOOK 20 /* attachments that are looked at for a body */
#define CALENDAR_MAX (256u * 1024u)

/* ---- text ---- */

static bool parameter_is(const struct mime_node *part, const char *name, const char *value)
{
	const char *v = mime_node_parameter(part, name);

	return v != NULL && strcasecmp(v, value) == 0;
}

/* Appends the text without the files in it, which are attachments. first: of them. */
static int cut_uuencoded(struct buf *out, const struct mime_text *t, struct uu_block *first)
{
	size_t at = 0;
	int err;

	do {
		err = buf_add(out, t->s + at, first->from - at);
		at = first->to;
	} while (err == VG_OK && uu_find(t->s, t->len, at, first));
	return err == VG_OK ? buf_add(out, t->s + at, t->len - at) : err;
}

static int add_plain(struct message *m, const struct mime_node *part, const struct mime_text *t)
{
	struct body_format format = {mime_node_parameter(part, "charset"), parameter_is(part, "format", "flowed"),
		parameter_is(part, "delsp", "yes")};
	struct uu_block u = {0};
	struct buf rest;
	int err;

	if (!uu_find(t->s, t->len, 0, &u))
		return body_add_plain(&m->body, &format, t->s, t->len);
	buf_init(&rest, t->len);
	err = cut_uuencoded(&rest, t, &u);
	if (err == VG_OK)
		err = body_add_plain(&m->body, &format, buf_str(&rest), rest.len);
	buf_free(&rest);
	return err;
}

static int add_prologue(struct message *m, const struct mime_text *t)
{
	struct body_format format = {0};
	struct buf b;
	int err;

	buf_init(&b, MIME_TEXT_MAX);
	err = mime_prologue_text(&b, t->s, t->len);
	m->body.truncated |= err == VG_ERR_LIMIT;
	if (err != VG_ERR_MEMORY)
		err = body_add_plain(&m->body, &format, buf_str(&b), b.len);
	buf_free(&b);
	return err;
}

int message_body_part(struct message *m, struct parse_input *in, struct mime_leaf *leaf)
{
	int err = leaf->text.s == NULL ? mime_text_open(&leaf->text, in, leaf->node, MIME_TEXT_MAX) : VG_OK;

	if (err != VG_OK)
		return err;
	if (leaf->kind == MIME_PROLOGUE)
		err = add_prologue(m, &leaf->text);
	else if (leaf->kind == MIME_HTML)
		err = body_add_html(&m->body, mime_node_parameter(leaf->node, "charset"), leaf->text.s, leaf->text.len);
	else
		err = add_plain(m, leaf->node, &leaf->text);
	m->body.truncated |= leaf->text.more;
	mime_text_close(&leaf->text);
	return err;
}

/* ---- files ---- */

/* "type/subtype" in lower case; "" where the mail names none that could be one. */
static void declared_type(char out[MESSAGE_TYPE_MAX], const struct mime_leaf *leaf)
{
	const struct mime_type *t = &leaf->node->type;
	int n = leaf->kind == MIME_UU ? 0 : leaf->kind == MIME_MESSAGE ? snprintf(out, MESSAGE_TYPE_MAX, "message/rfc822") :
	    snprintf(out, MESSAGE_TYPE_MAX, "%s/%s", t->type, t->subtype);

	if (n <= 0 || n >= MESSAGE_TYPE_MAX)
		n = 0;
	out[n] = '\0';
	for (int i = 0; i < n; i++) {
		if ((unsigned char)out[i] <= ' ' || (unsigned char)out[i] >= 0x7f)
			n = 0;
		else
			out[i] = ascii_fold(out[i]);
	}
	out[n] = '\0';
}

/* The subject names an attached message that has no file name. */
static char *declared_name(const struct mime_leaf *leaf)
{
	const struct mime_node *inner = leaf->kind == MIME_MESSAGE ? leaf->node->child : NULL;
	const char *raw = inner != NULL ? inner->fields[NODE_SUBJECT] : NULL;
	char line[120] = "", *dot;
	struct buf subject;

	if (leaf->name != NULL)
		return g_strdup(leaf->name);
	buf_init(&subject, 3 * PRESCAN_FIELD_MAX);
	if (raw != NULL && encoded_word_decode(&subject, raw, strlen(raw)) == VG_OK)
		oneline(line, sizeof line, buf_str(&subject), subject.len, ONELINE_CP1252);
	buf_free(&subject);
	if (line[0] == '\0')
		return g_strdup("");
	for (dot = line; (dot = strpbrk(dot, "/\\:*?\"<>|")) != NULL;)
		*dot = '_';
	return g_strdup_printf("%s.eml", line);
}

int message_file_open(struct message_file *f, struct parse_input *in, const struct mime_leaf *leaf)
{
	memset(f, 0, sizeof *f);
	f->name = declared_name(leaf);
	declared_type(f->type, leaf);
	if (leaf->kind == MIME_UU)
		return mime_content_uu(&f->content, in, leaf->node, leaf->uu_from, leaf->uu_to, &f->src);
	return mime_content_open(&f->content, in, leaf->node, &f->src);
}

void message_file_close(struct message_file *f)
{
	mime_content_close(&f->content);
	g_free(f->name);
}

static json_t *attachment(const struct mime *mime, struct parse_input *in, size_t number, struct inspector *inspector,
    struct inspect_job *job, bool refuse)
{
	const struct mime_leaf *leaf = &mime->files[number - 1];
	struct inspect_attachment a = {.disposition = leaf->is_inline ? "inline" : "attachment", .related = leaf->related,
		.opened = leaf->kind == MIME_MESSAGE,
		.problems = (leaf->cut ? ARCHIVE_TRUNCATED : 0u) | (refuse ? ARCHIVE_TOO_LARGE : 0u)};
	enum volumes_place place = refuse ? VOLUMES_NONE : volumes_place_of(mime, number - 1);
	struct volumes *volumes = NULL;
	struct message_file f;
	struct source joined;
	json_t *out = NULL;
	char id[24], name[256];

	snprintf(id, sizeof id, "a%zu", number);
	a.volume = place == VOLUMES_MEMBER;
	if (place == VOLUMES_LEADER && volumes_open(&volumes, mime, in, number - 1, &joined, name, sizeof name) == VG_OK) {
		a.joined = &joined;
		a.joined_name = name;
	}
	if (message_file_open(&f, in, leaf) == VG_OK) {
		if (refuse)
			source_memory(&f.src, "", 0);
		a.id = id;
		a.name = f.name;
		a.content_type = f.type;
		out = inspect(inspector, job, &a, &f.src);
	}
	message_file_close(&f);
	volumes_close(&volumes);
	return out;
}

static bool has_problem(const json_t *attachment, const char *name)
{
	size_t i;
	json_t *p;

	json_array_foreach(json_object_get(attachment, "problems"), i, p)
		if (strcmp(json_string_value(p), name) == 0)
			return true;
	return false;
}

/* Which volumes the sender has to send still. */
static void note_missing_volumes(struct message *m, const struct mime *mime, const json_t *list)
{
	static const char begin[] = "Volumes of an archive are missing: ";
	char said[MESSAGE_LINE_MAX + 1], names[400];
	size_t used = sizeof begin - 1, i;
	json_t *a;

	memcpy(said, begin, sizeof begin);
	json_array_foreach(list, i, a) {
		if (!has_problem(a, "split-volume"))
			continue;
		volumes_missing(mime, i, !has_problem(a, "unreadable"), names, sizeof names);
		if (names[0] == '\0' || strstr(said, names) != NULL || used + strlen(names) + 3 > sizeof said)
			continue;
		used += (size_t)snprintf(said + used, sizeof said - used, "%s%s", said[used - 1] != ' ' ? ", " : "", names);
	}
	if (used >= sizeof begin)
		message_note(m, "archive.volume-missing", message_line(m, said, used));
}

int message_attachments(struct message *m, const struct mime *mime, struct parse_input *in, struct inspector *inspector,
    struct inspect_job *job, uint64_t decoded, json_t *list)
{
	uint64_t used = 0;

	for (size_t i = 0; i < mime->n_files; i++) {
		bool refuse = used >= decoded;
		json_t *a = attachment(mime, in, i + 1, inspector, job, refuse);

		if (a == NULL || json_array_append_new(list, a) != 0)
			return VG_ERR_MEMORY;
		used += (uint64_t)json_integer_value(json_object_get(a, "size"));
		if (refuse)
			message_note(m, "mime.decoded-limit", "more decoded content than is read; later attachments were left out");
	}
	note_missing_volumes(m, mime, list);
	return VG_OK;
}

/* The text of a winmail.dat, a mail in its signature or an invitation; nothing of other files. VG_ERR_MEMORY. */
static int spare_text(struct buf *text, struct message_file *f)
{
	enum unpack_form form = UNPACK_NONE;
	const void *head;
	struct buf b, utf8;
	ssize_t got = f->src.seek(&f->src, 0) >= 0 ? f->src.read(&f->src, &head) : VG_ERR_SYSTEM;
	int err;

	if (got > 0)
		form = unpack_form(f->name, f->type, head, (size_t)got);
	if (form == UNPACK_TNEF || form == UNPACK_SIGNED)
		return unpack_text(text, &f->src, form) == VG_ERR_MEMORY ? VG_ERR_MEMORY : VG_OK;
	if (strcmp(f->type, "text/calendar") != 0)
		return VG_OK;
	buf_init(&b, CALENDAR_MAX);
	buf_init(&utf8, 3 * CALENDAR_MAX);
	err = f->src.seek(&f->src, 0);
	for (ssize_t n = 1; err >= 0 && (n = f->src.read(&f->src, &head)) > 0;)
		err = buf_add(&b, head, (size_t)n);
	if (err >= 0 && (err = charset_to_utf8(&utf8, NULL, b.data, b.len)) == VG_OK)
		err = calendar_text(text, buf_str(&utf8), utf8.len);
	buf_free(&b);
	buf_free(&utf8);
	return err == VG_ERR_MEMORY ? err : VG_OK;
}

int message_spare_body(struct message *m, const struct mime *mime, struct parse_input *in)
{
	struct message_file f;
	struct buf text;
	int err = VG_OK;

	buf_init(&text, MESSAGE_TEXT_MAX);
	for (size_t i = 0; i < mime->n_files && i < SPARE_LOOK && err == VG_OK && text.len == 0; i++) {
		if (mime->files[i].inner || mime->files[i].kind == MIME_MESSAGE)
			continue;
		err = message_file_open(&f, in, &mime->files[i]);
		if (err == VG_OK)
			err = spare_text(&text, &f);
		message_file_close(&f);
	}
	if (err == VG_OK && text.len > 0)
		err = body_add_plain(&m->body, &(struct body_format){.charset = "utf-8"}, text.data, text.len);
	buf_free(&text);
	return err;
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

/* A member of the archive that the file's volumes make. VG_ERR_NOTFOUND: it leads none. */
static int extract_joined(struct extract *x, const struct mime *mime, struct parse_input *in, size_t file, const char *entry,
    struct archive_passwords *passwords)
{
	struct archive_budget budget = ARCHIVE_BUDGET_INIT;
	struct volumes *volumes = NULL;
	struct source joined;
	char name[256];
	int err = VG_ERR_NOTFOUND;

	budget.passwords = passwords;
	if (volumes_place_of(mime, file) == VOLUMES_LEADER &&
	    (err = volumes_open(&volumes, mime, in, file, &joined, name, sizeof name)) == VG_OK)
		err = archive_extract(&joined, name, entry, &budget, extract_block, x);
	volumes_close(&volumes);
	return err;
}

/* A member of an archive, or of a message in a file. */
static int extract_entry(struct extract *x, struct message_file *f, const char *entry, struct archive_passwords *passwords)
{
	struct archive_budget budget = ARCHIVE_BUDGET_INIT;
	enum unpack_form form = UNPACK_NONE;
	const void *head;
	ssize_t n = f->src.seek(&f->src, 0) < 0 ? VG_ERR_SYSTEM : f->src.read(&f->src, &head);

	budget.passwords = passwords;
	if (n > 0)
		form = unpack_form(x->info->name, f->type, head, (size_t)n);
	if (form != UNPACK_NONE)
		return unpack_extract(&f->src, form, entry, &budget, extract_block, x);
	return archive_extract(&f->src, x->info->name, entry, &budget, extract_block, x);
}

int message_extract_part(const struct mime *mime, struct parse_input *in, struct inspector *inspector, const char *part,
    const char *entry, struct archive_passwords *passwords, message_out *out, void *arg, struct message_part_info *info)
{
	struct extract x = {out, arg, inspector, info};
	char *end = NULL;
	unsigned long number = part[0] == 'a' && ascii_digit(part[1]) ? strtoul(part + 1, &end, 10) : 0;
	struct message_file f;
	int err;

	if (number == 0 || *end != '\0' || number > mime->n_files)
		return VG_ERR_NOTFOUND;
	err = message_file_open(&f, in, &mime->files[number - 1]);
	inspect_name(info->name, sizeof info->name, f.name, f.type);
	snprintf(info->content_type, sizeof info->content_type, "%s", f.type[0] != '\0' ? f.type : "application/octet-stream");
	if (err == VG_OK && entry != NULL && entry[0] != '\0') {
		err = extract_joined(&x, mime, in, number - 1, entry, passwords);
		if (err == VG_ERR_NOTFOUND)
			err = extract_entry(&x, &f, entry, passwords);
		inspect_name(info->name, sizeof info->name, base_name(entry), info->content_type);
	} else if (err == VG_OK) {
		err = extract_all(&x, &f.src);
	}
	message_file_close(&f);
	return err;
}

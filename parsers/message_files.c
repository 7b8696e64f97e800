/*
 * message_files.c - files on their way out. Runs in the parser worker; content is hostile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "charset.h"
#include "err.h"
#include "message_files.h"
#include "message_parts.h"
#include "secrets.h"

#define TEXT_MAX (64u * 1024u * 1024u)
#define IDS_MAX 1000u

struct outgoing {
	const struct mime *mime;
	struct parse_input *in;
	struct inspector *inspector;
	struct inspect_job job;
	message_out *out;
	void *arg;
	json_t *list;
};

/* ---- what is in a file ---- */

static const char *word(json_t *a, const char *name)
{
	const char *s = json_string_value(json_object_get(a, name));

	return s != NULL ? s : "";
}

/* By its first bytes, whatever it is called: what secrets can be taken out of. A mail has parts that are coded. */
static bool is_text(json_t *a)
{
	static const char evtx[] = "application/x-ms-evtx";
	static const char *const more[] = {"application/json", "application/xml", "application/javascript", "application/x-ndjson"};
	const char *type = word(a, "detected_type"), *kind = word(a, "kind");

	if (strcmp(kind, "message") == 0 || strcmp(kind, "archive") == 0 || strcmp(kind, "log-archive") == 0)
		return false;
	for (size_t i = 0; i < ASCII_COUNT(more); i++)
		if (strcmp(type, more[i]) == 0)
			return true;
	return (strcmp(kind, "log") == 0 && strcmp(type, evtx) != 0) || strncmp(type, "text/", 5) == 0;
}

static int slurp(struct source *src, struct buf *b)
{
	const void *block;
	ssize_t n = src->seek(src, 0);
	int err = n < 0 ? VG_ERR_SYSTEM : VG_OK;

	while (err == VG_OK && (n = src->read(src, &block)) != 0)
		err = n < 0 ? VG_ERR_SYSTEM : buf_add(b, block, (size_t)n);
	return err;
}

/* Does a secret stand in it as it lies there? In a mail, that finds those in texts that are not coded. */
static int holds_secret(struct source *src, bool *found, struct buf *utf8)
{
	struct secrets_span span;
	struct buf raw;
	int err;

	buf_init(&raw, TEXT_MAX);
	err = slurp(src, &raw);
	if (err == VG_OK)
		err = charset_to_utf8(utf8, NULL, raw.data, raw.len);
	*found = err == VG_OK && secrets_next(buf_str(utf8), utf8->len, 0, &span);
	buf_free(&raw);
	return err;
}

/* ---- one file ---- */

static int note(struct outgoing *o, const char *id, uint64_t size, const char *state)
{
	return json_array_append_new(o->list, json_pack("{s:s, s:I, s:s}", "id", id, "size", (json_int_t)size, "state", state)) == 0 ? VG_OK
	    : VG_ERR_MEMORY;
}

static int write_masked(struct outgoing *o, const char *id, struct buf *utf8)
{
	struct buf clean;
	int err;

	buf_init(&clean, 2 * TEXT_MAX);
	err = secrets_mask(&clean, buf_str(utf8), utf8->len, NULL);
	if (err == VG_OK)
		err = o->out(o->arg, clean.data, clean.len);
	if (err == VG_OK)
		err = note(o, id, clean.len, "masked");
	buf_free(&clean);
	return err;
}

static int write_whole(struct outgoing *o, const char *id, struct source *src)
{
	const void *block;
	uint64_t size = 0;
	ssize_t n = src->seek(src, 0);
	int err = n < 0 ? VG_ERR_SYSTEM : VG_OK;

	while (err == VG_OK && (n = src->read(src, &block)) != 0) {
		err = n < 0 ? VG_ERR_SYSTEM : o->out(o->arg, block, (size_t)n);
		size += n > 0 ? (uint64_t)n : 0;
	}
	return err == VG_OK ? note(o, id, size, "whole") : err;
}

static int write_text(struct outgoing *o, const char *id, struct source *src, bool maskable)
{
	struct buf utf8;
	bool found = false;
	int err;

	buf_init(&utf8, TEXT_MAX);
	err = holds_secret(src, &found, &utf8);
	if (err == VG_OK)
		err = !found ? write_whole(o, id, src) : maskable ? write_masked(o, id, &utf8) : note(o, id, 0, "withheld");
	else if (err == VG_ERR_LIMIT)
		err = note(o, id, 0, "withheld");
	buf_free(&utf8);
	return err;
}

/* The same look as when it came: what is flagged then is found now. */
static int write_file(struct outgoing *o, const char *id, const struct mime_leaf *leaf, struct message_file *f)
{
	struct inspect_attachment a = {.id = id, .name = f->name, .content_type = f->type,
	    .disposition = leaf->is_inline ? "inline" : "attachment", .related = leaf->related};
	json_t *seen;
	int err;

	memset(&o->job.secrets, 0, sizeof o->job.secrets);
	if ((seen = inspect(o->inspector, &o->job, &a, &f->src)) == NULL)
		return VG_ERR_MEMORY;
	if (is_text(seen))
		err = write_text(o, id, &f->src, true);
	else if (o->job.secrets.n > 0)
		err = note(o, id, 0, "withheld");
	else if (strcmp(word(seen, "kind"), "message") == 0)
		err = write_text(o, id, &f->src, false);
	else
		err = write_whole(o, id, &f->src);
	json_decref(seen);
	return err;
}

static int write_one(struct outgoing *o, const char *id)
{
	char *end = NULL;
	unsigned long number = id[0] == 'a' && ascii_digit(id[1]) ? strtoul(id + 1, &end, 10) : 0;
	const struct mime_leaf *leaf;
	struct message_file f;
	int err;

	if (number == 0 || *end != '\0' || number > o->mime->n_files)
		return note(o, id, 0, "unreadable");
	leaf = &o->mime->files[number - 1];
	if (leaf->inner)
		return note(o, id, 0, "inner");
	err = message_file_open(&f, o->in, leaf);
	if (err == VG_OK)
		err = write_file(o, id, leaf, &f);
	message_file_close(&f);
	return err;
}

/* ---- all ---- */

static int write_all(struct outgoing *o, const char *ids)
{
	int err = VG_OK;

	for (unsigned n = 0; *ids != '\0' && err == VG_OK && n < IDS_MAX; n++) {
		size_t len = strcspn(ids, " ");
		char id[16];

		snprintf(id, sizeof id, "%.*s", len < sizeof id ? (int)len : 0, ids);
		err = write_one(o, id);
		ids += len;
		ids += strspn(ids, " ");
	}
	return err;
}

int message_files_write(const struct mime *mime, struct parse_input *in, struct inspector *inspector, struct archive_passwords *passwords,
    const char *ids, message_out *out, void *arg, struct buf *json)
{
	struct error_set *errors = error_set_new();
	struct outgoing o = {.mime = mime, .in = in, .inspector = inspector, .out = out, .arg = arg, .list = json_array()};
	char *text = NULL;
	int err = errors == NULL || o.list == NULL ? VG_ERR_MEMORY : VG_OK;

	if (err == VG_OK) {
		o.job = (struct inspect_job)INSPECT_JOB_INIT(errors);
		o.job.budget.passwords = passwords;
		err = write_all(&o, ids);
		job_reports_free(&o.job.reports);
	}
	if (err == VG_OK)
		err = (text = json_dumps(o.list, JSON_COMPACT)) == NULL ? VG_ERR_MEMORY : buf_adds(json, text);
	free(text);
	json_decref(o.list);
	error_set_free(&errors);
	return err;
}

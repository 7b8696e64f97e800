/*
 * inspect.c - parser worker; hostile attachments. Brings hash, type, kind, archive, logs and reports together into
 * the attachment object. Called by the message assembly and by logs_json.c.
 */
#include "inspect.h"

#include <magic.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "archive_form.h"
#include "ascii.h"
#include "buf.h"
#include "charset.h"
#include "err.h"
#include "inspect_text.h"
#include "kinds.h"
#include "log_detect.h"
#include "log_header.h"
#include "sniff.h"
#include "unpack.h"

#define HEAD_MAX ((size_t)64 * 1024)
#define MAIL_MAX ((size_t)16 * 1024 * 1024) /* of a mail within an archive or another mail */
#define MAGIC_HEAD ((size_t)16 * 1024)

struct inspector {
	magic_t magic;
	unsigned char head[HEAD_MAX];
	size_t head_len;
};

/* What one attachment's inspection gathers. */
struct findings {
	struct inspect_job *job;
	const char *id;
	json_t *entries;
	json_t *entry;              /* borrowed from entries: the member that is open */
	struct log_scanner *scan;   /* of the member that is open */
	struct buf report;          /* of the member that is open, a job report or a mail */
	char *report_path;          /* NULL: it is none */
	enum unpack_form mail;      /* what kind of mail; UNPACK_NONE: a report */
	struct log_facts facts;     /* of the log that is read */
	bool has_log;
	enum unpack_form form;      /* a message in a file */
};

struct inspector *inspector_new(void)
{
	struct inspector *in = calloc(1, sizeof(*in));

	if (in == NULL)
		return NULL;
	in->magic = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF);
	if (in->magic == NULL || magic_load(in->magic, NULL) != 0 || sodium_init() < 0)
		inspector_free(&in);
	archive_warm();
	return in;
}

void inspector_free(struct inspector **in)
{
	if (*in == NULL)
		return;
	if ((*in)->magic != NULL)
		magic_close((*in)->magic);
	free(*in);
	*in = NULL;
}

const char *inspect_type(struct inspector *in, const void *head, size_t n)
{
	const char *type;

	if (n == 0)
		return "application/x-empty";
	if ((type = sniff_type(head, n < MAGIC_HEAD ? n : MAGIC_HEAD)) != NULL)
		return type;
	type = magic_buffer(in->magic, head, n < MAGIC_HEAD ? n : MAGIC_HEAD);
	return type != NULL && strchr(type, '/') != NULL ? type : "application/octet-stream";
}

/* Reads all of src once: hash, size, first bytes. */
static int read_through(struct inspector *in, struct source *src, char hex[65], uint64_t *size)
{
	crypto_generichash_state st;
	unsigned char hash[32];
	const void *block;
	ssize_t n = src->seek != NULL ? src->seek(src, 0) : VG_ERR_SYSTEM;

	in->head_len = 0;
	*size = 0;
	crypto_generichash_init(&st, NULL, 0, sizeof(hash));
	while (n >= 0 && (n = src->read(src, &block)) > 0) {
		size_t room = HEAD_MAX - in->head_len, take = (size_t)n < room ? (size_t)n : room;

		memcpy(in->head + in->head_len, block, take);
		in->head_len += take;
		*size += (uint64_t)n;
		crypto_generichash_update(&st, block, (size_t)n);
	}
	crypto_generichash_final(&st, hash, sizeof(hash));
	sodium_bin2hex(hex, 65, hash, sizeof(hash));
	return n < 0 ? (int)n : VG_OK;
}

/* ---- archives ---- */

static json_t *problems_json(unsigned problems)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < ARCHIVE_PROBLEMS && list != NULL; i++)
		if ((problems & 1u << i) != 0)
			json_array_append_new(list, json_string(archive_problem_name(i)));
	return list;
}

/* A message's own text, which is read as such: `mails/a.eml!/message.txt`. */
static bool is_message_text(const struct findings *f, const struct archive_member *m)
{
	static const char *const mails[] = {".eml!/message.txt", ".msg!/message.txt", ".oft!/message.txt", ".mht!/message.txt",
	    ".mhtml!/message.txt", ".dat!/message.txt", ".p7m!/message.txt"};

	if (strcmp(m->name, "message.txt") != 0)
		return false;
	for (size_t i = 0; i < ASCII_COUNT(mails); i++)
		if (ascii_ends(m->path, strlen(m->path), mails[i]))
			return true;
	return f->form != UNPACK_NONE && strcmp(m->path, "message.txt") == 0;
}

static enum kind member_kind(const struct findings *f, const struct archive_member *m)
{
	const struct kind_facts facts = {.name = m->name, .content_type = "", .head = m->head, .head_len = m->head_len};
	size_t len = strlen(m->name);

	if (m->archive)
		return KIND_ARCHIVE;
	if (is_message_text(f, m))
		return KIND_DOCUMENT;
	/* Nothing to look at: encrypted or empty. */
	if (m->head_len == 0 && ascii_ends(m->name, len, ".log"))
		return KIND_LOG;
	return kind_decide(&facts);
}

static bool open_log(struct findings *f, const struct error_where *where)
{
	memset(&f->facts, 0, sizeof(f->facts));
	f->scan = log_scanner_new(f->job->errors, where, &f->facts);
	if (f->scan != NULL)
		log_scanner_secrets(f->scan, &f->job->secrets);
	f->has_log = true;
	return f->scan != NULL;
}

/* The log has ended: what its header says goes to the message too. Its problems. */
static unsigned end_log(struct findings *f)
{
	enum log_state state;

	log_scanner_end(f->scan);
	state = log_scanner_state(f->scan);
	log_scanner_free(&f->scan);
	log_facts_fill(&f->job->facts, &f->facts);
	return state == LOG_UNREAD ? ARCHIVE_UNREADABLE : state == LOG_PARTLY ? ARCHIVE_TRUNCATED : 0u;
}

/* A report or a mail: what it says is read when all of it is there. */
static bool begin_text(struct findings *f, enum kind k, const struct archive_member *m)
{
	f->mail = k == KIND_MESSAGE && !f->job->returned ? unpack_form(m->name, "", m->head, m->head_len) : UNPACK_NONE;
	if (f->mail != UNPACK_MAIL && f->mail != UNPACK_MSG)
		f->mail = UNPACK_NONE;
	if ((k != KIND_REPORT && f->mail == UNPACK_NONE) || (f->report_path = strdup(m->path)) == NULL)
		return false;
	buf_init(&f->report, f->mail != UNPACK_NONE ? MAIL_MAX : INSPECT_TEXT_MAX);
	return true;
}

static bool on_member(void *arg, const struct archive_member *m)
{
	struct findings *f = arg;
	enum kind k = member_kind(f, m);
	struct error_where where = {.kind = ORIGIN_ATTACHMENT, .attachment = f->id, .path = m->path};

	f->entry = json_pack("{s:s, s:i, s:s}", "path", m->path, "size", 0, "kind", kind_name(k));
	if (f->entry == NULL || json_array_append_new(f->entries, f->entry) != 0)
		f->entry = NULL;
	if (begin_text(f, k, m))
		return true;
	if (k != KIND_LOG || m->head_len == 0)
		return false;
	return open_log(f, &where);
}

static void on_data(void *arg, const void *p, size_t n)
{
	struct findings *f = arg;

	if (f->scan != NULL)
		log_scanner_feed(f->scan, p, n);
	if (f->report_path != NULL)
		buf_add(&f->report, p, n < f->report.max - f->report.len ? n : f->report.max - f->report.len);
}

static void end_report(struct findings *f)
{
	struct error_where where = {.kind = ORIGIN_REPORT, .attachment = f->id, .path = f->report_path};
	struct source src;

	if (f->report_path == NULL)
		return;
	if (f->report.len > 0 && f->mail != UNPACK_NONE) {
		where.kind = ORIGIN_ATTACHMENT;
		source_memory(&src, f->report.data, f->report.len);
		inspect_mail(f->job, &where, &src, f->mail);
	} else if (f->report.len > 0) {
		inspect_report_text(f->job, &where, &f->report);
	}
	buf_free(&f->report);
	free(f->report_path);
	f->report_path = NULL;
}

static void on_end(void *arg, int64_t size, unsigned problems)
{
	struct findings *f = arg;

	if (f->scan != NULL) {
		json_t *log;

		problems |= end_log(f);
		if (f->entry != NULL && (log = log_facts_json(&f->facts)) != NULL)
			json_object_set_new(f->entry, "log", log);
	}
	end_report(f);
	if (f->entry != NULL)
		json_object_set_new(f->entry, "size", json_integer(size));
	if (f->entry != NULL && problems != 0)
		json_object_set_new(f->entry, "problems", problems_json(problems));
	f->entry = NULL;
}

static enum kind inspect_archive(struct findings *f, const char *name, struct source *src, unsigned *problems)
{
	const struct archive_visitor visitor = {f, on_member, on_data, on_end};

	*problems |= archive_walk(src, name, &f->job->budget, &visitor);
	return f->has_log ? KIND_LOG_ARCHIVE : KIND_ARCHIVE;
}

/* Whether a member had a problem of its own. */
static bool is_damaged(const json_t *entries)
{
	size_t i;
	json_t *e;

	json_array_foreach(entries, i, e)
		if (json_array_size(json_object_get(e, "problems")) > 0)
			return true;
	return false;
}

/* The last volume of a RAR tells that another one should follow. */
static bool goes_on(struct source *src)
{
	unsigned char tail[20];
	const void *block;
	size_t used = 0;
	ssize_t n;

	if (src->size < (int64_t)sizeof(tail) || src->seek(src, (uint64_t)src->size - sizeof(tail)) < 0)
		return false;
	while (used < sizeof(tail) && (n = src->read(src, &block)) > 0) {
		size_t take = (size_t)n < sizeof(tail) - used ? (size_t)n : sizeof(tail) - used;

		memcpy(tail + used, block, take);
		used += take;
	}
	return archive_rar_goes_on(tail, used);
}

/* All volumes of an archive as one. */
static enum kind inspect_joined(struct findings *f, const struct inspect_attachment *a, unsigned *problems)
{
	enum kind k;

	*problems = a->problems;
	k = inspect_archive(f, a->joined_name, a->joined, problems);
	if (is_damaged(f->entries) || json_array_size(f->entries) == 0 || (ascii_ends(a->joined_name, strlen(a->joined_name), ".rar") && goes_on(a->joined))) {
		*problems |= ARCHIVE_SPLIT;
		return k;
	}
	/* The directory of a zip in volumes counts from each volume's beginning: its members are read in order, all of them. */
	*problems &= ~(unsigned)(ARCHIVE_SPLIT | ARCHIVE_TRUNCATED);
	return k;
}

/* ---- logs and reports ---- */

static void inspect_log(struct findings *f, struct source *src, unsigned *problems)
{
	struct error_where where = {.kind = ORIGIN_ATTACHMENT, .attachment = f->id};
	const void *block;
	ssize_t n;

	n = open_log(f, &where) ? src->seek(src, 0) : VG_ERR_MEMORY;
	while (n >= 0 && (n = src->read(src, &block)) > 0)
		log_scanner_feed(f->scan, block, (size_t)n);
	if (n < 0)
		*problems |= ARCHIVE_UNREADABLE;
	if (f->scan != NULL)
		*problems |= end_log(f);
}

/* The first bytes of src, at most b->max. */
static int slurp(struct source *src, struct buf *b)
{
	const void *block;
	ssize_t n = src->seek(src, 0);

	while (n >= 0 && b->len < b->max && (n = src->read(src, &block)) > 0) {
		size_t room = b->max - b->len;

		if (buf_add(b, block, (size_t)n < room ? (size_t)n : room) != VG_OK)
			return VG_ERR_MEMORY;
	}
	return n < 0 ? (int)n : VG_OK;
}

static void inspect_report(struct findings *f, struct source *src, unsigned *problems)
{
	struct error_where where = {.kind = ORIGIN_REPORT, .attachment = f->id};
	struct buf raw;

	buf_init(&raw, INSPECT_TEXT_MAX);
	if (slurp(src, &raw) != VG_OK || !inspect_report_text(f->job, &where, &raw))
		*problems |= ARCHIVE_UNREADABLE;
	buf_free(&raw);
}

/* A mail that was attached as it is says itself what failed. */
static void inspect_message(struct findings *f, bool opened, struct source *src)
{
	struct error_where where = {.kind = ORIGIN_ATTACHMENT, .attachment = f->id};

	if (f->job->returned || (f->form != UNPACK_MSG && f->form != UNPACK_MAIL && !opened))
		return;
	inspect_mail(f->job, &where, src, opened ? UNPACK_MAIL : f->form);
}

static enum kind look_inside(struct findings *f, enum kind k, const struct inspect_attachment *a, const char *name, struct source *src,
    unsigned *problems)
{
	const struct archive_visitor visitor = {f, on_member, on_data, on_end};

	if (k == KIND_MESSAGE)
		inspect_message(f, a->opened, src);
	if (f->form != UNPACK_NONE)
		*problems |= unpack_walk(src, f->form, "", &f->job->budget, &visitor);
	if (k == KIND_ARCHIVE)
		return inspect_archive(f, name, src, problems);
	if (k == KIND_LOG)
		inspect_log(f, src, problems);
	if (k == KIND_REPORT)
		inspect_report(f, src, problems);
	return k;
}

/* A type as `type/subtype` in lower case. */
static void clean_type(char *out, size_t cap, const char *type)
{
	size_t n = 0;
	bool slash = false;

	for (; n + 1 < cap && (ascii_alnum(type[n]) || (type[n] != '\0' && strchr("/+-._", type[n]) != NULL)); n++) {
		out[n] = ascii_fold(type[n]);
		slash = slash || type[n] == '/';
	}
	out[n] = '\0';
	if (!slash || out[0] == '/' || out[n - 1] == '/')
		strncpy(out, "application/octet-stream", cap - 1);
}

/* The kind by name and first bytes, and what they say against each other. */
static enum kind first_look(const struct inspector *in, const struct inspect_attachment *a, const char *name, const char *type,
    unsigned *problems)
{
	const struct kind_facts facts = {.name = name, .content_type = type, .head = in->head, .head_len = in->head_len,
	    .is_inline = a->related || strcmp(a->disposition, "inline") == 0};

	unsigned form = 0;

	if ((*problems & (ARCHIVE_TOO_LARGE | ARCHIVE_UNREADABLE)) == 0)
		form = archive_form_problems(name, in->head, in->head_len);
	*problems |= form;
	/* Called an archive, and nothing else that we know. */
	return (form & ~(unsigned)ARCHIVE_WRONG_EXTENSION) != 0 ? KIND_ARCHIVE : kind_decide(&facts);
}

json_t *inspect(struct inspector *in, struct inspect_job *job, const struct inspect_attachment *a, struct source *src)
{
	struct findings f = {.job = job, .id = a->id, .entries = json_array()};
	char type[128] = "", name[256], hash[65];
	unsigned problems = a->problems;
	uint64_t size;
	enum kind k;
	const char *detected;

	if (f.entries == NULL)
		return NULL;
	buf_init(&f.report, INSPECT_TEXT_MAX);
	if (read_through(in, src, hash, &size) != VG_OK)
		problems |= ARCHIVE_UNREADABLE;
	clean_type(type, sizeof(type), a->content_type);
	inspect_name(name, sizeof(name), a->name, type);
	k = first_look(in, a, name, type, &problems);
	f.form = a->opened || k != KIND_MESSAGE ? UNPACK_NONE : unpack_form(name, type, in->head, in->head_len);
	/* The type database is slow on plain text, and a log is known already. */
	detected = k == KIND_LOG && !log_is_evtx(in->head, in->head_len) ? "text/plain" : inspect_type(in, in->head, in->head_len);
	if (a->joined != NULL) {
		k = inspect_joined(&f, a, &problems);
	} else if (a->volume) {
		k = KIND_ARCHIVE;
		problems = a->problems;
	} else if ((problems & ARCHIVE_UNREADABLE) == 0 && in->head_len > 0 &&
	    archive_volume_of(name, in->head, in->head_len) != VOLUME_LATER) {
		k = look_inside(&f, k, a, name, src, &problems);
	}
	job->logs = job->logs || f.has_log;
	job->sealed = job->sealed || (problems & ARCHIVE_ENCRYPTED) != 0;
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:o, s:o, s:o*}", "id", a->id, "name", name, "content_type",
	    type, "detected_type", detected, "size", (json_int_t)size, "blake2b", hash, "disposition", a->disposition, "kind",
	    kind_name(k), "entries", f.entries, "problems", problems_json(problems), "log",
	    k == KIND_LOG ? log_facts_json(&f.facts) : NULL);
}

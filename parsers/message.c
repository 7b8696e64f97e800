/*
 * message.c - front of the parser library: drives the pre-scan, the walk over the parts, the body and the recognisers, and prints what
 * came out. Runs in the parser worker and in `vcspgate parse`; the message is hostile.
 */
#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "charset.h"
#include "completeness.h"
#include "err.h"
#include "fields.h"
#include "inspect.h"
#include "job_report_value.h"
#include "kb_articles.h"
#include "message.h"
#include "message_files.h"
#include "message_json.h"
#include "message_password.h"
#include "message_parts.h"
#include "mime.h"
#include "mime_headers.h"
#include "mime_report.h"
#include "oneline.h"
#include "outlook_msg.h"
#include "quotes.h"

#define DECODED_MAX ((uint64_t)1 << 30)

static struct inspector *inspector; /* one a process: its type database is the slow part */

struct message *message_new(void)
{
	struct message *m = malloc(sizeof *m);

	if (m == NULL)
		return NULL;
	memset(m, 0, offsetof(struct message, problems));
	m->in_reply_to.n = m->references.n = 0;
	m->arena = arena_new();
	m->subject = "";
	body_init(&m->body);
	if (m->arena == NULL)
		message_free(&m);
	return m;
}

void message_free(struct message **m)
{
	if (*m == NULL)
		return;
	body_free(&(*m)->body);
	free((*m)->report);
	arena_free(&(*m)->arena);
	free(*m);
	*m = NULL;
}

void message_note(struct message *m, const char *code, const char *detail)
{
	for (size_t i = 0; i < m->n_problems; i++)
		if (strcmp(m->problems[i].code, code) == 0)
			return;
	if (m->n_problems < MESSAGE_PROBLEMS_MAX)
		m->problems[m->n_problems++] = (struct message_problem){code, detail};
}

const char *message_line(struct message *m, const char *s, size_t len)
{
	char line[MESSAGE_LINE_MAX + 1];
	size_t n = s != NULL ? oneline(line, sizeof line, s, len, ONELINE_CP1252) : 0;
	const char *copy = n > 0 ? arena_strndup(m->arena, line, n) : "";

	return copy != NULL ? copy : "";
}

/* A parser frees all of a mail at its end and takes as much again for the next one. By itself malloc gives it back to the system each time:
 * of a text of 440 KB that was five calls and 420 page faults a mail, now it is none. Larger pieces still come and go: a worker holds
 * 3 MB more after a mail of 52 MB, and its peak is 53 MB instead of 50. */
static void settle_heap(void)
{
	mallopt(M_MXFAST, 0); /* pieces that each larger one would make it gather */
	mallopt(M_TOP_PAD, 1 << 20);
	mallopt(M_TRIM_THRESHOLD, 8 << 20);
	mallopt(M_MMAP_THRESHOLD, 2 << 20);
}

int message_warm(const char **why)
{
	struct tm tm;
	time_t zero = 0;

	*why = NULL;
	if (inspector != NULL)
		return VG_OK;
	settle_heap();
	json_object_seed(0); /* reads /dev/urandom once */
	setenv("TZ", "UTC0", 1); /* unset, mktime(3) under libarchive would look at /etc/localtime each time */
	tzset();
	localtime_r(&zero, &tm);
	mime_warm();
	charset_warm();
	outlook_msg_warm();
	if ((inspector = inspector_new()) == NULL) {
		*why = "the file type database cannot be loaded";
		return VG_ERR_SYSTEM;
	}
	return VG_OK;
}

/* ---- text ---- */

/* No message at all: the input itself is the text. */
static int raw_text(struct message *m, struct parse_input *in)
{
	struct body_format format = {0};
	size_t n = parse_input_size(in) < MESSAGE_TEXT_MAX ? (size_t)parse_input_size(in) : MESSAGE_TEXT_MAX;
	unsigned char *bytes = malloc(n);
	long got = bytes != NULL ? parse_input_read(in, 0, bytes, n) : VG_ERR_MEMORY;
	int err = got < 0 ? (int)got : body_add_plain(&m->body, &format, bytes, (size_t)got);

	if (n < parse_input_size(in))
		m->body.truncated = true;
	free(bytes);
	return err;
}

static void note_bits(struct message *m, unsigned bits, unsigned n, const char *(*text)(unsigned, const char **))
{
	const char *detail;

	for (unsigned i = 0; i < n; i++)
		if ((bits >> i & 1) != 0) {
			const char *code = text(i, &detail);

			message_note(m, code, detail);
		}
}

/* Content that is in no part, with what is known of it; before the same without. */
static void note_elsewhere(struct message *m, const struct mime *mime)
{
	char text[MIME_PLACE_MAX + 100];

	if (mime->external[0] != '\0') {
		snprintf(text, sizeof text, "content that is not in the mail, only a reference to it: %s", mime->external);
		message_note(m, "mime.external-body", message_line(m, text, strlen(text)));
	}
	if (mime->partial[0] != '\0') {
		snprintf(text, sizeof text, "fragment %s of a larger message; the others are other mails", mime->partial);
		message_note(m, "mime.partial", message_line(m, text, strlen(text)));
	}
}

/* OpenPGP in the text itself, on a line of its own. */
static bool has_armour(struct buf *text)
{
	static const char mark[] = "-----BEGIN PGP MESSAGE-----";
	const char *s = buf_str(text), *at = memmem(s, text->len, mark, sizeof mark - 1);

	return at != NULL && (at == s || at[-1] == '\n');
}

static bool message_text_blank(const struct message *m)
{
	for (size_t i = 0; i < m->body.full.len; i++)
		if (m->body.full.data[i] > ' ')
			return false;
	return true;
}

static int read_text(struct message *m, struct mime *mime, struct parse_input *in)
{
	int err = VG_OK;

	if (mime->root == NULL)
		err = raw_text(m, in);
	for (size_t i = 0; i < mime->n_bodies && err == VG_OK && !m->body.truncated; i++)
		err = message_body_part(m, in, &mime->bodies[i]);
	if (err == VG_OK && mime->root != NULL && message_text_blank(m))
		err = message_spare_body(m, mime, in);
	if (err == VG_OK)
		err = body_finish(&m->body, quotes_is_forward(m->subject));
	if (has_armour(&m->body.full))
		message_note(m, "body.encrypted", "an encrypted part cannot be read");
	if (m->body.truncated)
		message_note(m, "body.truncated", "the text is longer than is kept; the raw message has all of it");
	return err;
}

static int read_report(struct message *m, struct mime *mime, struct parse_input *in, bool bounce)
{
	int err;

	if (mime->root == NULL)
		return VG_OK;
	if (!mime_may_report(mime, bounce))
		return VG_OK;
	if ((m->report = calloc(1, sizeof *m->report)) == NULL)
		return VG_ERR_MEMORY;
	err = mime_report(m->report, mime, in, bounce, &m->body.full);
	if (m->report->kind == REPORT_NONE) {
		free(m->report);
		m->report = NULL;
	}
	return err;
}

/* ---- findings ---- */

struct findings {
	struct error_set *set;
	struct fields fields;
	struct inspect_job job;
	json_t *attachments, *errors, *completeness;
};

static void findings_free(struct findings *f)
{
	error_set_free(&f->set);
	fields_free(&f->fields);
	json_decref(f->attachments);
	json_decref(f->errors);
	json_decref(f->completeness);
	job_reports_free(&f->job.reports);
}

/* The subject carries a ticket's number, as our mails have it: what such an answer quotes was seen before. */
static bool names_ticket(const char *subject)
{
	for (const char *at = subject; (at = strstr(at, "[#")) != NULL; at += 2) {
		size_t n = strspn(at + 2, "0123456789");

		if (n > 0 && at[2 + n] == ']')
			return true;
	}
	return false;
}

/* Job reports first: what they say is not to be found again in their text. prose: errors outside of reports too. */
static int scan_part(struct job_reports *reports, struct error_set *set, const struct buf *text, bool prose)
{
	struct error_where where = {.kind = ORIGIN_BODY};
	struct buf rest;
	int err;

	if (text->len == 0)
		return VG_OK;
	buf_init(&rest, text->len);
	err = buf_add(&rest, text->data, text->len);
	if (err == VG_OK)
		err = job_reports_scan(reports, (char *)rest.data, rest.len, &where);
	if (err == VG_OK && prose)
		errors_scan_body(set, (const char *)rest.data, rest.len, &where);
	buf_free(&rest);
	return err;
}

/* The prose of the new text alone; its reports were found. */
static int scan_new_prose(struct error_set *set, const struct buf *text)
{
	struct error_set *again = error_set_new();
	struct job_reports known = JOB_REPORTS_INIT(again, NULL);
	int err = again != NULL ? scan_part(&known, set, text, true) : VG_ERR_MEMORY;

	job_reports_free(&known);
	error_set_free(&again);
	return err;
}

/* In a mail that answers nothing, what looks quoted is what the sender pasted. An answer in a ticket repeats what it quotes. Any
 * other answer brings a thread that we have not seen: its reports count, and its prose where nothing else names an error. */
static int scan_text(struct findings *f, const struct message *m)
{
	bool answer = m->in_reply_to.n > 0 || m->references.n > 0;
	int err;

	f->job.reports.facts = &f->job.facts;
	if (names_ticket(m->subject))
		return scan_part(&f->job.reports, f->set, &m->body.text, true);
	if (!answer)
		return scan_part(&f->job.reports, f->set, &m->body.full, true);
	err = scan_part(&f->job.reports, f->set, &m->body.full, false);
	if (err == VG_OK)
		err = scan_new_prose(f->set, &m->body.text);
	if (err == VG_OK && error_set_errors(f->set) == 0)
		err = scan_new_prose(f->set, &m->body.quoted);
	return err;
}

/* The job that a report names, or the subject of one, unless the sender states another. */
static int set_job(json_t *fields, const char *job, const char *subject)
{
	const char *stated = json_string_value(json_object_get(fields, "job")), *name;
	size_t len = 0;

	if (job != NULL)
		name = job;
	else if (stated != NULL || !job_subject(subject, strlen(subject), &name, &len))
		return VG_OK;
	if (stated != NULL && strncmp(stated, name, strlen(name)) != 0)
		return VG_OK;
	len = len > 0 ? len : strlen(name);
	return json_object_set_new(fields, "job", json_stringn(name, len)) == 0 ? VG_OK : VG_ERR_MEMORY;
}

static int set_articles(json_t *fields, const char *subject, const struct buf *text)
{
	char line[KB_LINE_MAX] = "";

	kb_articles_find(line, subject, strlen(subject));
	if (text->len > 0)
		kb_articles_find(line, (const char *)text->data, text->len);
	return line[0] == '\0' || json_object_set_new(fields, "kb", json_string(line)) == 0 ? VG_OK : VG_ERR_MEMORY;
}

/* Passwords in the text are for the attachments, and for nobody who reads the object. */
static int look_into_files(struct findings *f, struct message *m, struct mime *mime, struct parse_input *in, uint64_t decoded)
{
	struct message_passwords passwords;
	int err;

	memset(&passwords, 0, sizeof passwords);
	if (mime->n_files > 0)
		message_passwords_find(&passwords, m);
	f->job.budget.passwords = &passwords.tried;
	err = message_attachments(m, mime, in, inspector, &f->job, decoded, f->attachments);
	f->job.budget.passwords = NULL;
	return err == VG_OK ? message_passwords_mask(m, &passwords, f->job.sealed) : err;
}

/* Where secrets stand in clear, without what they are; those of archives are masked by now and have a note of their own. */
static void note_secrets(struct message *m, struct secrets_places *places)
{
	char said[MESSAGE_LINE_MAX + 1];
	size_t n;

	secrets_places_line(places, "the subject", m->subject, strlen(m->subject), 0);
	if (m->body.full.len > 0)
		secrets_places_text(places, "the text", (const char *)m->body.full.data, m->body.full.len);
	n = secrets_places_say(places, said, sizeof said);
	if (n > 0)
		message_note(m, "secret.in-clear", message_line(m, said, n));
}

static int find(struct findings *f, struct message *m, struct mime *mime, struct parse_input *in, uint64_t decoded)
{
	const struct buf *body = &m->body.text;
	int err;

	memset(f, 0, sizeof *f);
	f->set = error_set_new();
	f->attachments = json_array();
	if (f->set == NULL || f->attachments == NULL)
		return VG_ERR_MEMORY;
	f->job = (struct inspect_job)INSPECT_JOB_INIT(f->set);
	f->job.returned = m->report != NULL;
	err = look_into_files(f, m, mime, in, decoded);
	if (err == VG_OK)
		note_secrets(m, &f->job.secrets);
	if (err == VG_OK)
		err = scan_text(f, m);
	if (err == VG_OK)
		err = fields_read(&f->fields, m->subject, body->len > 0 ? (const char *)body->data : "", body->len, &f->job.facts);
	if (err == VG_OK)
		err = set_job(f->fields.fields, job_reports_job(&f->job.reports), m->subject);
	if (err == VG_OK)
		err = set_articles(f->fields.fields, m->subject, body);
	if (err != VG_OK)
		return err;
	f->errors = error_set_json(f->set);
	f->completeness = f->errors != NULL ? completeness_json(f->attachments, f->errors, f->fields.fields) : NULL;
	return f->completeness != NULL ? VG_OK : VG_ERR_MEMORY;
}

/* Prints; where that is too long even for us, without the members of archives. */
static int print(struct buf *json, struct message *m, struct findings *f)
{
	struct message_findings out = {f->fields.fields, f->fields.commands, f->attachments, f->job.reports.list, f->errors,
	    f->completeness};
	size_t at = json->len, i;
	int err = message_json(json, m, &out);
	json_t *a;

	if (err != VG_ERR_LIMIT && json->len - at <= MESSAGE_JSON_MAX)
		return err;
	json->len = at;
	message_note(m, "message.too-large", "the lists of archive members were left out");
	json_array_foreach(f->attachments, i, a)
		json_array_clear(json_object_get(a, "entries"));
	return message_json(json, m, &out);
}

static int parse(struct parse_input *in, const struct parse_limits *limits, struct buf *json, struct message *m)
{
	uint64_t decoded = limits->decoded_bytes > 0 ? limits->decoded_bytes : DECODED_MAX;
	struct findings f = {0};
	struct mime *mime;
	int err = mime_parse(in, limits->parts, limits->depth, &mime);

	if (err != VG_OK)
		return err;
	note_bits(m, mime->scan->problems, PRESCAN_PROBLEMS, prescan_problem);
	note_elsewhere(m, mime);
	note_bits(m, mime->problems, MIME_PROBLEMS, mime_problem);
	if (mime->root != NULL)
		mime_headers_read(m, mime->scan);
	err = read_text(m, mime, in);
	if (err == VG_OK)
		err = read_report(m, mime, in, limits->bounce);
	if (err == VG_OK)
		err = find(&f, m, mime, in, decoded);
	if (err == VG_OK && json != NULL)
		err = print(json, m, &f);
	findings_free(&f);
	mime_free(&mime);
	return err;
}

int message_parse(const struct parse_source *src, const struct parse_limits *limits, struct buf *json,
    char sender[ADDR_MAX + 1])
{
	static const struct parse_limits none;
	struct parse_input *in;
	struct message *m;
	const char *why;
	int err = message_warm(&why);

	sender[0] = '\0';
	if (err != VG_OK || (err = parse_input_open(src, &in)) != VG_OK)
		return err;
	m = message_new();
	err = m == NULL ? VG_ERR_MEMORY : parse_input_size(in) == 0 ? VG_ERR_SYNTAX : VG_OK;
	if (err == VG_OK)
		err = parse(in, limits != NULL ? limits : &none, json, m);
	if (err == VG_OK)
		memcpy(sender, m->sender, sizeof m->sender);
	message_free(&m);
	parse_input_close(&in);
	return err;
}

/* Only the text of the mail may know what opens its archives. */
static int learn_passwords(struct message_passwords *passwords, struct message *m, struct mime *mime, struct parse_input *in)
{
	int err;

	if (m == NULL)
		return VG_ERR_MEMORY;
	if (mime->root != NULL)
		mime_headers_read(m, mime->scan);
	if ((err = read_text(m, mime, in)) == VG_OK)
		message_passwords_find(passwords, m);
	return err;
}

static int extract_sealed(struct mime *mime, struct parse_input *in, const char *part, const char *entry, message_out *out,
    void *arg, struct message_part_info *info)
{
	struct message *m = message_new();
	struct message_passwords passwords;
	int err = learn_passwords(&passwords, m, mime, in);

	if (err == VG_OK)
		err = message_extract_part(mime, in, inspector, part, entry, &passwords.tried, out, arg, info);
	message_free(&m);
	return err;
}

/* Warm, and open. */
static int open_message(const struct parse_source *src, struct parse_input **in, struct mime **mime)
{
	const char *why;
	int err = message_warm(&why);

	if (err != VG_OK || (err = parse_input_open(src, in)) != VG_OK)
		return err;
	if ((err = mime_parse(*in, 0, 0, mime)) != VG_OK)
		parse_input_close(in);
	return err;
}

int message_extract(const struct parse_source *src, const char *part, const char *entry, message_out *out, void *arg,
    struct message_part_info *info)
{
	struct parse_input *in;
	struct mime *mime;
	int err;

	memset(info, 0, sizeof *info);
	if ((err = open_message(src, &in, &mime)) != VG_OK)
		return err;
	err = message_extract_part(mime, in, inspector, part, entry, NULL, out, arg, info);
	if (err == VG_ERR_DENIED)
		err = extract_sealed(mime, in, part, entry, out, arg, info);
	mime_free(&mime);
	parse_input_close(&in);
	return err;
}

int message_files(const struct parse_source *src, const char *ids, message_out *out, void *arg, struct buf *json)
{
	struct message *m = NULL;
	struct message_passwords passwords;
	struct parse_input *in;
	struct mime *mime;
	int err = open_message(src, &in, &mime);

	if (err != VG_OK)
		return err;
	m = message_new();
	err = learn_passwords(&passwords, m, mime, in);
	if (err == VG_OK)
		err = message_files_write(mime, in, inspector, &passwords.tried, ids, out, arg, json);
	message_free(&m);
	mime_free(&mime);
	parse_input_close(&in);
	return err;
}

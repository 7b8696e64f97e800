/*
 * message_check.c - the parent half of the parsers: runs in the queue process on JSON that a worker made, which hostile
 * mail may have taken over. The shape of the message object is one table; nothing outside it passes.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "addr.h"
#include "message_check.h"
#include "utf8.h"

enum shape_type { S_STRING, S_LINE, S_WORD, S_HEX, S_INT, S_BOOL, S_OBJECT, S_ARRAY };

enum { REQUIRED = 1, NULLABLE = 2 };

struct shape;

/* One member of an object: max bounds bytes, number of items, or the value of an integer. */
struct member {
	const char *name;
	enum shape_type type;
	unsigned flags;
	json_int_t min, max;
	const char *const *words;    /* S_WORD */
	const struct shape *object;  /* S_OBJECT, items of S_ARRAY */
	const struct member *item;   /* items of S_ARRAY that are no objects */
};

struct shape {
	const struct member *members;
	size_t n;
};

#define SHAPE(table) {(table), sizeof(table) / sizeof((table)[0])}
#define STRING(name, flags, max) {name, S_STRING, flags, 0, max, NULL, NULL, NULL}
#define LINE(name, flags, max) {name, S_LINE, flags, 0, max, NULL, NULL, NULL}
#define HEX(name, n) {name, S_HEX, REQUIRED, n, n, NULL, NULL, NULL}
#define WORD(name, flags, list) {name, S_WORD, flags, 0, 0, list, NULL, NULL}
#define INTEGER(name, flags, min, max) {name, S_INT, flags, min, max, NULL, NULL, NULL}
#define BOOLEAN(name) {name, S_BOOL, REQUIRED, 0, 0, NULL, NULL, NULL}
#define OBJECT(name, shape) {name, S_OBJECT, REQUIRED, 0, 0, NULL, shape, NULL}
#define OBJECTS(name, max, shape) {name, S_ARRAY, REQUIRED, 0, max, NULL, shape, NULL}
#define STRINGS(name, max, one) {name, S_ARRAY, REQUIRED, 0, max, NULL, NULL, one}

#define SIZE_MOST ((json_int_t)1 << 50)

static const char *const schema_words[] = {"vcspgate/message/1", NULL};
static const char *const automatic_words[] = {"auto-reply", "auto-generated", "bounce", "bulk", "loop", NULL};
static const char *const source_words[] = {"plain", "html", "none", NULL};
static const char *const disposition_words[] = {"attachment", "inline", NULL};
static const char *const kind_words[] = {
	"log", "log-archive", "archive", "screenshot", "report", "document", "message", "calendar", "signature", "other", NULL};
static const char *const attachment_problems[] = {
	"encrypted", "truncated", "bomb", "too-large", "unsafe-path", "unreadable", "duplicate-name", "split-volume",
	"nested-too-deep", "wrong-extension", NULL};
#define ATTACHMENT_PROBLEMS_MAX 16
static const char *const severity_words[] = {"error", "warning", NULL};
static const char *const origin_words[] = {"body", "attachment", "screenshot", "report", NULL};
static const char *const missing_words[] = {"logs", "error", "product", "version", "triage", NULL};

static const char *const job_status_words[] = {"success", "warning", "failed", "running", "canceled", NULL};
static const char *const report_words[] = {"delivery", "disposition", NULL};
static const char *const action_words[] = {"failed", "delayed", "delivered", "relayed", "expanded", NULL};

static const struct member id_item = LINE("", REQUIRED, MESSAGE_LINE_MAX);
static const struct member attachment_problem_item = WORD("", REQUIRED, attachment_problems);
static const struct member missing_item = WORD("", REQUIRED, missing_words);

static const struct member address_members[] = {
	LINE("name", REQUIRED, MESSAGE_LINE_MAX),
	LINE("address", REQUIRED, MESSAGE_LINE_MAX),
};
static const struct shape address_shape = SHAPE(address_members);

static const struct member field_members[] = {
	LINE("product", 0, MESSAGE_FIELD_MAX),
	LINE("version", 0, MESSAGE_FIELD_MAX),
	LINE("release", 0, MESSAGE_FIELD_MAX),
	LINE("severity_hint", 0, MESSAGE_FIELD_MAX),
	INTEGER("severity", 0, 1, 4),
	LINE("customer", 0, MESSAGE_FIELD_MAX),
	LINE("job", 0, MESSAGE_FIELD_MAX),
	LINE("error", 0, MESSAGE_FIELD_MAX),
	STRING("triage", 0, MESSAGE_FIELD_MAX),
	LINE("support_id", 0, MESSAGE_FIELD_MAX),
	LINE("reference", 0, MESSAGE_FIELD_MAX),
	LINE("kb", 0, MESSAGE_FIELD_MAX),
};
static const struct shape field_shape = SHAPE(field_members);

static const struct member command_members[] = {
	LINE("name", REQUIRED, 64),
	LINE("argument", REQUIRED, MESSAGE_FIELD_MAX),
};
static const struct shape command_shape = SHAPE(command_members);

static const struct member body_members[] = {
	STRING("text", REQUIRED, MESSAGE_TEXT_MAX),
	STRING("quoted", REQUIRED, MESSAGE_TEXT_MAX),
	STRING("signature", REQUIRED, MESSAGE_TEXT_MAX),
	STRING("full", REQUIRED, MESSAGE_TEXT_MAX),
	WORD("source", REQUIRED, source_words),
};
static const struct shape body_shape = SHAPE(body_members);

static const struct member log_members[] = {
	LINE("product", 0, MESSAGE_LINE_MAX),
	LINE("version", 0, MESSAGE_LINE_MAX),
	LINE("machine", 0, MESSAGE_LINE_MAX),
	LINE("os", 0, MESSAGE_LINE_MAX),
	LINE("job", 0, MESSAGE_LINE_MAX),
	LINE("job_id", 0, MESSAGE_LINE_MAX),
	LINE("mode", 0, MESSAGE_LINE_MAX),
	LINE("utc_offset", 0, MESSAGE_LINE_MAX),
};
static const struct shape log_shape = SHAPE(log_members);
#define LOG_FACTS {"log", S_OBJECT, 0, 0, 0, NULL, &log_shape, NULL}

static const struct member entry_members[] = {
	LINE("path", REQUIRED, MESSAGE_PATH_MAX),
	INTEGER("size", REQUIRED | NULLABLE, 0, SIZE_MOST),
	WORD("kind", REQUIRED, kind_words),
	{"problems", S_ARRAY, 0, 0, ATTACHMENT_PROBLEMS_MAX, NULL, NULL, &attachment_problem_item},
	LOG_FACTS,
};
static const struct shape entry_shape = SHAPE(entry_members);

static const struct member attachment_members[] = {
	LINE("id", REQUIRED, 16),
	LINE("name", REQUIRED, MESSAGE_LINE_MAX),
	LINE("content_type", REQUIRED, MESSAGE_LINE_MAX),
	LINE("detected_type", REQUIRED, MESSAGE_LINE_MAX),
	INTEGER("size", REQUIRED, 0, SIZE_MOST),
	HEX("blake2b", 64),
	WORD("disposition", REQUIRED, disposition_words),
	WORD("kind", REQUIRED, kind_words),
	OBJECTS("entries", MESSAGE_ENTRIES_MAX, &entry_shape),
	STRINGS("problems", ATTACHMENT_PROBLEMS_MAX, &attachment_problem_item),
	LOG_FACTS,
	STRING("text", 0, MESSAGE_OCR_TEXT_MAX),
};
static const struct shape attachment_shape = SHAPE(attachment_members);

static const struct member source_members[] = {
	WORD("kind", REQUIRED, origin_words),
	LINE("attachment", NULLABLE, 16),
	LINE("path", NULLABLE, MESSAGE_PATH_MAX),
	INTEGER("line", NULLABLE, 0, SIZE_MOST),
	LINE("object", 0, MESSAGE_LINE_MAX),
};
static const struct shape source_shape = SHAPE(source_members);

static const struct member error_members[] = {
	LINE("text", REQUIRED, MESSAGE_FIELD_MAX),
	LINE("code", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	LINE("exception", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	LINE("component", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	INTEGER("count", REQUIRED, 1, SIZE_MOST),
	LINE("first_at", REQUIRED | NULLABLE, 64),
	LINE("last_at", REQUIRED | NULLABLE, 64),
	HEX("fingerprint", 32),
	WORD("severity", REQUIRED, severity_words),
	OBJECT("source", &source_shape),
};
static const struct shape error_shape = SHAPE(error_members);

static const struct member completeness_members[] = {
	BOOLEAN("logs"), BOOLEAN("error"), BOOLEAN("product"), BOOLEAN("version"), BOOLEAN("triage"),
	STRINGS("missing", 5, &missing_item),
};
static const struct shape completeness_shape = SHAPE(completeness_members);

static const struct member problem_members[] = {
	LINE("code", REQUIRED, 64),
	LINE("detail", REQUIRED, MESSAGE_LINE_MAX),
};
static const struct shape problem_shape = SHAPE(problem_members);

static const struct member report_recipient_members[] = {
	LINE("final", REQUIRED | NULLABLE, ADDR_MAX),
	LINE("original", REQUIRED | NULLABLE, ADDR_MAX),
	WORD("action", REQUIRED | NULLABLE, action_words),
	LINE("status", REQUIRED | NULLABLE, 15),
	LINE("diagnostic", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
};
static const struct shape report_recipient_shape = SHAPE(report_recipient_members);

static const struct member report_members[] = {
	WORD("kind", REQUIRED, report_words),
	LINE("original_message_id", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	LINE("reporting_mta", REQUIRED | NULLABLE, 255),
	LINE("disposition", REQUIRED | NULLABLE, 255),
	OBJECTS("recipients", MESSAGE_RECIPIENTS_MAX, &report_recipient_shape),
};
static const struct shape report_shape = SHAPE(report_members);

static const struct member job_message_item = LINE("", REQUIRED, MESSAGE_FIELD_MAX);

static const struct member job_object_members[] = {
	LINE("name", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	WORD("status", REQUIRED | NULLABLE, job_status_words),
	LINE("started_at", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	LINE("ended_at", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	LINE("duration", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	LINE("size", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	LINE("read", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	LINE("transferred", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	STRINGS("messages", MESSAGE_JOB_MESSAGES_MAX, &job_message_item),
};
static const struct shape job_object_shape = SHAPE(job_object_members);

static const struct member job_report_members[] = {
	LINE("attachment", REQUIRED | NULLABLE, 16),
	LINE("type", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	LINE("job", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	WORD("status", REQUIRED | NULLABLE, job_status_words),
	INTEGER("processed", REQUIRED | NULLABLE, 0, 999999),
	INTEGER("total", REQUIRED | NULLABLE, 0, 999999),
	LINE("started_at", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	LINE("ended_at", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	LINE("duration", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	LINE("size", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	LINE("backup_size", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	LINE("read", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	LINE("transferred", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	LINE("dedupe", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	LINE("compression", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	OBJECTS("objects", MESSAGE_JOB_OBJECTS_MAX, &job_object_shape),
	STRINGS("messages", MESSAGE_JOB_MESSAGES_MAX, &job_message_item),
};
static const struct shape job_report_shape = SHAPE(job_report_members);

static const struct member message_members[] = {
	WORD("schema", REQUIRED, schema_words),
	LINE("message_id", REQUIRED | NULLABLE, MESSAGE_LINE_MAX),
	STRINGS("in_reply_to", MESSAGE_IDS_MAX, &id_item),
	STRINGS("references", MESSAGE_IDS_MAX, &id_item),
	LINE("date", REQUIRED | NULLABLE, 32),
	OBJECTS("from", MESSAGE_ADDRESSES_MAX, &address_shape),
	OBJECTS("reply_to", MESSAGE_ADDRESSES_MAX, &address_shape),
	OBJECTS("to", MESSAGE_ADDRESSES_MAX, &address_shape),
	OBJECTS("cc", MESSAGE_ADDRESSES_MAX, &address_shape),
	LINE("subject", REQUIRED, MESSAGE_LINE_MAX),
	WORD("automatic", REQUIRED | NULLABLE, automatic_words),
	{"report", S_OBJECT, 0, 0, 0, NULL, &report_shape, NULL},
	OBJECT("fields", &field_shape),
	OBJECTS("commands", MESSAGE_COMMANDS_MAX, &command_shape),
	OBJECT("body", &body_shape),
	OBJECTS("attachments", MESSAGE_ATTACHMENTS_MAX, &attachment_shape),
	{"job_reports", S_ARRAY, 0, 0, MESSAGE_JOB_REPORTS_MAX, NULL, &job_report_shape, NULL},
	OBJECTS("errors", MESSAGE_ERRORS_MAX, &error_shape),
	OBJECT("completeness", &completeness_shape),
	OBJECTS("problems", MESSAGE_PROBLEMS_MAX, &problem_shape),
};
static const struct shape message_shape = SHAPE(message_members);

/* jansson has checked the UTF-8 and refused U+0000. */
static bool check_string(const struct member *m, const json_t *v)
{
	const char *s = json_string_value(v);
	size_t len = json_string_length(v);
	uint32_t cp;

	if (s == NULL || len > (size_t)m->max)
		return false;
	for (size_t i = 0; i < len;) {
		unsigned n = utf8_next(s + i, len - i, &cp);

		if (n == 0 || cp == '\r' || (cp < 0x20 && (m->type == S_LINE || (cp != '\n' && cp != '\t'))) || cp == 0x7f)
			return false;
		i += n;
	}
	return true;
}

static bool check_word(const struct member *m, const json_t *v)
{
	const char *s = json_string_value(v);

	for (size_t i = 0; s != NULL && m->words[i] != NULL; i++)
		if (strcmp(s, m->words[i]) == 0)
			return true;
	return false;
}

static bool check_hex(const struct member *m, const json_t *v)
{
	const char *s = json_string_value(v);

	return s != NULL && json_string_length(v) == (size_t)m->max && strspn(s, "0123456789abcdef") == (size_t)m->max;
}

static bool check_object(const struct shape *shape, const json_t *v, const char **why);

/* Recursion ends with the tables: three levels below the message. */
static bool check_value(const struct member *m, const json_t *v, const char **why)
{
	if (json_is_null(v))
		return (m->flags & NULLABLE) != 0;
	switch (m->type) {
	case S_STRING:
	case S_LINE:
		return check_string(m, v);
	case S_WORD:
		return check_word(m, v);
	case S_HEX:
		return check_hex(m, v);
	case S_INT:
		return json_is_integer(v) && json_integer_value(v) >= m->min && json_integer_value(v) <= m->max;
	case S_BOOL:
		return json_is_boolean(v);
	case S_OBJECT:
		return check_object(m->object, v, why);
	case S_ARRAY:
		if (!json_is_array(v) || json_array_size(v) > (size_t)m->max)
			return false;
		for (size_t i = 0; i < json_array_size(v); i++) {
			const json_t *item = json_array_get(v, i);

			if (m->object != NULL ? !check_object(m->object, item, why) : !check_value(m->item, item, why))
				return false;
		}
		return true;
	}
	return false;
}

static bool check_object(const struct shape *shape, const json_t *v, const char **why)
{
	size_t seen = 0;

	if (!json_is_object(v))
		return false;
	for (size_t i = 0; i < shape->n; i++) {
		const struct member *m = &shape->members[i];
		const json_t *value = json_object_get(v, m->name);

		if (value == NULL && (m->flags & REQUIRED) == 0)
			continue;
		if (value == NULL || !check_value(m, value, why)) {
			if (*why == NULL)
				*why = m->name;
			return false;
		}
		seen++;
	}
	return seen == json_object_size(v);
}

/* Archive members are bounded over all attachments together. */
static bool check_entries(json_t *attachments)
{
	size_t n = 0, i;
	json_t *a;

	json_array_foreach(attachments, i, a)
		n += json_array_size(json_object_get(a, "entries"));
	return n <= MESSAGE_ENTRIES_MAX;
}

static bool is_date(const char *s)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";

	if (s == NULL)
		return true;
	if (strlen(s) != sizeof form - 1)
		return false;
	for (size_t i = 0; form[i] != '\0'; i++)
		if (form[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
			return false;
	return true;
}

json_t *message_check(const void *json, size_t len, const char **why)
{
	json_t *m;

	*why = NULL;
	if (len > MESSAGE_JSON_MAX) {
		*why = "message object too large";
		return NULL;
	}
	m = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
	if (m == NULL) {
		*why = "message object is not JSON";
		return NULL;
	}
	if (!check_object(&message_shape, m, why)) {
		if (*why == NULL)
			*why = "message object has an unknown member";
	} else if (!check_entries(json_object_get(m, "attachments"))) {
		*why = "too many archive members";
	} else if (!is_date(json_string_value(json_object_get(m, "date")))) {
		*why = "date";
	}
	if (*why == NULL)
		return m;
	json_decref(m);
	return NULL;
}

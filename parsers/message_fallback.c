/*
 * message_fallback.c - a ticket must exist even for a mail that kills its parser. Runs in the queue process on facts of
 * the gate's strict header reader; strings still hold bytes that a sender chose.
 */
#include <string.h>

#include "id.h"
#include "message_check.h"
#include "message_fallback.h"
#include "oneline.h"

static json_t *line(const char *s, size_t max)
{
	char out[MESSAGE_LINE_MAX + 1];
	size_t n = s != NULL ? oneline(out, max + 1, s, strlen(s), ONELINE_CP1252) : 0;

	return json_stringn(n > 0 ? out : "", n);
}

static json_t *line_or_null(const char *s)
{
	return s != NULL && s[0] != '\0' ? line(s, MESSAGE_LINE_MAX) : json_null();
}

static json_t *date(int64_t ms)
{
	char out[32];

	if (ms < 0)
		return json_null();
	id_rfc3339(out, ms, 0);
	return json_string(out);
}

static json_t *from(const struct message_facts *f)
{
	if (f->from_address == NULL || f->from_address[0] == '\0')
		return json_array();
	return json_pack("[{s:o, s:o}]", "name", line(f->from_name, MESSAGE_LINE_MAX),
	    "address", line(f->from_address, MESSAGE_LINE_MAX));
}

static json_t *completeness(void)
{
	return json_pack("{s:b, s:b, s:b, s:b, s:b, s:[s, s, s, s, s]}", "logs", 0, "error", 0, "product", 0, "version", 0,
	    "triage", 0, "missing", "logs", "error", "product", "version", "triage");
}

static json_t *problems(const struct message_facts *f)
{
	return json_pack("[{s:o, s:o}]", "code", line(f->problem != NULL ? f->problem : "parser.failed", 64),
	    "detail", line(f->detail, MESSAGE_LINE_MAX));
}

json_t *message_fallback(const struct message_facts *f)
{
	json_t *automatic = f->automatic != NULL && f->automatic[0] != '\0' ? json_string(f->automatic) : json_null();

	return json_pack("{s:s, s:o, s:[], s:[], s:o, s:o, s:[], s:[], s:[], s:o, s:o, s:{}, s:[],"
	    " s:{s:s, s:s, s:s, s:s, s:s}, s:[], s:[], s:o, s:o}",
	    "schema", "vcspgate/message/1", "message_id", line_or_null(f->message_id), "in_reply_to", "references",
	    "date", date(f->date_ms), "from", from(f), "reply_to", "to", "cc", "subject", line(f->subject, MESSAGE_LINE_MAX),
	    "automatic", automatic, "fields", "commands",
	    "body", "text", "", "quoted", "", "signature", "", "full", "", "source", "none",
	    "attachments", "errors", "completeness", completeness(), "problems", problems(f));
}

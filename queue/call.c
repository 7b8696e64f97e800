/*
 * call.c - typed access to a call's arguments, and problem documents (RFC 9457). Used by all calls, in every thread.
 */
#include "call.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

static json_t *
part(json_t *args, const char *name)
{
	return json_object_get(args, name);
}

const char *
call_param(json_t *args, const char *name)
{
	return json_string_value(json_object_get(part(args, "params"), name));
}

const char *
call_query(json_t *args, const char *name)
{
	return json_string_value(json_object_get(part(args, "query"), name));
}

json_t *
call_body(json_t *args)
{
	return part(args, "body");
}

/* "not found" becomes "about:blank#not-found". */
static void
type_of(char *out, size_t cap, const char *title)
{
	size_t n = (size_t)snprintf(out, cap, "about:blank#");

	for (; *title != '\0' && n + 1 < cap; title++)
		out[n++] = isalnum((unsigned char)*title) ? (char)tolower((unsigned char)*title) : '-';
	out[n] = '\0';
}

void
call_problem(struct call_result *res, unsigned status, const char *title, const char *field, const char *fmt, ...)
{
	char detail[512], type[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	type_of(type, sizeof(type), title);
	json_decref(res->body);
	res->status = status;
	res->content_type = NULL;
	res->body = json_object();
	json_object_set_new(res->body, "type", json_string(type));
	json_object_set_new(res->body, "title", json_string(title));
	json_object_set_new(res->body, "status", json_integer(status));
	/* What the peer wrote may stand in it, cut anywhere. */
	json_object_set_new(res->body, "detail", json_string(utf8_valid(detail, strlen(detail)) ? detail : "the value is not valid"));
	if (field != NULL)
		json_object_set_new(res->body, "field", json_string(field));
}

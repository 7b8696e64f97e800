/*
 * message_help.h - for the tests of message_parse: files, and a parse that must pass message_check.
 */
#ifndef VG_MESSAGE_HELP_H
#define VG_MESSAGE_HELP_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "message.h"
#include "message_check.h"

/* Whole file, NUL-terminated; the caller frees it. */
static inline char *help_read(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *s = malloc(1u << 20);

	assert_non_null(f);
	assert_non_null(s);
	*len = fread(s, 1, (1u << 20) - 1, f);
	s[*len] = '\0';
	fclose(f);
	return s;
}

/* The object of a mail in memory; sender may be NULL. */
static inline json_t *help_parse(const void *bytes, size_t len, char *sender)
{
	struct parse_source src = {.data = bytes, .len = len, .fd = -1};
	char from[ADDR_MAX + 1];
	const char *why = NULL;
	struct buf json;
	json_t *m;

	buf_init(&json, MESSAGE_JSON_MAX);
	assert_int_equal(message_parse(&src, NULL, &json, sender != NULL ? sender : from), VG_OK);
	m = message_check(json.data, json.len, &why);
	if (m == NULL)
		fail_msg("message_check: %s in %.400s", why, buf_str(&json));
	buf_free(&json);
	return m;
}

static inline const char *help_text(json_t *m, const char *part)
{
	return json_string_value(json_object_get(json_object_get(m, "body"), part));
}

static inline int help_has_problem(json_t *m, const char *code)
{
	size_t i;
	json_t *p;

	json_array_foreach(json_object_get(m, "problems"), i, p)
		if (strcmp(json_string_value(json_object_get(p, "code")), code) == 0)
			return 1;
	return 0;
}

#endif

/*
 * log_fields.c - parser worker; hostile log lines. Called by log_line.c for each line without a time: what is none must be told
 * by its first byte.
 */
#include "log_fields.h"

#include <stdio.h>
#include <string.h>

#include "ascii.h"
#include "log_level.h"

#define KEYS_REACH 2000 /* fields of interest stand within so many bytes */

/* The string behind the key in a line of JSON; escapes stay as they are. */
static bool json_value(const char *s, size_t len, const char *key, const char **value, size_t *value_len)
{
	const char *at = s, *end = s + (len < KEYS_REACH ? len : KEYS_REACH), *close;

	/* The same word may be a value before. */
	for (;;) {
		if ((at = ascii_find(at, (size_t)(end - at), key)) == NULL)
			return false;
		at += strlen(key);
		while (at < end && *at == ' ')
			at++;
		if (at < end && *at == ':')
			break;
	}
	end = s + len;
	for (at++; at < end && *at == ' '; at++)
		;
	if (at == end || *at != '"')
		return false;
	for (close = ++at; close < end && *close != '"'; close++)
		close += *close == '\\' && close + 1 < end;
	*value = at;
	*value_len = (size_t)(close - at);
	return close < end && close > at;
}

/* The value behind `key=`, with or without quotes. */
static bool field_value(const char *s, size_t len, const char *key, const char **value, size_t *value_len)
{
	const char *at = ascii_find(s, len < KEYS_REACH ? len : KEYS_REACH, key), *end = s + len, *close;

	if (at == NULL || (at > s && at[-1] != ' '))
		return false;
	at += strlen(key);
	if (at < end && *at == '"')
		for (close = ++at; close < end && *close != '"'; close++)
			close += *close == '\\' && close + 1 < end;
	else
		for (close = at; close < end && *close != ' '; close++)
			;
	*value = at;
	*value_len = (size_t)(close - at);
	return *value_len > 0;
}

typedef bool value_fn(const char *s, size_t len, const char *key, const char **value, size_t *value_len);

/* A stack stands in the same string, behind `\n`. */
static void cut_escaped_stack(struct log_line *out)
{
	const char *at = ascii_find_rare(out->text, out->len, "\\n   at ", 0);

	if (at != NULL && at > out->text)
		log_line_text(out, out->text, (size_t)(at - out->text) - (at[-1] == 'r' ? 2 : 0));
}

/* keys: level, three of the text, of the component, two of the time. */
static bool parse_with(struct log_line *out, const char *s, size_t len, value_fn *value_of, const char *const keys[7])
{
	const struct log_level *level;
	const char *v;
	size_t n;

	if (!value_of(s, len, keys[0], &v, &n) || (level = log_level_of(v, n)) == NULL)
		return false;
	out->kind = level->kind == LOG_LINE_MORE ? LOG_LINE_OTHER : level->kind;
	out->stamped = true;
	if (out->kind == LOG_LINE_OTHER)
		return true;
	/* The error says more than the message it comes with. */
	if (value_of(s, len, keys[1], &out->text, &out->len) || value_of(s, len, keys[2], &out->text, &out->len) ||
	    value_of(s, len, keys[3], &out->text, &out->len))
		cut_escaped_stack(out);
	ascii_trim(&out->text, &out->len);
	if (value_of(s, len, keys[4], &v, &n)) {
		out->component = v;
		out->component_len = n;
	}
	if (value_of(s, len, keys[5], &v, &n) || value_of(s, len, keys[6], &v, &n))
		log_line_time(out->at, v, n);
	return true;
}

/* `E0701 02:00:00.123456       1 controller.go:114] text` */
static bool parse_klog(struct log_line *out, const char *s, size_t len)
{
	const char *close;

	if (len < 22 || s[5] != ' ' || s[8] != ':' || s[11] != ':' || !ascii_digit(s[1]) || !ascii_digit(s[4]) ||
	    (close = memchr(s, ']', len < 120 ? len : 120)) == NULL)
		return false;
	out->kind = s[0] == 'E' || s[0] == 'F' ? LOG_LINE_ERROR : s[0] == 'W' ? LOG_LINE_WARNING : LOG_LINE_OTHER;
	out->stamped = true;
	log_line_text(out, close + 1, len - (size_t)(close + 1 - s));
	return true;
}

/* `RMAN-03009: text`, `ORA-19511: text` of an error stack; its frame has numbers too. */
static bool parse_database(struct log_line *out, const char *s, size_t len)
{
	size_t n = ascii_starts(s, len, "ora-") ? 4 : ascii_starts(s, len, "rman-") ? 5 : 0, i;

	for (i = n; i < len && i < n + 5 && ascii_digit(s[i]); i++)
		;
	if (n == 0 || i != n + 5 || i + 2 > len || s[i] != ':' || s[i + 1] != ' ')
		return false;
	out->kind = s[i + 2] == '=' ? LOG_LINE_OTHER : LOG_LINE_ERROR;
	out->named = true;
	log_line_text(out, s, len);
	return true;
}

bool log_fields_parse(struct log_line *out, const char *s, size_t len)
{
	static const char *const json[7] = {"\"level\"", "\"error\"", "\"message\"", "\"msg\"", "\"logger\"", "\"timestamp\"", "\"time\""};
	static const char *const compact[7] = {"\"@l\"", "\"@x\"", "\"@m\"", "\"@mt\"", "\"sourcecontext\"", "\"@t\"", "\"time\""};
	static const char *const pairs[7] = {"level=", "error=", "msg=", "message=", "component=", "time=", "ts="};

	if (len < 16)
		return false;
	switch (s[0]) {
	case '{':
		return parse_with(out, s, len, json_value, json) || parse_with(out, s, len, json_value, compact);
	case 't':
	case 'l':
		return memchr(s, '=', len < 8 ? len : 8) != NULL && parse_with(out, s, len, field_value, pairs);
	case 'O':
	case 'R':
		return parse_database(out, s, len);
	case 'E':
	case 'F':
	case 'I':
	case 'W':
		return parse_klog(out, s, len);
	default:
		return false;
	}
}

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

/* keys: level, two of the text, of the component, of the time. */
static bool parse_with(struct log_line *out, const char *s, size_t len, value_fn *value_of, const char *const keys[6])
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
		ascii_trim(&out->text, &out->len);
	if (value_of(s, len, keys[4], &v, &n)) {
		out->component = v;
		out->component_len = n;
	}
	if (value_of(s, len, keys[5], &v, &n))
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

bool log_fields_parse(struct log_line *out, const char *s, size_t len)
{
	static const char *const json[6] = {"\"level\"", "\"error\"", "\"message\"", "\"msg\"", "\"logger\"", "\"timestamp\""};
	static const char *const pairs[6] = {"level=", "error=", "msg=", "message=", "component=", "time="};

	if (len < 16)
		return false;
	switch (s[0]) {
	case '{':
		return parse_with(out, s, len, json_value, json);
	case 't':
	case 'l':
		return memchr(s, '=', len < 8 ? len : 8) != NULL && parse_with(out, s, len, field_value, pairs);
	case 'E':
	case 'F':
	case 'I':
	case 'W':
		return parse_klog(out, s, len);
	default:
		return false;
	}
}

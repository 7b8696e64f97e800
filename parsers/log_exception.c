/*
 * log_exception.c - parser worker; hostile log lines. Types of exceptions and the frames of their stacks, as the runtimes write them.
 * Called by log_events.c, log_trace.c and errors_body.c; declared in log_line.h.
 */
#include <string.h>

#include "ascii.h"
#include "log_line.h"

#define NAME (ASCII_UPPER | ASCII_LOWER | ASCII_DIGIT | ASCII_TYPE)

/* `Name.Space.Method(` */
static bool is_method(const char *s, size_t len)
{
	size_t end = 0, dots = 0;

	while (end < len && ascii_has(s[end], NAME | ASCII_CALL))
		dots += s[end++] == '.';
	return dots > 0 && end < len && s[end] == '(';
}

/* Bytes of what Java puts in front of a class: its module, `java.base/`, `java.base@17.0.1/`, or its loader, `app//`; of a lambda the
 * name, `com.example.Worker$$Lambda$14/`. */
static size_t module_of(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && (ascii_has(s[i], NAME) || s[i] == '$' || s[i] == '@' || s[i] == '-'))
		i++;
	if (i == 0 || i >= len || s[i] != '/')
		return 0;
	return i + 1 + (i + 1 < len && s[i + 1] == '/');
}

/* What stands behind the `at` of a frame. */
static bool is_call(const char *s, size_t len)
{
	size_t n;

	return is_method(s, len) || ((n = module_of(s, len)) > 0 && is_method(s + n, len - n));
}

bool log_line_is_frame(const char *text, size_t len)
{
	/* "at" as the runtimes of the languages write it. */
	static const char *const at[] = {"at ", "bei ", "à ", "en ", "in ", "в ", "em ", "场所 "};
	static const char *const decoration[] = {"===", "in c++: ", "... ", "traceback (most", "file \"", "an exception was thrown from thread",
	    "server stack trace:", "exception rethrown at"};

	ascii_trim(&text, &len);
	if (len == 0 || (text[0] == '-' && (len == 1 || text[1] == '-')))
		return true;
	/* Most texts begin with none of these bytes. */
	if ((unsigned char)text[0] < 0x80 && strchr("=.aAbeEfFiIsStT", text[0]) == NULL)
		return false;
	for (size_t i = 0; i < ASCII_COUNT(decoration); i++)
		if (ascii_starts(text, len, decoration[i]))
			return true;
	for (size_t i = 0; i < ASCII_COUNT(at); i++) {
		size_t n;

		if (text[0] == at[i][0] && len > (n = strlen(at[i])) && memcmp(text, at[i], n) == 0 && is_call(text + n, len - n))
			return true;
	}
	return false;
}

/* `Name.Space.SomeException` of letters, digits and points. */
static bool is_type(const char *s, size_t len)
{
	bool error;

	/* Told by its end at once. */
	if (len < 5 || len > 180 || !ascii_alpha(s[0]) || !ascii_has(s[len - 1], ASCII_LOWER | ASCII_UPPER))
		return false;
	error = ascii_ends(s, len, "error") || ascii_ends(s, len, "fault");
	if (!error && !ascii_ends(s, len, "exception"))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!ascii_has(s[i], NAME))
			return false;
	return !error || memchr(s, '.', len) != NULL;
}

bool log_line_exception(const char **text, size_t *len, const char **exception, size_t *exception_len)
{
	const char *s = *text, *open, *colon;
	size_t n = *len;

	ascii_trim(&s, &n);
	if (n > 2 && s[n - 1] == ')' && (open = memrchr(s, '(', n)) != NULL &&
	    is_type(open + 1, n - 2 - (size_t)(open - s))) {
		*exception = open + 1;
		*exception_len = n - 2 - (size_t)(open - s);
		*text = s;
		*len = (size_t)(open - s);
		ascii_trim(text, len);
		return true;
	}
	colon = memchr(s, ':', n < 190 ? n : 190);
	if (colon != NULL && colon + 1 < s + n && colon[1] == ' ' && is_type(s, (size_t)(colon - s))) {
		*exception = s;
		*exception_len = (size_t)(colon - s);
		*text = colon + 1;
		*len = n - (size_t)(colon + 1 - s);
		ascii_trim(text, len);
		return true;
	}
	/* `System.Net.Sockets.SocketException (10060): …`: the code stays where it is, in the text. */
	open = colon != NULL ? memchr(s, '(', (size_t)(colon - s)) : NULL;
	if (open != NULL && open > s + 1 && open[-1] == ' ' && colon[-1] == ')' && is_type(s, (size_t)(open - s) - 1)) {
		*exception = s;
		*exception_len = (size_t)(open - s) - 1;
		*text = s;
		*len = n;
		return true;
	}
	return false;
}

bool log_line_thrown(const char *text, size_t len, const char **exception, size_t *exception_len)
{
	const char *at = text, *end = text + len, *from;

	while ((at = ascii_find_rare(at, (size_t)(end - at), "Exception", 1)) != NULL) {
		from = at;
		at += 9;
		if (at == end || (at[0] != ':' && (at + 1 == end || at[0] != ' ' || at[1] != '(')))
			continue;
		while (from > text && at - from < 180 && (ascii_alnum(from[-1]) || strchr("._`+", from[-1]) != NULL))
			from--;
		if (from == text || from[-1] != ' ' || (from > text + 1 && from[-2] == '>') ||
		    memchr(from, '.', (size_t)(at - from)) == NULL || !is_type(from, (size_t)(at - from)))
			continue;
		*exception = from;
		*exception_len = (size_t)(at - from);
		return true;
	}
	return false;
}

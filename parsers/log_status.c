/*
 * log_status.c - parser worker; hostile log lines. Called by log_events.c for each record as long as no error was found.
 */
#include "log_status.h"

#include <string.h>

#include "ascii.h"

/* `Failed` at s + at stands as the value of something, not in a sentence. */
static bool is_value(const char *s, size_t len, size_t at)
{
	size_t from = at, end = at + 6;

	if (end < len && strchr("'\"]|),.;", s[end]) == NULL && !(s[end] == ' ' && end + 1 < len && strchr("|,-('[", s[end + 1]) != NULL))
		return false;
	while (from > 0 && s[from - 1] == ' ')
		from--;
	return from > 0 && strchr(":='\"[|(,", s[from - 1]) != NULL;
}

/* `details: 'text'`, `error: 'text'`. */
static bool details_of(const char *s, size_t len, const char **text, size_t *text_len)
{
	static const char *const labels[] = {"details: '", "error: '", "reason: '", "details: \"", "reason: \"", "message: '"};

	for (size_t i = 0; i < ASCII_COUNT(labels); i++) {
		const char *at = ascii_find(s, len, labels[i]), *close;

		if (at == NULL)
			continue;
		at += strlen(labels[i]);
		close = memchr(at, at[-1], len - (size_t)(at - s));
		*text = at;
		*text_len = close != NULL ? (size_t)(close - at) : len - (size_t)(at - s);
		if (*text_len > 0)
			return true;
	}
	return false;
}

/* What the record says, its time, thread and level left out. */
static void take_text(struct log_line *l)
{
	const char *at;
	size_t n = log_line_time(l->at, l->line, l->line_len);

	if (l->text == l->line) {
		l->text += n;
		l->len -= n;
		/* `<thread> Info     [Component] text` */
		if ((at = memmem(l->text, l->len < 60 ? l->len : 60, "    ", 4)) != NULL) {
			l->len -= (size_t)(at - l->text);
			l->text = at;
		}
		ascii_trim(&l->text, &l->len);
	}
	if (l->component == NULL && l->len > 2 && l->text[0] == '[' && ascii_alpha(l->text[1]) &&
	    (at = memchr(l->text, ']', l->len < 80 ? l->len : 80)) != NULL && memchr(l->text, ' ', (size_t)(at - l->text)) == NULL &&
	    !ascii_is(l->text + 1, (size_t)(at - l->text) - 1, "failed")) {
		l->component = l->text + 1;
		l->component_len = (size_t)(at - l->text) - 1;
		l->len -= (size_t)(at + 1 - l->text);
		l->text = at + 1;
		ascii_trim(&l->text, &l->len);
	}
}

bool log_status_failed(struct log_line *l)
{
	const char *s = l->line, *at = s, *end = s + l->line_len, *text;
	size_t len;

	/* Few lines hold the letter at all. */
	while ((at = memchr(at, 'F', (size_t)(end - at))) != NULL) {
		if (end - at >= 6 && memcmp(at, "Failed", 6) == 0 && is_value(s, l->line_len, (size_t)(at - s)))
			break;
		at++;
	}
	if (at == NULL)
		return false;
	l->kind = LOG_LINE_ERROR;
	take_text(l);
	if (details_of(l->text, l->len, &text, &len)) {
		l->text = text;
		l->len = len;
	}
	return true;
}

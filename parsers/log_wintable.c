/*
 * log_wintable.c - parser worker; lines of hostile logs. Exported events as table (CSV, semicolons, tabs); a quoted field
 * may hold line ends. Called by log_winevent.c.
 */
#include <string.h>

#include "ascii.h"
#include "log_winevent_parts.h"

/* Cuts the field that begins at *s: without its quotes, the rest of the line stays in *s. */
static void heading_field(const char **s, const char *end, char separator, const char **field, size_t *len)
{
	const char *from = *s, *to = memchr(from, separator, (size_t)(end - from));

	*s = to != NULL ? to + 1 : end;
	*field = from;
	*len = (size_t)((to != NULL ? to : end) - from);
	ascii_trim(field, len);
	if (*len >= 2 && (*field)[0] == '"' && (*field)[*len - 1] == '"') {
		(*field)++;
		*len -= 2;
	}
}

static bool heading_with(struct log_winevent *ev, const char *s, size_t len, char separator)
{
	const char *end = s + len, *field;
	unsigned seen = 0;
	size_t n;

	ev->columns = 0;
	while (s < end && ev->columns < EVENT_COLUMNS) {
		enum event_part part;

		heading_field(&s, end, separator, &field, &n);
		part = winevent_part(field, n);
		ev->column[ev->columns++] = (unsigned char)part;
		seen |= 1u << part;
	}
	return (seen & 1u << EVENT_LEVEL) != 0 && (seen & (1u << EVENT_SOURCE | 1u << EVENT_ID)) != 0 &&
	    (seen & (1u << EVENT_DATE | 1u << EVENT_TEXT)) != 0;
}

bool wintable_heading(struct log_winevent *ev, const char *s, size_t len)
{
	static const char separators[] = {',', '\t', ';'};

	for (size_t i = 0; i < sizeof(separators) && len < 4000; i++)
		if (memchr(s, separators[i], len) != NULL && heading_with(ev, s, len, separators[i])) {
			ev->separator = separators[i];
			ev->at = 0;
			/* The Event Viewer puts the description behind the last column that its heading names. */
			while (ev->columns < EVENT_COLUMNS && memchr(ev->column, EVENT_TEXT, ev->columns) == NULL)
				ev->column[ev->columns++] = EVENT_TEXT;
			return true;
		}
	return false;
}

static void put(struct log_winevent *ev, const char *s, size_t len)
{
	if (ev->at < ev->columns)
		winevent_put(&ev->parts, (enum event_part)ev->column[ev->at], s, len);
}

/* The rest of a quoted field in this line; returns behind its closing quote, or end where it goes on in the next line. */
static const char *quoted_rest(struct log_winevent *ev, const char *s, const char *end)
{
	const char *from = s, *quote;

	while ((quote = memchr(s, '"', (size_t)(end - s))) != NULL) {
		if (quote + 1 < end && quote[1] == '"') {
			s = quote + 2;
			continue;
		}
		put(ev, from, (size_t)(quote - from));
		ev->quoted = false;
		return quote + 1;
	}
	put(ev, from, (size_t)(end - from));
	ev->quoted = true;
	return end;
}

void wintable_row(struct log_winevent *ev, const char *s, size_t len, uint64_t number)
{
	const char *end = s + len, *next;

	if (!ev->quoted) {
		log_winevent_flush(ev);
		ev->open = true;
		ev->at = 0;
		ev->where.line = number;
	} else {
		s = quoted_rest(ev, s, end);
		if (ev->quoted)
			return;
	}
	while (s < end) {
		if (*s == ev->separator) {
			ev->at++;
			s++;
		} else if (*s == '"') {
			s = quoted_rest(ev, s + 1, end);
		} else {
			next = memchr(s, ev->separator, (size_t)(end - s));
			put(ev, s, (size_t)((next != NULL ? next : end) - s));
			s = next != NULL ? next : end;
		}
	}
}

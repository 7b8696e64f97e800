/*
 * calendar.c - the text of an invitation. Runs in the parser worker and in `vcspgate parse`; hostile input.
 */
#include "calendar.h"

#include <stdbool.h>
#include <string.h>

#include "ascii.h"
#include "err.h"

/* "\n", "\,", "\;", "\\" in a value. */
static int add_value(struct buf *out, const char *s, size_t n)
{
	int err = VG_OK;

	for (size_t i = 0; i < n && err == VG_OK; i++) {
		char c = s[i];

		if (c == '\\' && i + 1 < n) {
			c = s[++i];
			c = c == 'n' || c == 'N' ? '\n' : c;
		}
		err = buf_add(out, &c, 1);
	}
	return err;
}

/* One unfolded line, "NAME;PARAMETERS:VALUE". */
static int add_line(struct buf *out, const char *s, size_t n)
{
	static const struct {
		const char *name, *label;
	} names[] = {{"summary", "Summary: "}, {"dtstart", "Start: "}, {"dtend", "End: "}, {"location", "Location: "}, {"description", ""}};
	const char *colon = NULL;
	bool quoted = false;
	size_t name = 0;

	while (name < n && (ascii_alnum(s[name]) || s[name] == '-'))
		name++;
	for (size_t i = name; i < n && colon == NULL; i++) {
		quoted ^= s[i] == '"';
		if (s[i] == ':' && !quoted)
			colon = s + i;
	}
	for (size_t i = 0; colon != NULL && colon + 1 < s + n && i < ASCII_COUNT(names); i++)
		if (ascii_is(s, name, names[i].name)) {
			int err = buf_adds(out, names[i].label);

			if (err == VG_OK)
				err = add_value(out, colon + 1, (size_t)(s + n - colon - 1));
			return err == VG_OK ? buf_adds(out, "\n") : err;
		}
	return VG_OK;
}

int calendar_text(struct buf *out, const char *s, size_t n)
{
	const char *end = s + n, *line;
	struct buf whole;
	bool event = false, over = false;
	int err = VG_OK;
	size_t len;

	buf_init(&whole, n);
	while (err == VG_OK && !over && ascii_line(&s, end, &line, &len)) {
		if (len > 0 && ascii_blank(line[0])) { /* folded */
			err = buf_add(&whole, line + 1, len - 1);
			continue;
		}
		if (event)
			err = add_line(out, buf_str(&whole), whole.len);
		over = ascii_is(line, len, "end:vevent") || (event && ascii_starts(line, len, "begin:"));
		event = event || ascii_is(line, len, "begin:vevent");
		buf_reset(&whole);
		if (err == VG_OK)
			err = buf_add(&whole, line, len);
	}
	buf_free(&whole);
	return err;
}

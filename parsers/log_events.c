/*
 * log_events.c - parser worker; lines of hostile logs. From lines to findings. Called by log_scan.c and errors_body.c.
 */
#include "log_events.h"

#include <string.h>

#include "ascii.h"

#define MORE_LINES 12 /* continuation lines that still belong to a text */

void log_events_init(struct log_events *ev, struct error_set *set, const struct error_where *where)
{
	memset(ev, 0, sizeof(*ev));
	ev->set = set;
	ev->where = *where;
}

static void copy_word(char *out, size_t cap, const char *s, size_t len)
{
	size_t n = len < cap - 1 ? len : cap - 1;

	if (n > 0)
		memcpy(out, s, n);
	out[n] = '\0';
}

/* Drops a stack that stands in the same line: `text   at Name.Space.Method()`. */
static size_t without_stack(const char *s, size_t len)
{
	const char *at = s, *end = s + len;

	while ((at = memmem(at, (size_t)(end - at), "  at ", 5)) != NULL) {
		if (log_line_is_frame(at + 2, (size_t)(end - at) - 2))
			return (size_t)(at - s);
		at++;
	}
	return len;
}

static void append(struct log_events *ev, const char *s, size_t len)
{
	size_t room;

	len = without_stack(s, len);
	ascii_trim(&s, &len);
	if (len == 0 || ev->len + 2 >= sizeof(ev->text))
		return;
	if (ev->len > 0)
		ev->text[ev->len++] = ' ';
	room = sizeof(ev->text) - 1 - ev->len;
	if (len > room) {
		len = room;
		ev->complete = true;
	}
	memcpy(ev->text + ev->len, s, len);
	ev->len += len;
}

/* The same error once more, as `Type: text` behind `text`: it only names the type. */
static bool names_type(struct log_events *ev, const char *text, size_t len)
{
	const char *type;
	size_t type_len;

	if (!ev->open || ev->exception[0] != '\0' || !log_line_exception(&text, &len, &type, &type_len))
		return false;
	if (len == 0 || memmem(ev->text, ev->len, text, len < ev->len ? len : ev->len) == NULL)
		return false;
	copy_word(ev->exception, sizeof(ev->exception), type, type_len);
	return true;
}

static void begin(struct log_events *ev, const struct log_line *l, uint64_t number)
{
	const char *text = l->text, *type;
	size_t len = without_stack(l->text, l->len), type_len;

	if (ascii_starts(text, len, "error: ")) {
		text += 7;
		len -= 7;
	}
	ev->exception[0] = '\0';
	if (log_line_exception(&text, &len, &type, &type_len)) {
		copy_word(ev->exception, sizeof(ev->exception), type, type_len);
		if (len == 0) {
			text = type;
			len = type_len;
		}
	}
	ev->open = true;
	ev->complete = false;
	ev->lines = 0;
	ev->len = 0;
	ev->severity = l->kind == LOG_LINE_WARNING ? SEVERITY_WARNING : SEVERITY_ERROR;
	ev->where.line = number;
	copy_word(ev->at, sizeof(ev->at), l->at, strlen(l->at));
	copy_word(ev->component, sizeof(ev->component), l->component, l->component_len);
	append(ev, text, len);
}

static bool says_something(const char *s, size_t len)
{
	size_t letters = 0;

	for (size_t i = 0; i < len; i++)
		letters += ascii_alpha(s[i]) || (unsigned char)s[i] >= 0x80;
	return letters >= 3;
}

void log_events_flush(struct log_events *ev)
{
	struct error_item item = {.component = ev->component, .at = ev->at, .severity = ev->severity};
	const char *text = ev->text, *type;
	size_t len = ev->len, type_len;

	if (!ev->open)
		return;
	ev->open = false;
	if (ev->exception[0] == '\0' && ev->lines > 0 && log_line_exception(&text, &len, &type, &type_len))
		copy_word(ev->exception, sizeof(ev->exception), type, type_len);
	if (!says_something(text, len))
		return;
	item.text = text;
	item.text_len = len;
	item.exception = ev->exception;
	item.where = ev->where;
	error_set_add(ev->set, &item);
}

/* A line without a time behind an open error. */
static void take_plain(struct log_events *ev, const struct log_line *l)
{
	if (log_line_is_frame(l->text, l->len)) {
		ev->complete = true;
		return;
	}
	if (ev->complete || names_type(ev, l->text, l->len))
		return;
	if (++ev->lines > MORE_LINES)
		ev->complete = true;
	else
		append(ev, l->text, l->len);
}

bool log_events_take(struct log_events *ev, const struct log_line *l, uint64_t number)
{
	switch (l->kind) {
	case LOG_LINE_OTHER:
		log_events_flush(ev);
		return true;
	case LOG_LINE_PLAIN:
		if (ev->open)
			take_plain(ev, l);
		return ev->open;
	case LOG_LINE_MORE:
		if (ev->open && !ev->complete && !log_line_is_frame(l->text, l->len) && ++ev->lines <= MORE_LINES)
			append(ev, l->text, l->len);
		return true;
	case LOG_LINE_ERROR:
	case LOG_LINE_WARNING:
		break;
	}
	/* The stack of a service's log has time and level in each line. */
	if (log_line_is_frame(l->text, l->len)) {
		ev->complete = true;
		return true;
	}
	if (!names_type(ev, l->text, l->len)) {
		log_events_flush(ev);
		begin(ev, l, number);
	}
	return true;
}

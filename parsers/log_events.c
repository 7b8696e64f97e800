/*
 * log_events.c - parser worker; lines of hostile logs. From lines to findings. Called by log_scan.c and errors_body.c.
 */
#include "log_events.h"

#include <string.h>

#include "ascii.h"
#include "log_status.h"

#define MORE_LINES 12 /* continuation lines that still belong to a text */

void log_events_init(struct log_events *ev, struct error_set *set, const struct error_where *where)
{
	memset(ev, 0, sizeof(*ev));
	ev->set = set;
	ev->where = *where;
	log_trace_init(&ev->trace, set, where);
}

/* Drops a stack that stands in the same line: `text   at Name.Space.Method()`. */
static size_t without_stack(const char *s, size_t len)
{
	const char *at = s, *end = s + len;

	while ((at = ascii_find_rare(at, (size_t)(end - at), "  at ", 0)) != NULL) {
		if (log_line_is_frame(at + 2, (size_t)(end - at) - 2))
			return (size_t)(at - s);
		at++;
	}
	return len;
}

/* s is without a stack. */
static void append(struct log_events *ev, const char *s, size_t len)
{
	size_t room;

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
	/* ` (Type)` alone, below a message of several lines. */
	if (len > 0 && memmem(ev->text, ev->len, text, len < ev->len ? len : ev->len) == NULL)
		return false;
	ascii_copy(ev->exception, sizeof(ev->exception), type, type_len);
	return true;
}

/* A further line `Type: text` says what was thrown. */
static void note_type(struct log_events *ev, const char *text, size_t len)
{
	const char *type;
	size_t type_len;

	if (ev->exception[0] == '\0' && log_line_exception(&text, &len, &type, &type_len))
		ascii_copy(ev->exception, sizeof(ev->exception), type, type_len);
}

/* Makes an inner exception the error, unless it says less than the outer one. s is without a stack, or a part of such. */
static bool take_inner(struct log_events *ev, const char *s, size_t len)
{
	struct log_inner inner;

	if (!log_trace_inner(&inner, s, len))
		return false;
	ascii_copy(ev->exception, sizeof(ev->exception), inner.exception, inner.exception_len);
	if (inner.len > 0) {
		ev->len = 0;
		append(ev, inner.text, inner.len);
	}
	return true;
}

/* SQL Server: `TIME spid65 Error: 18210, Severity: 16, State: 1.`; the message follows in a record of its own. */
static void note_lead(struct log_events *ev, const struct log_line *l, const char *text, size_t len)
{
	ev->lead_len = 0;
	if (text < l->line || (size_t)(text - l->line) > sizeof(ev->lead) || !ascii_starts(text, len, "error: ") ||
	    ascii_find(text, len, ", severity: ") == NULL)
		return;
	ev->lead_len = (size_t)(text - l->line);
	memcpy(ev->lead, l->line, ev->lead_len);
}

/* That message. */
static bool goes_on(struct log_events *ev, const struct log_line *l)
{
	if (!ev->open || ev->lead_len == 0 || l->line_len <= ev->lead_len || memcmp(l->line, ev->lead, ev->lead_len) != 0)
		return false;
	append(ev, l->line + ev->lead_len, without_stack(l->line + ev->lead_len, l->line_len - ev->lead_len));
	ev->lead_len = 0;
	return true;
}

/* arrow: log_trace_arrow() of the line's text. */
static void begin(struct log_events *ev, const struct log_line *l, uint64_t number, bool arrow)
{
	const char *text = l->text, *type;
	size_t len = without_stack(l->text, l->len), type_len;

	/* "Error: 18456" is a code. */
	if (ascii_starts(text, len, "error: ") && len > 7 && !ascii_digit(text[7])) {
		text += 7;
		len -= 7;
	}
	ev->exception[0] = '\0';
	ev->code[0] = '\0';
	ev->traceback = false;
	ev->weak = false;
	if (log_line_exception(&text, &len, &type, &type_len)) {
		ascii_copy(ev->exception, sizeof(ev->exception), type, type_len);
		if (len == 0) {
			text = type;
			len = type_len;
		}
	} else if (log_line_thrown(text, len, &type, &type_len)) {
		ascii_copy(ev->exception, sizeof(ev->exception), type, type_len);
	}
	ev->open = true;
	ev->complete = false;
	ev->lines = 0;
	ev->len = 0;
	ev->severity = l->kind == LOG_LINE_WARNING ? SEVERITY_WARNING : SEVERITY_ERROR;
	ev->where.line = number;
	ascii_copy(ev->at, sizeof(ev->at), l->at, strlen(l->at));
	ascii_copy(ev->component, sizeof(ev->component), l->component, l->component_len);
	append(ev, text, len);
	if (arrow || log_trace_caused(text, len))
		take_inner(ev, text, len);
	note_lead(ev, l, text, len);
}

static bool says_something(const char *s, size_t len)
{
	size_t letters = 0;

	for (size_t i = 0; i < len && letters < 3; i++)
		letters += ascii_alpha(s[i]) || (unsigned char)s[i] >= 0x80;
	return letters >= 3;
}

static void flush_open(struct log_events *ev)
{
	struct error_item item = {.component = ev->component, .at = ev->at, .severity = ev->severity};
	const char *text = ev->text, *type;
	size_t len = ev->len, type_len;

	ev->open = false;
	if (ev->exception[0] == '\0' && ev->lines > 0 && log_line_exception(&text, &len, &type, &type_len))
		ascii_copy(ev->exception, sizeof(ev->exception), type, type_len);
	if (!says_something(text, len))
		return;
	item.text = text;
	item.text_len = len;
	item.exception = ev->exception;
	item.other_code = ev->code;
	item.weak = ev->weak;
	item.where = ev->where;
	error_set_add(ev->set, &item);
}

void log_events_flush(struct log_events *ev)
{
	if (ev->open)
		flush_open(ev);
	log_trace_flush(&ev->trace);
}

/* Below a Python stack stands what it is about. */
static bool ends_traceback(struct log_events *ev, const char *s, size_t len)
{
	struct log_inner inner;

	if (!ev->traceback || len == 0 || ascii_blank(s[0]) || !log_trace_python(&inner, s, len))
		return false;
	ev->traceback = false;
	ascii_copy(ev->exception, sizeof(ev->exception), inner.exception, inner.exception_len);
	ev->len = 0;
	append(ev, inner.text, without_stack(inner.text, inner.len));
	return true;
}

/* Compilers show the source below an error: `   24 | };`. */
static bool is_source(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && (s[i] == ' ' || ascii_digit(s[i])))
		i++;
	return i > 3 && i < len && s[i] == '|';
}

/* A line without a time behind an open error. */
static void take_plain(struct log_events *ev, const struct log_line *l)
{
	const bool arrow = log_trace_arrow(l->text, l->len), frame = log_line_is_frame(l->text, l->len);
	size_t len = l->len;

	/* Nearly all are frames. */
	if (!frame || arrow) {
		len = without_stack(l->text, l->len);
		if ((arrow || log_trace_caused(l->text, len)) && take_inner(ev, l->text, len))
			return;
	}
	if (ends_traceback(ev, l->text, l->len))
		return;
	if (frame || is_source(l->text, l->len)) {
		ev->traceback = ev->traceback || ascii_starts(l->text, l->len, "traceback (most");
		ev->complete = true;
		return;
	}
	if (ev->complete || names_type(ev, l->text, l->len))
		return;
	note_type(ev, l->text, l->len);
	if (++ev->lines > MORE_LINES)
		ev->complete = true;
	else
		append(ev, l->text, len);
}

/* The code that only a trace line states. */
static void note_code(struct log_events *ev, const struct log_line *l)
{
	if (ev->code[0] == '\0')
		errors_find_code(ev->code, sizeof(ev->code), l->text, l->len);
}

/* An agent's further line: text, or a trace that may state the code. */
static void take_more(struct log_events *ev, const struct log_line *l)
{
	if (!ev->open || ascii_starts(l->text, l->len, "stack:"))
		return;
	if (ascii_starts(l->text, l->len, "type: ") && memchr(l->text + 6, ' ', l->len - 6) == NULL) {
		if (ev->exception[0] == '\0')
			ascii_copy(ev->exception, sizeof(ev->exception), l->text + 6, l->len - 6);
		return;
	}
	if (log_line_is_frame(l->text, l->len)) {
		note_code(ev, l);
		return;
	}
	/* Lines without a time between, empty ones too, do not end it. */
	if (++ev->lines <= MORE_LINES)
		append(ev, l->text, without_stack(l->text, l->len));
}

/* `[time] <thread>` in front of a record of the service; 0: another form. */
static size_t head_of(const struct log_line *l)
{
	const char *close = memchr(l->line, '>', l->line_len < 48 ? l->line_len : 48);

	return l->line_len > 0 && l->line[0] == '[' && close != NULL && close < l->text ? (size_t)(close + 1 - l->line) : 0;
}

/* A component says what it was about, `[Policy] Transform failed`; what was thrown stands in the next record, without one. */
static void begin_record(struct log_events *ev, const struct log_line *l, uint64_t number, bool arrow)
{
	char component[ERROR_WORD_MAX + 1];
	size_t head = head_of(l);
	bool follows = ev->open && ev->exception[0] == '\0' && ev->component[0] != '\0' && head > 0 && head == ev->head_len &&
	    memcmp(ev->head, l->line, head) == 0;

	if (follows)
		ascii_copy(component, sizeof(component), ev->component, strlen(ev->component));
	log_events_flush(ev);
	begin(ev, l, number, arrow);
	if (follows && ev->component[0] == '\0' && ev->exception[0] != '\0')
		ascii_copy(ev->component, sizeof(ev->component), component, strlen(component));
	ev->head_len = head;
	memcpy(ev->head, l->line, head);
}

static bool take_record(struct log_events *ev, const struct log_line *l, uint64_t number)
{
	const bool arrow = log_trace_arrow(l->text, l->len);

	/* The stack of a service's log has time and level in each line, inner exceptions too. */
	if (ev->open && (arrow || log_trace_caused(l->text, l->len)) && take_inner(ev, l->text, without_stack(l->text, l->len)))
		return true;
	if (log_line_is_frame(l->text, l->len)) {
		if (ascii_starts(l->text, l->len, "--tr:"))
			note_code(ev, l);
		ev->complete = true;
		return true;
	}
	if (!names_type(ev, l->text, l->len))
		begin_record(ev, l, number, arrow);
	return true;
}

/* What is no error ends one; its status may say that something failed. */
static bool take_other(struct log_events *ev, const struct log_line *l, uint64_t number)
{
	struct log_line failed = *l;

	if (goes_on(ev, l))
		return true;
	if (ev->open || ev->trace.busy)
		log_events_flush(ev);
	if (error_set_errors(ev->set) > 0 || !log_status_failed(&failed))
		return true;
	begin(ev, &failed, number, true);
	ev->weak = true;
	flush_open(ev);
	return true;
}

bool log_events_take(struct log_events *ev, const struct log_line *l, uint64_t number)
{
	switch (l->kind) {
	case LOG_LINE_OTHER:
		return take_other(ev, l, number);
	case LOG_LINE_PLAIN:
		if (ev->open)
			take_plain(ev, l);
		else
			log_trace_take(&ev->trace, l->text, l->len, number);
		return ev->open;
	case LOG_LINE_MORE:
		take_more(ev, l);
		return true;
	case LOG_LINE_ERROR:
	case LOG_LINE_WARNING:
		break;
	}
	return take_record(ev, l, number);
}

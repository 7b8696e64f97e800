/*
 * log_trace.c - parser worker; lines of hostile logs. Exceptions outside of records. Called by log_events.c.
 */
#include "log_trace.h"

#include <string.h>

#include "ascii.h"
#include "log_line.h"

void log_trace_init(struct log_trace *t, struct error_set *set, const struct error_where *where)
{
	memset(t, 0, sizeof(*t));
	t->set = set;
	t->where = *where;
	log_setup_init(&t->setup, set, where);
}

static void set_exception(struct log_trace *t, const char *s, size_t len)
{
	ascii_copy(t->exception, sizeof(t->exception), s, len);
}

static void set_text(struct log_trace *t, const char *s, size_t len)
{
	ascii_trim(&s, &len);
	t->len = ascii_copy(t->text, sizeof(t->text), s, len);
}

void log_trace_flush(struct log_trace *t)
{
	struct error_item item = {.text = t->text, .text_len = t->len, .exception = t->exception, .severity = SEVERITY_ERROR};

	if (t->busy && t->confirmed && t->len > 0) {
		item.where = t->where;
		error_set_add(t->set, &item);
	}
	t->busy = t->confirmed = t->python = false;
	t->len = 0;
	t->exception[0] = '\0';
}

/* Begins an exception in line number. */
static void begin(struct log_trace *t, uint64_t number, bool confirmed)
{
	t->busy = true;
	t->confirmed = confirmed;
	t->where.line = number;
}

/* The message that says nothing: "Exception of type 'X' was thrown." */
static bool says_nothing(const char *s, size_t len)
{
	return ascii_starts(s, len, "exception of type '") || ascii_starts(s, len, "one or more errors occurred") || len == 0;
}

bool log_trace_caused(const char *s, size_t len)
{
	ascii_trim(&s, &len);
	return ascii_starts(s, len, "caused by: ");
}

bool log_trace_arrow(const char *s, size_t len)
{
	return memchr(s, '>', len) != NULL && ascii_find_rare(s, len, "--> ", 1) != NULL;
}

bool log_trace_inner(struct log_inner *out, const char *s, size_t len)
{
	const char *at = s, *found = NULL, *end = s + len;

	while (at < end && (at = ascii_find_rare(at, (size_t)(end - at), "--> ", 1)) != NULL) {
		at += 4;
		found = at;
	}
	if (found == NULL) {
		if (!log_trace_caused(s, len))
			return false;
		ascii_trim(&s, &len);
		found = s + 11;
		end = s + len;
	}
	out->text = found;
	out->len = (size_t)(end - found);
	if (!log_line_exception(&out->text, &out->len, &out->exception, &out->exception_len))
		return false;
	if (says_nothing(out->text, out->len))
		return false;
	return true;
}

bool log_trace_python(struct log_inner *out, const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && (ascii_alnum(s[n]) || s[n] == '.' || s[n] == '_'))
		n++;
	if (n < 5 || (n < len && s[n] != ':'))
		return false;
	out->exception = s;
	out->exception_len = n;
	out->text = n < len ? s + n + 1 : s;
	out->len = len - (size_t)(out->text - s);
	ascii_trim(&out->text, &out->len);
	/* KeyError: 'x' says nothing without its type. */
	if (memchr(out->text, ' ', out->len) == NULL) {
		out->text = s;
		out->len = len;
	}
	return true;
}

static bool end_python(struct log_trace *t, const char *s, size_t len)
{
	struct log_inner inner;

	if (!log_trace_python(&inner, s, len))
		return false;
	set_exception(t, inner.exception, inner.exception_len);
	set_text(t, inner.text, inner.len);
	t->confirmed = true;
	log_trace_flush(t);
	return true;
}

/* The exception that was begun goes on. False: it ended with the line before. */
static bool go_on(struct log_trace *t, const char *s, size_t len)
{
	struct log_inner inner;

	if (t->python) {
		if (len > 0 && !ascii_blank(s[0]) && !end_python(t, s, len))
			log_trace_flush(t);
		return true;
	}
	if (log_trace_inner(&inner, s, len)) {
		set_exception(t, inner.exception, inner.exception_len);
		set_text(t, inner.text, inner.len);
		t->confirmed = true;
		return true;
	}
	ascii_trim(&s, &len);
	if (len > 7 && ascii_starts(s, len, "what():")) {
		set_text(t, s + 7, len - 7);
		return true;
	}
	if (len > 0 && log_line_is_frame(s, len)) {
		t->confirmed = true;
		return true;
	}
	return false;
}

/* Behind what runtimes put in front of an exception that nobody caught. Sets *uncaught. */
static void skip_uncaught(const char **s, size_t *len, bool *uncaught)
{
	static const char *const leads[] = {"unhandled exception: ", "unhandled exception. ", "unhandled exception:"};
	size_t i = ASCII_COUNT(leads);
	const char *quote;

	for (size_t k = 0; k < ASCII_COUNT(leads) && i == ASCII_COUNT(leads); k++)
		if (ascii_starts(*s, *len, leads[k]))
			i = k;
	*uncaught = true;
	if (i < ASCII_COUNT(leads)) {
		*s += strlen(leads[i]);
		*len -= strlen(leads[i]);
		return;
	}
	if (ascii_starts(*s, *len, "exception in thread \"") && (quote = memchr(*s + 21, '"', *len - 21)) != NULL) {
		*len -= (size_t)(quote + 1 - *s);
		*s = quote + 1;
		return;
	}
	*uncaught = false;
}

/* `Type: text`, that a stack will follow. */
static bool begin_exception(struct log_trace *t, const char *s, size_t len, uint64_t number)
{
	struct log_inner inner;
	const char *type;
	size_t type_len;
	bool uncaught;

	skip_uncaught(&s, &len, &uncaught);
	ascii_trim(&s, &len);
	if (!log_line_exception(&s, &len, &type, &type_len))
		return false;
	if (log_trace_inner(&inner, s, len)) {
		set_exception(t, inner.exception, inner.exception_len);
		set_text(t, inner.text, inner.len);
	} else {
		set_exception(t, type, type_len);
		set_text(t, len > 0 ? s : type, len > 0 ? len : type_len);
	}
	begin(t, number, uncaught);
	return true;
}

/* A native program's last words. */
static bool begin_abort(struct log_trace *t, const char *s, size_t len, uint64_t number)
{
	static const char *const words[] = {"program received signal ", "program terminated with signal ", "segmentation fault",
	    "aborted (core dumped)", "*** stack smashing detected", "*** buffer overflow detected", "double free or corruption",
	    "free(): invalid", "malloc(): ", "corrupted size vs. prev_size", "panic: ", "fatal error: "};
	static const char thrown[] = "terminate called after throwing an instance of '";
	const char *quote;

	if (ascii_starts(s, len, thrown) && (quote = memchr(s + sizeof(thrown) - 1, '\'', len - sizeof(thrown) + 1)) != NULL)
		set_exception(t, s + sizeof(thrown) - 1, (size_t)(quote - s) - sizeof(thrown) + 1);
	else if (!ascii_starts_any(s, len, words, ASCII_COUNT(words)) &&
	    (memchr(s, '`', len) == NULL || memmem(s, len, ": Assertion `", 13) == NULL))
		return false;
	set_text(t, s, len);
	begin(t, number, true);
	return true;
}

void log_trace_take(struct log_trace *t, const char *s, size_t len, uint64_t number)
{
	if (t->busy && go_on(t, s, len))
		return;
	if (t->busy)
		log_trace_flush(t);
	if (log_setup_take(&t->setup, s, len, number))
		return;
	if (len < 6)
		return;
	if (ascii_ends(s, len, "traceback (most recent call last):")) {
		begin(t, number, false);
		t->python = true;
		return;
	}
	if (!begin_abort(t, s, len, number))
		begin_exception(t, s, len, number);
}

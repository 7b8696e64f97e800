/*
 * errors_body.c - parser worker; text that people wrote or pasted. Takes what has the form of a product's message
 * and leaves prose alone. Called by the message assembly and for job reports. Linear.
 */
#include <string.h>

#include "ascii.h"
#include "errors.h"
#include "log_events.h"
#include "log_line.h"

#define PROSE_LINE_MAX 2000

struct body {
	struct error_set *set;
	struct error_where where;
	struct log_events events;
	unsigned announced; /* lines within which an error that was announced must follow */
};

/* How the product begins to say that something failed. */
static bool starts_failure(const char *s, size_t len)
{
	static const char *const starts[] = {"failed to ", "cannot ", "can not ", "can't ", "unable to ", "could not ", "error: ",
	    "failed ", "access is denied", "the rpc server is unavailable", "the network path was not found", "not enough ",
	    "insufficient ", "timed out ", "operation was ", "connection refused", "no such host", "invalid credentials"};

	return ascii_starts_any(s, len, starts, ASCII_COUNT(starts));
}

static bool has_failure_word(const char *s, size_t len)
{
	static const char *const words[] = {"failed", "error", "cannot", "unable", "denied", "failure", "exception", "timed out",
	    "timeout", "refused", "unavailable", "not found", "invalid"};

	return ascii_find_any(s, len, words, ASCII_COUNT(words), NULL) != NULL;
}

/* Somebody speaks: products say neither I nor you. */
static bool is_personal(const char *s, size_t len)
{
	static const char *const words[] = {"i", "we", "you", "your", "our", "my", "me", "us", "please", "thanks", "yesterday",
	    "today", "tomorrow", "attached", "hello", "they", "he", "she", "colleague", "customer says"};

	return memchr(s, '?', len) != NULL || ascii_find_any(s, len, words, ASCII_COUNT(words), NULL) != NULL;
}

/* Speaks of things that a backup product fails at. */
static bool has_subject_matter(const char *s, size_t len)
{
	static const char *const words[] = {"connect", "backup", "vm", "snapshot", "disk", "host", "agent", "server", "repository",
	    "vss", "proxy", "file", "storage", "job", "restore", "mount", "volume", "credentials", "guest", "database", "session",
	    "network", "login", "logon", "writer", "checkpoint", "replica", "datastore", "certificate", "license", "process",
	    "service", "port", "open", "read", "write", "lock", "truncate", "index", "tape", "object", "share", "path", "user"};

	return memchr(s, '[', len) != NULL || memchr(s, '\\', len) != NULL || memchr(s, '\'', len) != NULL ||
	    ascii_find_any(s, len, words, ASCII_COUNT(words), NULL) != NULL;
}

static size_t word_count(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += !ascii_blank(s[i]) && (i == 0 || ascii_blank(s[i - 1]));
	return n;
}

static void add(struct body *b, const char *s, size_t len, uint64_t number)
{
	struct error_item item = {.severity = SEVERITY_ERROR};
	char exception[ERROR_WORD_MAX + 1] = "";
	const char *type;
	size_t type_len;

	if (len > PROSE_LINE_MAX)
		len = PROSE_LINE_MAX;
	if (log_line_exception(&s, &len, &type, &type_len) && type_len < sizeof(exception))
		memcpy(exception, type, type_len);
	item.text = s;
	item.text_len = len;
	item.exception = exception;
	item.where = b->where;
	item.where.line = number;
	error_set_add(b->set, &item);
}

/* What stands behind `Error:` is a message, and no remark. */
static bool is_message(const char *s, size_t len)
{
	char code[ERROR_WORD_MAX + 1];

	if (ascii_starts(s, len, "see ") || ascii_starts(s, len, "none") || ascii_starts(s, len, "n/a") ||
	    ascii_starts(s, len, "no error") || ascii_starts(s, len, "unknown") || ascii_starts(s, len, "http"))
		return false;
	if (word_count(s, len) < 2)
		return errors_find_code(code, sizeof(code), s, len);
	return !is_personal(s, len) || has_failure_word(s, len);
}

/* A failure in the product's words. */
static bool is_product_sentence(const char *s, size_t len)
{
	char code[ERROR_WORD_MAX + 1];
	bool starts = len > 0 && ascii_upper(s[0]) && starts_failure(s, len);

	if (len < 12 || (!starts && !has_failure_word(s, len)) || is_personal(s, len))
		return false;
	return (starts && has_subject_matter(s, len)) || errors_find_code(code, sizeof(code), s, len);
}

/* `Error: …`, `Error message: …`, `Processing VM01 Error: …`, `VM01 | Error: …`. */
static bool take_labelled(struct body *b, const char *s, size_t len, uint64_t number)
{
	static const char *const labels[] = {"error message:", "error text:", "error details:", "fatal error:", "errors:", "error:"};
	const char *at = NULL, *from = s;
	size_t rest, label = 0;

	if (memchr(s, ':', len) == NULL)
		return false;
	for (size_t i = 0; i < ASCII_COUNT(labels) && at == NULL; i++) {
		at = ascii_find(s, len, labels[i]);
		label = strlen(labels[i]);
		if (at != NULL && at > s && ascii_alnum(at[-1]))
			at = NULL;
	}
	if (at == NULL)
		return false;
	from = at + label;
	rest = len - (size_t)(from - s);
	ascii_trim(&from, &rest);
	/* VDDK error: 2, Win32 error:5 are codes within a message. */
	if (at > s && rest > 0 && ascii_digit(from[0]))
		return false;
	if (rest == 0 || !is_message(from, rest))
		return false;
	/* What a window shows is one message: `Failed to open the file. Error: Access is denied.` */
	if (at > s && at - s < 300 && (ascii_starts(s, len, "processing ") ||
	    (b->where.kind == ORIGIN_SCREENSHOT && is_product_sentence(s, len))))
		add(b, s, len, number);
	else if (at == s || (size_t)(at - s) < 120 || !is_personal(s, (size_t)(at - s)))
		add(b, from, rest, number);
	return true;
}

/* Strips what mail programs and people put in front of a quoted line. */
static void strip_bullet(const char **s, size_t *len)
{
	ascii_trim(s, len);
	while (*len > 1 && strchr("-*>|", (*s)[0]) != NULL && (ascii_blank((*s)[1]) || (*s)[0] == '>')) {
		(*s)++;
		(*len)--;
		ascii_trim(s, len);
	}
}

/* Dialogues quoted in a sentence: it says "Failed to connect to the host". Quotes pair up one after the other. */
static bool take_quoted(struct body *b, const char *s, size_t len, uint64_t number)
{
	static const struct {
		const char *open, *close;
	} pairs[] = {{"\"", "\""}, {"“", "”"}, {"„", "“"}, {"«", "»"}};
	bool taken = false;

	for (size_t k = 0; k < ASCII_COUNT(pairs); k++) {
		const char *at = s, *end = s + len, *close;
		size_t o = strlen(pairs[k].open), c = strlen(pairs[k].close);

		while ((at = memmem(at, (size_t)(end - at), pairs[k].open, o)) != NULL &&
		    (close = memmem(at + o, (size_t)(end - at) - o, pairs[k].close, c)) != NULL) {
			const char *from = at + o;
			size_t n = (size_t)(close - from);
			bool led = ascii_ends(s, (size_t)(at - s), "error ") || ascii_ends(s, (size_t)(at - s), "error: ") ||
			    ascii_ends(s, (size_t)(at - s), "message ") || ascii_ends(s, (size_t)(at - s), "message: ") ||
			    ascii_ends(s, (size_t)(at - s), "error message is ");

			ascii_trim(&from, &n);
			if (word_count(from, n) >= 3 && !is_personal(from, n) && (led || starts_failure(from, n) ||
			    is_product_sentence(from, n))) {
				add(b, from, n, number);
				taken = true;
			}
			at = close + c;
		}
	}
	return taken;
}

/* "we get the following error:" - what follows is the message. */
static bool announces(const char *s, size_t len)
{
	static const char *const words[] = {"error", "exception", "failed with", "fails with"};

	return len > 0 && s[len - 1] == ':' && ascii_find_any(s, len, words, ASCII_COUNT(words), NULL) != NULL;
}

static void take_prose(struct body *b, const char *s, size_t len, uint64_t number)
{
	strip_bullet(&s, &len);
	if (len == 0) {
		b->announced -= b->announced > 0;
		return;
	}
	if (announces(s, len)) {
		b->announced = 3;
		return;
	}
	if (take_labelled(b, s, len, number) || take_quoted(b, s, len, number)) {
		b->announced = 0;
		return;
	}
	if (is_product_sentence(s, len) ||
	    (b->announced > 0 && word_count(s, len) >= 3 && !is_personal(s, len) && s[len - 1] != ':'))
		add(b, s, len, number);
	b->announced = 0;
}

/* A line of a pasted log, or one that continues it. False: prose. */
static bool take_log_line(struct body *b, const char *s, size_t len, uint64_t number)
{
	struct log_line l;

	log_line_parse(&l, s, len);
	if (l.stamped && l.kind != LOG_LINE_PLAIN) {
		log_events_take(&b->events, &l, number);
		return true;
	}
	if (l.kind == LOG_LINE_PLAIN && b->events.open && len > 0 && (ascii_blank(s[0]) || log_line_is_frame(s, len))) {
		log_events_take(&b->events, &l, number);
		return true;
	}
	log_events_flush(&b->events);
	return false;
}

void errors_scan_body(struct error_set *set, const char *text, size_t len, const struct error_where *where)
{
	struct body b = {.set = set, .where = *where};
	const char *line, *end = text + len;
	uint64_t number = 0;
	size_t n;

	log_events_init(&b.events, set, where);
	while (ascii_line(&text, end, &line, &n)) {
		if (n > PROSE_LINE_MAX)
			n = PROSE_LINE_MAX;
		if (!take_log_line(&b, line, n, ++number))
			take_prose(&b, line, n, number);
	}
	log_events_flush(&b.events);
}

/*
 * errors_body.c - parser worker; text that people wrote or pasted. Takes what has the form of a product's message
 * and leaves prose alone. Called by the message assembly and for what job reports leave. Linear.
 */
#include <stddef.h>
#include <string.h>

#include "ascii.h"
#include "errors.h"
#include "errors_pasted.h"
#include "errors_prose.h"
#include "job_report_value.h"
#include "log_events.h"
#include "log_line.h"

#define PROSE_LINE_MAX 2000
#define WRAP_LEAST 55   /* a line that a mail program wrapped is at least so long */
#define WRAP_MOST 132
#define WRAP_LINES 12
#define JOIN_LINES 12
#define ANNOUNCED_LINES 3 /* empty lines and others until what was announced must come */

enum announced { NOTHING, WEAKLY, SURELY };

struct body {
	struct error_set *set;
	struct error_where where;
	bool logs;                  /* a line of a log came: events is in use */
	const char *at, *end;       /* the next line */
	uint64_t number;            /* of the line that is looked at */
	enum announced announced;
	unsigned left;              /* lines within which it must follow */
	struct pasted_state pasted;
	/* A message that lines below it may still belong to; joined_len 0: none. */
	size_t joined_len;
	uint64_t joined_number;
	unsigned joined_lines;
	struct prose joined_at;
	/* Large, and not written before they are needed. */
	struct log_events events;
	char joined[PROSE_LINE_MAX + 1];
	char text[PROSE_LINE_MAX + 1]; /* a line with those that it was wrapped into */
};

static void add(struct body *b, struct prose message, struct prose at)
{
	static const struct job_day no_day = {0, 0, 0};
	struct error_item item = {.severity = SEVERITY_ERROR};
	char exception[ERROR_WORD_MAX + 1] = "", time[64] = "";
	const char *type;
	size_t type_len;

	if (message.len > PROSE_LINE_MAX)
		message.len = PROSE_LINE_MAX;
	if (log_line_exception(&message.s, &message.len, &type, &type_len) ||
	    log_line_thrown(message.s, message.len, &type, &type_len))
		ascii_copy(exception, sizeof(exception), type, type_len);
	if (at.len > 0 && job_time(time, sizeof time, at.s, at.len, &no_day, 0))
		item.at = time;
	item.text = message.s;
	item.text_len = message.len;
	item.exception = exception;
	item.where = b->where;
	item.where.line = b->number;
	error_set_add(b->set, &item);
}

/* ---- messages of more than one line ---- */

static void flush(struct body *b)
{
	uint64_t number = b->number;
	struct prose message = {b->joined, b->joined_len};

	if (b->joined_len == 0)
		return;
	b->number = b->joined_number;
	b->joined_len = 0;
	add(b, message, b->joined_at);
	b->number = number;
}

static void join(struct body *b, const struct prose *p)
{
	size_t room = PROSE_LINE_MAX - b->joined_len, n;

	if (b->joined_len > 0 && room > 1) {
		b->joined[b->joined_len++] = ' ';
		room--;
	}
	n = p->len < room ? p->len : room;
	memcpy(b->joined + b->joined_len, p->s, n);
	b->joined_len += n;
}

/* A message that names itself, as a session's log shows it, goes on in the lines right below it. */
static void begin(struct body *b, struct prose message, struct prose at)
{
	flush(b);
	b->joined_number = b->number;
	b->joined_lines = 0;
	b->joined_at = at;
	join(b, &message);
}

/* What the product puts in a line of its own: `'Cannot connect…`, `Win32 error:…`, `Code: 53`, `'`. */
static bool completes(const struct body *b, const struct prose *line)
{
	static const char *const begins[] = {"'", "win32 error:", "code: ", "code:0x", "rpc function ", "possible reasons:"};

	return ascii_starts_any(line->s, line->len, begins, ASCII_COUNT(begins)) &&
	    (line->s[0] == '\'' || ascii_find(b->joined, b->joined_len, "rror") != NULL || ascii_starts(line->s, line->len, "code:"));
}

/* A line below such a message that is more of it. */
static bool take_more(struct body *b, const struct prose *line, const struct prose *at)
{
	/* Other lines of a session's window. */
	static const char *const others[] = {"processing ", "job finished", "job started", "job has", "retry ", "queued for", "required backup",
	    "all vms", "network traffic", "getting ", "using ", "saving ", "hard disk", "finalizing", "primary bottleneck", "load:"};
	char code[ERROR_WORD_MAX + 1];
	struct prose message;
	bool sure;

	if (b->joined_len > 0 && at->len == 0 && b->joined_lines < JOIN_LINES && completes(b, line)) {
		b->joined_lines++;
		join(b, line);
		return true;
	}
	if (b->joined_len == 0 || at->len > 0 || line->len < 8 || b->joined_lines >= JOIN_LINES || !ascii_upper(line->s[0]) ||
	    prose_is_personal(line->s, line->len) || prose_announces(line->s, line->len, &sure) ||
	    prose_label_first(line->s, line->len, &message) || ascii_starts_any(line->s, line->len, others, ASCII_COUNT(others)))
		return false;
	/* `VDDK error: 14009` below `S3 error: AccessDenied` is another one. */
	if (ascii_find(line->s, line->len < 24 ? line->len : 24, " error: ") != NULL &&
	    errors_find_code(code, sizeof code, b->joined, b->joined_len))
		return false;
	if (!prose_has_failure(line->s, line->len) && !prose_starts_failure(line->s, line->len) &&
	    memchr(line->s, '[', line->len) == NULL)
		return false;
	b->joined_lines++;
	join(b, line);
	return true;
}

/* ---- lines ---- */

/* A code that is certain: the line, which may speak another language; the code by itself where a person only names it. */
static bool take_code(struct body *b, const struct prose *line, struct prose at)
{
	char code[ERROR_WORD_MAX + 1];

	if (!errors_may_be_certain(line->s, line->len) || !errors_find_code(code, sizeof code, line->s, line->len) ||
	    !errors_code_is_certain(code))
		return false;
	if (prose_is_personal(line->s, line->len))
		add(b, (struct prose){code, strlen(code)}, at);
	else
		add(b, *line, at);
	return true;
}

static bool take_quoted(struct body *b, const struct prose *line, struct prose at)
{
	struct prose message;
	bool taken = false;
	size_t from = 0;

	while (prose_quoted(line->s, line->len, &from, &message)) {
		add(b, message, at);
		taken = true;
	}
	return taken;
}

static void announce(struct body *b, enum announced how)
{
	b->announced = how;
	b->left = how != NOTHING ? ANNOUNCED_LINES : 0;
}

/* A line of a session's window, with how long it took. */
static bool ends_in_duration(const struct prose *p)
{
	const char *s = p->s + p->len;

	return p->len > 10 && s[-9] == ' ' && ascii_digit(s[-8]) && s[-6] == ':' && s[-3] == ':' && ascii_digit(s[-1]);
}

/* What was announced: the line itself, where nobody speaks. */
static bool take_announced(struct body *b, const struct prose *line, struct prose at)
{
	enum announced how = b->announced;
	struct prose message = *line;

	if (how == NOTHING)
		return false;
	announce(b, NOTHING);
	prose_unquote(&message);
	if (message.len == 0 || message.s[message.len - 1] == ':' || prose_words(message.s, message.len) < 3 ||
	    prose_is_personal(message.s, message.len))
		return false;
	if ((how == WEAKLY || ends_in_duration(&message)) && !prose_has_failure(message.s, message.len) &&
	    !prose_starts_failure(message.s, message.len))
		return false;
	add(b, message, at);
	/* A list may follow. */
	announce(b, how);
	b->left = 1;
	return true;
}

/* `Failed to prepare guest. Details: No connection. Errors:`: the message itself begins, its parts follow. */
static bool lists_errors(const struct prose *line)
{
	return ascii_ends(line->s, line->len, "errors:") && prose_is_product(line->s, line->len);
}

static void take_prose(struct body *b, struct prose line)
{
	struct prose at, message;
	bool sure;

	bool marked = prose_strip(&line, &at);

	if (!marked && take_more(b, &line, &at))
		return;
	flush(b);
	if (line.len == 0) {
		b->left -= b->left > 0;
		if (b->left == 0)
			announce(b, NOTHING);
		return;
	}
	if (lists_errors(&line)) {
		announce(b, NOTHING);
		begin(b, line, at);
		return;
	}
	if (prose_announces(line.s, line.len, &sure)) {
		announce(b, sure ? SURELY : WEAKLY);
		return;
	}
	if (!prose_named(line.s, line.len) && take_quoted(b, &line, at)) {
		announce(b, NOTHING);
	} else if (prose_labelled(line.s, line.len, &message) || ascii_starts(line.s, line.len, "vsscontrol:")) {
		announce(b, NOTHING);
		begin(b, ascii_starts(line.s, line.len, "vsscontrol:") ? line : message, at);
	} else if (prose_is_product(line.s, line.len)) {
		announce(b, NOTHING);
		if (at.len > 0)
			begin(b, line, at);
		else
			add(b, line, at);
	} else if (!take_announced(b, &line, at)) {
		if (prose_sentence(line.s, line.len, &message))
			add(b, message, at);
		else
			take_code(b, &line, at);
	}
}

/* A line of a pasted log, or one that continues it. False: prose. */
static bool take_log_line(struct body *b, const char *s, size_t len)
{
	struct log_line l;

	log_line_parse(&l, s, len);
	/* `      [error] text` of an agent's window. */
	if (l.named && ascii_blank(s[0]) && l.line[0] == '[')
		l.stamped = true;
	if (l.stamped && l.kind != LOG_LINE_PLAIN && ascii_find(s, len < 40 ? len : 40, " :: ") == NULL) {
		if (!b->logs)
			log_events_init(&b->events, b->set, &b->where);
		b->logs = true;
		log_events_take(&b->events, &l, b->number);
		return true;
	}
	if (!b->logs)
		return false;
	if (l.kind == LOG_LINE_PLAIN && b->events.open && len > 0 && (ascii_blank(s[0]) || log_line_is_frame(s, len))) {
		log_events_take(&b->events, &l, b->number);
		return true;
	}
	log_events_flush(&b->events);
	return false;
}

/* A frame of a stack that no log line began. */
static bool is_frame(const char *s, size_t len)
{
	return len > 3 && ascii_blank(s[0]) && log_line_is_frame(s, len);
}

static bool take_pasted(struct body *b, const char *s)
{
	struct pasted p;
	unsigned n = pasted_block(s, b->end, &b->pasted, &p);
	const char *line;
	size_t len;

	if (n == 0)
		return false;
	flush(b);
	if (p.len > 0) {
		char exception[ERROR_WORD_MAX + 1] = "", component[ERROR_WORD_MAX + 1] = "";
		struct error_item item = {.text = p.text, .text_len = p.len, .exception = exception, .component = component,
			.severity = SEVERITY_ERROR, .where = b->where};

		if (p.exception != NULL)
			ascii_copy(exception, sizeof exception, p.exception, p.exception_len);
		if (p.component != NULL)
			ascii_copy(component, sizeof component, p.component, p.component_len);
		item.where.line = b->number;
		error_set_add(b->set, &item);
		announce(b, NOTHING);
	}
	for (; n > 1 && ascii_line(&b->at, b->end, &line, &len); n--)
		b->number++;
	return true;
}

/* The line goes on in the next one, which a mail program wrapped: it is long and open, the next one begins small. */
static bool is_wrapped(const char *s, size_t len, size_t last, const char *next, size_t next_len)
{
	if (last < WRAP_LEAST || last > WRAP_MOST || next_len == 0 || strchr(".:!?|;", s[len - 1]) != NULL)
		return false;
	/* The next line of a session's window. */
	if (ascii_digit(next[0]) && log_line_time(NULL, next, next_len) > 0)
		return false;
	if (ascii_lower(next[0]) || (ascii_digit(next[0]) && !ascii_starts(next, next_len, "1.")))
		return true;
	return strchr("([\\/'", next[0]) != NULL;
}

/* Bytes of `> > ` in front, at most as many as the line before has. */
static size_t quote_marks(const char *s, size_t len, size_t most)
{
	size_t n = 0;

	while (n < len && n < most && (s[n] == '>' || s[n] == ' '))
		n++;
	return n;
}

/* The line, with those it was wrapped into. */
static struct prose unwrap(struct body *b, const char *s, size_t len, unsigned *more)
{
	const char *at = b->at, *next;
	size_t last = len, k, n = len, marks = len > 0 && s[0] == '>' ? quote_marks(s, len, 20) : 0, cut;

	*more = 0;
	while (*more < WRAP_LINES && ascii_line(&at, b->end, &next, &k)) {
		/* Quoted text is wrapped too. */
		cut = quote_marks(next, k, marks);
		if (cut != marks || !is_wrapped(*more > 0 ? b->text : s, n, last, next + cut, k - cut) || n + k + 1 >= PROSE_LINE_MAX)
			break;
		next += cut;
		k -= cut;
		if (*more == 0)
			memcpy(b->text, s, n);
		b->text[n++] = ' ';
		memcpy(b->text + n, next, k);
		n += k;
		last = k + cut;
		b->at = at;
		(*more)++;
	}
	return (struct prose){*more > 0 ? b->text : s, n};
}

void errors_scan_body(struct error_set *set, const char *text, size_t len, const struct error_where *where)
{
	struct body b;
	const char *line;
	size_t n;

	memset(&b, 0, offsetof(struct body, events));
	b.set = set;
	b.where = *where;
	b.at = text;
	b.end = text + len;
	b.pasted.powershell = ascii_find(text, len, "char:") != NULL;
	while (ascii_line(&b.at, b.end, &line, &n)) {
		unsigned more;

		b.number++;
		if (n > PROSE_LINE_MAX)
			n = PROSE_LINE_MAX;
		if (take_log_line(&b, line, n)) {
			flush(&b);
			announce(&b, NOTHING);
			continue;
		}
		if (is_frame(line, n) || take_pasted(&b, line))
			continue;
		take_prose(&b, unwrap(&b, line, n, &more));
		b.number += more;
	}
	flush(&b);
	if (b.logs)
		log_events_flush(&b.events);
}

/*
 * log_line.c - parser worker; hostile log lines of at most LOG_LINE_MAX bytes. Form of the record, level, component, text.
 * Called by log_events.c and errors_body.c for each line: what is no error must be told cheaply.
 */
#include "log_line.h"

#include <string.h>

#include "ascii.h"
#include "log_clock.h"
#include "log_fields.h"
#include "log_foreign.h"
#include "log_level.h"
#include "log_stamp.h"

#define LEVEL_REACH 120 /* a level word stands within so many bytes behind the time */

static size_t blanks(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && ascii_blank(s[i]))
		i++;
	return i;
}

void log_line_text(struct log_line *out, const char *s, size_t len)
{
	ascii_trim(&s, &len);
	out->text = s;
	out->len = len;
}

/* `[Component] text`: a component is one word of letters, digits and few signs. */
static void take_component(struct log_line *out)
{
	size_t i;

	if (log_foreign_originator(out) || out->component != NULL || out->len < 3 || out->text[0] != '[')
		return;
	for (i = 1; i < out->len && i < 80 && (ascii_alnum(out->text[i]) || strchr("._-+<>`", out->text[i]) != NULL); i++)
		;
	if (i == 1 || i >= out->len || out->text[i] != ']' || i + 1 == out->len || !ascii_alpha(out->text[1]))
		return;
	out->component = out->text + 1;
	out->component_len = i - 1;
	log_line_text(out, out->text + i + 1, out->len - i - 1);
}

/* `123 backup.py:77 text`: the module is the component. */
static bool take_source(struct log_line *out)
{
	static const char *const kinds[] = {".py", ".go", ".cpp", ".cc", ".c", ".cs", ".java", ".js", ".rb", ".rs"};
	size_t from = 0, i, colon, k;

	while (from < out->len && ascii_digit(out->text[from]))
		from++;
	from += from > 0 && from < out->len && out->text[from] == ' ';
	for (i = from; i < out->len && i < from + 80 && (ascii_alnum(out->text[i]) || strchr("._-/", out->text[i]) != NULL); i++)
		;
	colon = i;
	if (i >= out->len || out->text[i] != ':')
		return false;
	for (k = 0; k < ASCII_COUNT(kinds) && !ascii_ends(out->text + from, i - from, kinds[k]); k++)
		;
	if (k == ASCII_COUNT(kinds))
		return false;
	while (++i < out->len && ascii_digit(out->text[i]))
		;
	if (i == colon + 1 || i >= out->len || out->text[i] != ' ')
		return false;
	out->component = out->text + from;
	out->component_len = colon - from;
	log_line_text(out, out->text + i, out->len - i);
	return true;
}

/* Service form, behind the time: ` <thread> Level (n)   [Component] text`. False where it is another form. */
static bool parse_service(struct log_line *out, const char *s, size_t len)
{
	const struct log_level *level;
	size_t n = 0;

	while (n < len && ascii_alpha(s[n]))
		n++;
	if (n < len && s[n] != ' ' && s[n] != '\t' && s[n] != ':')
		return false;
	if ((level = log_level_of(s, n)) == NULL)
		return false;
	out->kind = level->kind;
	if (out->kind == LOG_LINE_OTHER)
		return true;
	n += n < len && s[n] == ':';
	n += blanks(s + n, len - n);
	if (n + 2 < len && s[n] == '(' && ascii_digit(s[n + 1])) {
		size_t close = n + 1;

		while (close < len && close < n + 4 && ascii_digit(s[close]))
			close++;
		if (close < len && s[close] == ')')
			n = close + 1;
	}
	log_line_text(out, s + n, len - n);
	take_component(out);
	if (out->component == NULL)
		take_source(out);
	return true;
}

/* `[SessionLog][error] text` of the Linux agent, else how the text begins. */
static enum log_line_kind session_kind(struct log_line *out)
{
	static const struct {
		const char *mark;
		enum log_line_kind kind;
	} marks[] = {{"][error] ", LOG_LINE_ERROR}, {"][warn] ", LOG_LINE_WARNING}, {"][warning] ", LOG_LINE_WARNING}};
	const size_t reach = out->len < 40 ? out->len : 40;

	for (size_t i = 0; i < ASCII_COUNT(marks) && reach > 0 && out->text[0] == '['; i++) {
		const char *at = ascii_find(out->text, reach, marks[i].mark);

		if (at != NULL) {
			at += strlen(marks[i].mark);
			log_line_text(out, at, out->len - (size_t)(at - out->text));
			return marks[i].kind;
		}
	}
	return log_level_of_text(out->text, out->len);
}

/* Agent form, behind the time: ` <pid> component| LEVEL |text` or ` <pid> component | text`. */
static bool parse_agent(struct log_line *out, const char *s, size_t len)
{
	const char *bar = memchr(s, '|', len < 48 ? len : 48), *next, *word;
	const struct log_level *level = NULL;
	size_t n, rest;

	if (bar == NULL)
		return false;
	word = s;
	n = (size_t)(bar - s);
	ascii_trim(&word, &n);
	if (memchr(word, ' ', n) != NULL)
		return false;
	bar++;
	rest = len - (size_t)(bar - s);
	if ((next = memchr(bar, '|', rest < 16 ? rest : 16)) != NULL) {
		const char *lw = bar;
		size_t ln = (size_t)(next - bar);

		ascii_trim(&lw, &ln);
		level = log_level_of(lw, ln);
		if (level != NULL || ln == 0) {
			bar = next + 1;
			rest = len - (size_t)(bar - s);
		}
	}
	log_line_text(out, bar, rest);
	out->kind = level != NULL ? level->kind : session_kind(out);
	if (n > 0 && out->kind != LOG_LINE_MORE) {
		out->component = word;
		out->component_len = n;
	}
	return true;
}

/* The word at s[from, to) is in the place of a level: capitals, in brackets or bars, before a colon, or the first. */
static bool in_level_place(const char *s, size_t len, size_t from, size_t to, bool first)
{
	bool capitals = true;

	for (size_t i = from; i < to; i++)
		capitals = capitals && !ascii_lower(s[i]);
	if (capitals || (first && (to == len || s[to] == ' ' || s[to] == '\t')))
		return true;
	if (to < len && s[to] == ':')
		return true;
	/* A table of events: `VSS  8194 Error      text`. */
	if (from >= 2 && s[from - 1] == ' ' && ascii_digit(s[from - 2]) && to + 1 < len && s[to] == ' ' && s[to + 1] == ' ')
		return true;
	if (from > 0 && to < len && strchr("[<(|", s[from - 1]) != NULL && strchr("]>)|", s[to]) != NULL)
		return true;
	return from >= 6 && ascii_is(s + from - 6, 6, "level=");
}

/* `com.example.Plugin - text`: the logger is the component. */
static void take_logger(struct log_line *out)
{
	size_t i = 0, points = 0;

	for (; i < out->len && i < 120 && (ascii_alnum(out->text[i]) || strchr("._$", out->text[i]) != NULL); i++)
		points += out->text[i] == '.';
	if (points == 0 || i + 3 >= out->len || memcmp(out->text + i, " - ", 3) != 0)
		return;
	out->component = out->text;
	out->component_len = i;
	log_line_text(out, out->text + i + 3, out->len - i - 3);
}

/* A session's window shows how long each line took, at its right edge. */
static void cut_duration(struct log_line *out)
{
	const char *s = out->text + out->len;

	if (out->len > 12 && s[-3] == ':' && s[-6] == ':' && s[-9] == ' ' && s[-10] == ' ' && ascii_digit(s[-1]) && ascii_digit(s[-8]))
		log_line_text(out, out->text, out->len - 8);
}

/* Cuts `[thread] `, `<thread> `, `logger - ` and colons that stand between level and text. */
static void take_prefix(struct log_line *out, const char *s, size_t len)
{
	size_t i = 1;
	const char *close;

	/* `[error||453 |Async.copy|backtrace] text` */
	if (len > 2 && s[0] == '|' && s[1] == '|' && (close = memchr(s, ']', len < 100 ? len : 100)) != NULL) {
		len -= (size_t)(close - s);
		s = close;
	}
	while (len > 0 && strchr("]>)|:- \t\"", s[0]) != NULL) {
		s++;
		len--;
	}
	while (len > 2 && (s[0] == '<' || s[0] == '[') && i < len && ascii_digit(s[i]))
		i++;
	if (i > 1 && i + 1 < len && s[i] == (s[0] == '<' ? '>' : ']')) {
		s += i + 1;
		len -= i + 1;
	}
	log_line_text(out, s, len);
	if (ascii_starts(out->text, out->len, "msg=\"") && out->len > 6)
		log_line_text(out, out->text + 5, out->len - 5 - (out->text[out->len - 1] == '"'));
	cut_duration(out);
	take_component(out);
	if (out->component == NULL && !take_source(out))
		take_logger(out);
}

/* Syslog behind the time: `host prog[pid]: text`. */
static bool parse_syslog(struct log_line *out, const char *s, size_t len)
{
	size_t i = blanks(s, len), prog, end;

	while (i < len && !ascii_blank(s[i]))
		i++;
	i += blanks(s + i, len - i);
	prog = i;
	while (i < len && !ascii_blank(s[i]) && s[i] != ':' && s[i] != '[')
		i++;
	end = i;
	if (i < len && s[i] == '[')
		while (i < len && !ascii_blank(s[i]) && s[i] != ':')
			i++;
	if (i >= len || s[i] != ':' || end == prog)
		return false;
	out->component = s + prog;
	out->component_len = end - prog;
	log_line_text(out, s + i + 1, len - i - 1);
	return true;
}

/* Behind the time of a line that people copy out of the product's window: `:: Processing VM01 Error: text`. */
static bool parse_action(struct log_line *out, const char *s, size_t len)
{
	if (len < 4 || s[0] != ':' || s[1] != ':' || s[2] != ' ')
		return false;
	log_line_text(out, s + 3, len - 3);
	out->kind = ascii_find(out->text, out->len, " error: ") != NULL ? LOG_LINE_ERROR :
	    ascii_find(out->text, out->len, " warning: ") != NULL ? LOG_LINE_WARNING : log_level_of_text(out->text, out->len);
	return true;
}

/* Kernels state no level where syslog keeps it to itself. */
static enum log_line_kind kind_without_level(const struct log_line *out)
{
	static const char *const words[] = {"error", "failed", "failure"};

	if (out->component != NULL && ascii_is(out->component, out->component_len, "kernel") &&
	    ascii_find_any(out->text, out->len, words, ASCII_COUNT(words), NULL) != NULL)
		return LOG_LINE_ERROR;
	return log_level_of_text(out->text, out->len);
}

/* Any other stamped line: the first level word within reach decides. */
static void parse_generic(struct log_line *out, const char *s, size_t len)
{
	size_t reach = len < LEVEL_REACH ? len : LEVEL_REACH, i = 0;
	bool first = true;

	if (parse_action(out, s, len))
		return;
	while (i < reach) {
		size_t from;
		const struct log_level *level;

		while (i < reach && !ascii_alpha(s[i]))
			i++;
		for (from = i; i < len && i < from + 16 && ascii_alpha(s[i]); i++)
			;
		level = i > from + 1 && log_level_may_begin(s[from], s[from + 1]) ? log_level_of(s + from, i - from) : NULL;
		if (level != NULL && (from == 0 || !ascii_alnum(s[from - 1])) && (i == len || !ascii_alnum(s[i])) &&
		    in_level_place(s, len, from, i, first)) {
			out->kind = level->kind;
			if (level->kind == LOG_LINE_OTHER && ascii_starts(s + i, len - i, ": error: ")) {
				out->kind = LOG_LINE_ERROR;
				take_prefix(out, s + i + 9, len - i - 9);
				return;
			}
			if (level->kind != LOG_LINE_OTHER && parse_syslog(out, s, len) && out->component + out->component_len > s + from) {
				out->component = NULL;
				out->component_len = 0;
			}
			/* SQL Server: `Error: 18456, Severity: 14, State: 38.` */
			if (ascii_find(s + i, len - i, ", severity: ") != NULL)
				log_line_text(out, s + from, len - from);
			else
				take_prefix(out, s + i, len - i);
			return;
		}
		while (i < len && ascii_alpha(s[i]))
			i++;
		first = false;
	}
	if (!parse_syslog(out, s, len))
		log_line_text(out, s, len);
	out->kind = kind_without_level(out);
}

/* `ERROR:module:text` of Python. */
static void take_module(struct log_line *out, const char *s, size_t len)
{
	size_t i = 1;

	while (i < len && (ascii_alnum(s[i]) || s[i] == '.' || s[i] == '_'))
		i++;
	if (i == 1 || i + 1 >= len || s[i] != ':' || s[i + 1] == ' ')
		return;
	out->component = s + 1;
	out->component_len = i - 1;
	log_line_text(out, s + i + 1, len - i - 1);
}

/* What compilers say: `file.c:24:1: error: text`. */
static void parse_compiler(struct log_line *out, const char *s, size_t len)
{
	static const char mark[] = "error: ";
	const char *colon = memchr(s, ':', len < 200 ? len : 200), *at, *from;

	if (colon == NULL || colon == s || colon + 2 >= s + len || !ascii_digit(colon[1]) || memchr(s, ' ', (size_t)(colon - s)) != NULL)
		return;
	for (at = colon; at < s + len && (ascii_digit(*at) || *at == ':'); at++)
		;
	from = at + (at < s + len && *at == ' ');
	if (ascii_starts(from, len - (size_t)(from - s), "fatal "))
		from += 6;
	if (!ascii_starts(from, len - (size_t)(from - s), mark))
		return;
	out->kind = LOG_LINE_ERROR;
	out->component = s;
	out->component_len = (size_t)(colon - s);
	log_line_text(out, from + sizeof(mark) - 1, len - (size_t)(from - s) - (sizeof(mark) - 1));
}

/* An untimed line that names its level: `ERROR: text`, `[error] text`, `Warning: text`, `ERROR - text`, `Error! text`. */
static void parse_named(struct log_line *out, const char *s, size_t len)
{
	size_t n = 0, i = len > 0 && s[0] == '[';
	const struct log_level *level;

	while (i + n < len && n < 12 && ascii_alpha(s[i + n]))
		n++;
	if (n == 0 || (level = log_level_of(s + i, n)) == NULL) {
		parse_compiler(out, s, len);
		return;
	}
	if (level->kind == LOG_LINE_OTHER || i + n >= len)
		return;
	if (s[i + n] != (i > 0 ? ']' : ':') && (i > 0 || !ascii_upper(s[n - 1]) || !ascii_starts(s + n, len - n, " - ")) &&
	    (i > 0 || !ascii_starts(s + n, len - n, "! ")))
		return;
	out->kind = level->kind;
	out->named = true;
	take_prefix(out, s + i + n + (s[i + n] == '!'), len - i - n - (s[i + n] == '!'));
	if (i == 0 && s[n] == ':' && out->component == NULL)
		take_module(out, s + n, len - n);
}

/* A kernel's messages: `prog: text`, with `| ERR |` between or not. */
static void parse_kernel(struct log_line *out, const char *s, size_t len)
{
	const char *colon;

	out->component = "kernel";
	out->component_len = 6;
	log_line_text(out, s, len);
	if (parse_agent(out, out->text, out->len))
		return;
	if (ascii_starts(out->text, out->len, "warning: ")) {
		out->kind = LOG_LINE_WARNING;
		log_line_text(out, out->text + 9, out->len - 9);
		return;
	}
	colon = memchr(out->text, ':', out->len < 40 ? out->len : 40);
	if (colon != NULL && colon > out->text && colon + 1 < out->text + out->len && colon[1] == ' ' &&
	    memchr(out->text, ' ', (size_t)(colon - out->text)) == NULL) {
		out->kind = kind_without_level(out);
		out->component = out->text;
		out->component_len = (size_t)(colon - out->text);
		log_line_text(out, colon + 2, out->len - out->component_len - 2);
		return;
	}
	out->kind = kind_without_level(out);
}

/* Behind the time. */
static void parse_record(struct log_line *out, const char *line, size_t len, size_t n)
{
	size_t i = n + blanks(line + n, len - n);

	out->kind = LOG_LINE_OTHER;
	if (i < len && line[i] == '<') {
		const char *close = memchr(line + i, '>', len - i < 24 ? len - i : 24);

		if (close != NULL) {
			size_t at = (size_t)(close - line) + 1;

			at += blanks(line + at, len - at);
			if (parse_service(out, line + at, len - at) || parse_agent(out, line + at, len - at))
				return;
			parse_generic(out, line + at, len - at);
			return;
		}
	}
	if (!parse_service(out, line + i, len - i) && !log_foreign_parse(out, line + i, len - i, line[0] == '<'))
		parse_generic(out, line + i, len - i);
	/* Syslog states the severity in front of the time. */
	if (out->kind == LOG_LINE_OTHER && line[0] == '<')
		out->kind = log_foreign_priority(line, len);
}

/* Bytes in front of a record that somebody indented. */
static size_t indentation(const char *line, size_t len)
{
	size_t indent;

	if (len == 0 || !ascii_blank(line[0]))
		return 0;
	indent = blanks(line, len);
	if (indent == len || (line[indent] != '[' && !ascii_digit(line[indent])))
		return 0;
	if (log_line_time(NULL, line + indent, len - indent) > 0 || ascii_starts(line + indent, len - indent, "[error] ") ||
	    ascii_starts(line + indent, len - indent, "[warn] "))
		return indent;
	return 0;
}

/* A line that begins with no date. */
static void parse_undated(struct log_line *out, const char *line, size_t len)
{
	size_t n;

	if (len > 8 && (line[0] == '[' || ascii_digit(line[0]))) {
		if ((n = log_clock_uptime(line, len)) > 0) {
			out->stamped = true;
			parse_kernel(out, line + n, len - n);
			return;
		}
		if ((n = log_clock_time(line, len)) > 0) {
			out->stamped = true;
			out->kind = LOG_LINE_OTHER;
			parse_generic(out, line + n, len - n);
			return;
		}
	}
	if (!log_fields_parse(out, line, len))
		parse_named(out, line, len);
}

void log_line_parse(struct log_line *out, const char *line, size_t len)
{
	size_t n = indentation(line, len);
	struct log_stamp stamp;

	line += n;
	len -= n;
	n = log_stamp_read(&stamp, line, len);
	out->kind = LOG_LINE_PLAIN;
	out->at[0] = '\0';
	out->line = out->text = line;
	out->line_len = len;
	out->len = len;
	out->component = NULL;
	out->component_len = 0;
	out->named = false;
	out->stamped = n > 0;
	if (n == 0) {
		parse_undated(out, line, len);
		return;
	}
	parse_record(out, line, len, n);
	if (out->kind != LOG_LINE_OTHER)
		log_stamp_write(out->at, &stamp);
}

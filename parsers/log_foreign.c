/*
 * log_foreign.c - parser worker; hostile log lines. Forms of hypervisors and of RFC 5424. Called by log_line.c.
 */
#include "log_foreign.h"

#include <string.h>

#include "ascii.h"
#include "log_level.h"

#define PREFIX_MAX 400 /* an originator's bracket ends within so many bytes */

static void set_component(struct log_line *out, const char *s, size_t len)
{
	ascii_trim(&s, &len);
	out->component = len > 0 ? s : NULL;
	out->component_len = len;
}

enum log_line_kind log_foreign_priority(const char *line, size_t len)
{
	unsigned n = 0;
	size_t i = 1;

	for (; i < len && i < 4 && ascii_digit(line[i]); i++)
		n = n * 10 + (unsigned)(line[i] - '0');
	if (i == 1 || i >= len || line[i] != '>' || n > 191)
		return LOG_LINE_OTHER;
	return n % 8 <= 3 ? LOG_LINE_ERROR : n % 8 == 4 ? LOG_LINE_WARNING : LOG_LINE_OTHER;
}

bool log_foreign_originator(struct log_line *out)
{
	static const char sub[] = " sub=";
	const size_t reach = out->len < 80 ? out->len : 80, most = out->len < PREFIX_MAX ? out->len : PREFIX_MAX;
	const char *at = ascii_find_rare(out->text, reach, "[Originator@", 10), *close, *name, *end;

	if (at == NULL || (close = memchr(at, ']', most - (size_t)(at - out->text))) == NULL)
		return false;
	name = memmem(at, (size_t)(close - at), sub, sizeof(sub) - 1);
	if (name != NULL) {
		name += sizeof(sub) - 1;
		for (end = name; end < close && *end != ' '; end++)
			;
		set_component(out, name, (size_t)(end - name));
	}
	log_line_text(out, close + 1, out->len - (size_t)(close + 1 - out->text));
	return true;
}

/* The two letters of newer hosts, `Er(02)`, or the one of older, `E115:`. */
static bool letter_level(const char *s, size_t len, enum log_line_kind *kind)
{
	static const struct {
		char name[3];
		enum log_line_kind kind;
	} rows[] = {{"Em", LOG_LINE_ERROR}, {"Al", LOG_LINE_ERROR}, {"Cr", LOG_LINE_ERROR}, {"Er", LOG_LINE_ERROR},
	    {"Wa", LOG_LINE_WARNING}, {"No", LOG_LINE_OTHER}, {"In", LOG_LINE_OTHER}, {"Db", LOG_LINE_OTHER}};

	if (len < 4)
		return false;
	if (s[2] == '(' && ascii_digit(s[3]))
		for (size_t i = 0; i < ASCII_COUNT(rows); i++)
			if (memcmp(s, rows[i].name, 2) == 0) {
				*kind = rows[i].kind;
				return true;
			}
	if (!ascii_upper(s[0]) || !ascii_digit(s[1]) || !ascii_digit(s[2]))
		return false;
	*kind = s[0] == 'E' ? LOG_LINE_ERROR : s[0] == 'W' ? LOG_LINE_WARNING : LOG_LINE_OTHER;
	return true;
}

static enum log_line_kind weigh(enum log_line_kind kind, const char *s, size_t len)
{
	return kind == LOG_LINE_OTHER && ascii_starts(s, len, "panic:") ? LOG_LINE_ERROR : kind;
}

/* `|ERROR|Name.Space.Component|text` */
static bool parse_bars(struct log_line *out, const char *s, size_t len, const char *bar)
{
	const struct log_level *level = log_level_of(s + 1, (size_t)(bar - s) - 1);
	const char *rest = bar + 1, *next;
	size_t n = len - (size_t)(rest - s);

	if (level == NULL)
		return false;
	out->kind = level->kind;
	next = memchr(rest, '|', n < 120 ? n : 120);
	if (next != NULL && memchr(rest, ' ', (size_t)(next - rest)) == NULL) {
		set_component(out, rest, (size_t)(next - rest));
		n -= (size_t)(next + 1 - rest);
		rest = next + 1;
	}
	log_line_text(out, rest, n);
	return true;
}

/* `| vmx| E105: text`, or `| vmx| text` without a level. */
static bool parse_vmx(struct log_line *out, const char *s, size_t len)
{
	const char *bar = len > 1 ? memchr(s + 1, '|', len - 1 < 40 ? len - 1 : 40) : NULL, *colon;

	if (bar == NULL)
		return false;
	if (bar > s + 1 && s[1] != ' ' && parse_bars(out, s, len, bar))
		return true;
	set_component(out, s + 1, (size_t)(bar - s) - 1);
	/* The libraries of the disks name their thread only. */
	if (ascii_starts(out->component != NULL ? out->component : "", out->component_len, "host-"))
		set_component(out, s, 0);
	log_line_text(out, bar + 1, len - (size_t)(bar + 1 - s));
	if (letter_level(out->text, out->len, &out->kind) && (colon = memchr(out->text, ':', out->len < 8 ? out->len : 8)) != NULL)
		log_line_text(out, colon + 1, out->len - (size_t)(colon + 1 - out->text));
	else
		out->kind = log_level_of_text(out->text, out->len);
	out->kind = weigh(out->kind, out->text, out->len);
	if (ascii_starts(out->text, out->len, "[nfc error]")) {
		out->kind = LOG_LINE_ERROR;
		set_component(out, "NFC", 3);
		log_line_text(out, out->text + 11, out->len - 11);
	}
	return true;
}

/* A text that names its own level: `ERROR disk gone`. */
static void own_level(struct log_line *out)
{
	const struct log_level *level;
	size_t n = 0;

	while (n < out->len && ascii_alpha(out->text[n]))
		n++;
	level = log_level_of(out->text, n);
	if (level != NULL && (n == out->len || out->text[n] == ' ' || out->text[n] == ':')) {
		out->kind = level->kind;
		log_line_text(out, out->text + n + (n < out->len), out->len - n - (n < out->len));
	} else {
		out->kind = log_level_of_text(out->text, out->len);
	}
}

/* Cuts `cpu1:2099)WARNING: ` of kernels. */
static void cut_cpu(struct log_line *out)
{
	const char *close;
	enum log_line_kind kind = out->kind;

	if (!ascii_starts(out->text, out->len, "cpu") ||
	    (close = memchr(out->text, ')', out->len < 24 ? out->len : 24)) == NULL)
		return;
	log_line_text(out, close + 1, out->len - (size_t)(close + 1 - out->text));
	own_level(out);
	out->kind = kind;
}

/* `Er(02) vmx - text`, `Wa(180) vmkwarning: cpu1:2099)WARNING: text`, `Er(163) hostd[21]: [Originator@…] text`. */
static bool parse_letters(struct log_line *out, const char *s, size_t len)
{
	const char *close = memchr(s, ')', len < 8 ? len : 8), *dash;
	size_t i = 0;

	if (close == NULL || s[2] != '(' || !letter_level(s, len, &out->kind))
		return false;
	log_line_text(out, close + 1, len - (size_t)(close + 1 - s));
	while (i < out->len && out->text[i] != ' ' && out->text[i] != ':' && out->text[i] != '[')
		i++;
	set_component(out, out->text, i);
	if ((dash = memmem(out->text, out->len < 60 ? out->len : 60, " - ", 3)) != NULL)
		log_line_text(out, dash + 3, out->len - (size_t)(dash + 3 - out->text));
	else if (!log_foreign_originator(out)) {
		const char *colon = memchr(out->text, ':', out->len < 60 ? out->len : 60);

		if (colon != NULL)
			log_line_text(out, colon + 1, out->len - (size_t)(colon + 1 - out->text));
		cut_cpu(out);
	}
	out->kind = weigh(out->kind, out->text, out->len);
	return true;
}

/* Older hosts: `[7FC2E700 error 'Vcsvc' opID=1-2] text`. */
static bool parse_bracketed(struct log_line *out, const char *s, size_t len)
{
	const char *close = memchr(s, ']', len < PREFIX_MAX ? len : PREFIX_MAX), *quote, *end;
	const struct log_level *level;
	size_t from = 1, to;

	if (close == NULL)
		return false;
	while (from < len && ascii_hex(s[from]))
		from++;
	if (from < 4 || s[from++] != ' ')
		return false;
	for (to = from; to < len && ascii_lower(s[to]); to++)
		;
	if ((level = log_level_of(s + from, to - from)) == NULL || to >= len || s[to] != ' ')
		return false;
	out->kind = level->kind;
	if ((quote = memchr(s + to, '\'', (size_t)(close - s) - to)) != NULL &&
	    (end = memchr(quote + 1, '\'', (size_t)(close - quote) - 1)) != NULL)
		set_component(out, quote + 1, (size_t)(end - quote) - 1);
	log_line_text(out, close + 1, len - (size_t)(close + 1 - s));
	return true;
}

static size_t word_end(const char *s, size_t len, size_t i)
{
	while (i < len && s[i] != ' ')
		i++;
	return i;
}

/* RFC 5424: `host app procid msgid [structured data] text`. */
static bool parse_5424(struct log_line *out, const char *s, size_t len)
{
	size_t i = word_end(s, len, 0), app, end;

	app = i + 1;
	end = i = word_end(s, len, app < len ? app : len);
	i = word_end(s, len, i + 1 < len ? i + 1 : len);
	i = word_end(s, len, i + 1 < len ? i + 1 : len);
	if (i + 1 >= len || (s[i + 1] != '-' && s[i + 1] != '['))
		return false;
	i++;
	if (s[i] == '-') {
		i++;
	} else {
		while (i < len && s[i] == '[') {
			bool quoted = false;

			for (; i < len && (quoted || s[i] != ']'); i++)
				if (s[i] == '\\')
					i++;
				else if (s[i] == '"')
					quoted = !quoted;
			i++;
		}
	}
	if (i >= len)
		return false;
	set_component(out, s + app, end - app);
	log_line_text(out, s + i, len - i);
	if (out->len >= 3 && memcmp(out->text, "\xEF\xBB\xBF", 3) == 0)
		log_line_text(out, out->text + 3, out->len - 3);
	out->kind = LOG_LINE_OTHER;
	return true;
}

/* The events that the product sends as syslog: all of it stands in structured data, the text as its description. */
static void take_description(struct log_line *out)
{
	static const char mark[] = " Description=\"";
	const char *at, *close, *end = out->text + out->len;

	if (out->len == 0 || out->text[0] != '[' || (at = memmem(out->text, out->len, mark, sizeof(mark) - 1)) == NULL)
		return;
	at += sizeof(mark) - 1;
	for (close = at; close < end && *close != '"'; close++)
		close += *close == '\\' && close + 1 < end;
	if (close < end)
		log_line_text(out, at, (size_t)(close - at));
}

/* `64 (1234) Error: text` of the backup for Microsoft 365, with its type and stack in further lines. */
static bool parse_archiver(struct log_line *out, const char *s, size_t len)
{
	static const char *const more[] = {"type: ", "stack:", "inner exception: "};
	size_t i = 0, open;
	const struct log_level *level;

	while (i < len && ascii_digit(s[i]))
		i++;
	if (i == 0 || i + 3 > len || s[i] != ' ' || s[i + 1] != '(')
		return false;
	for (open = i += 2; i < len && ascii_digit(s[i]); i++)
		;
	if (i == open || i + 1 >= len || s[i] != ')' || s[i + 1] != ' ')
		return false;
	log_line_text(out, s + i + 2, len - i - 2);
	for (i = 0; i < out->len && ascii_alpha(out->text[i]); i++)
		;
	if (ascii_starts_any(out->text, out->len, more, ASCII_COUNT(more)) || log_line_is_frame(out->text, out->len)) {
		out->kind = LOG_LINE_MORE;
	} else if (i < out->len && out->text[i] == ':' && (level = log_level_of(out->text, i)) != NULL) {
		out->kind = level->kind;
		log_line_text(out, out->text + i + 1, out->len - i - 1);
	}
	return true;
}

bool log_foreign_parse(struct log_line *out, const char *s, size_t len, bool prioritised)
{
	if (len < 4)
		return false;
	if (ascii_digit(s[0]))
		return parse_archiver(out, s, len);
	if (s[0] == '|')
		return parse_vmx(out, s, len);
	if (s[0] == '[')
		return parse_bracketed(out, s, len);
	if (s[2] == '(')
		return parse_letters(out, s, len);
	if (!prioritised || !parse_5424(out, s, len))
		return false;
	take_description(out);
	own_level(out);
	return true;
}

/*
 * log_winxml.c - parser worker; bytes of hostile logs. Events saved as XML. Called by log_scan.c. Linear, bounded buffers; no entities
 * but the predefined ones and numbers.
 */
#include "log_winxml.h"

#include <stdio.h>
#include <string.h>

#include "ascii.h"
#include "log_winevent_parts.h"
#include "utf8.h"

bool log_winxml_begins(const char *s, size_t n)
{
	const char *at;

	ascii_trim(&s, &n);
	if (ascii_starts(s, n, "<?xml") && (at = memchr(s, '>', n)) != NULL) {
		n -= (size_t)(at + 1 - s);
		s = at + 1;
		while (n > 0 && (ascii_blank(s[0]) || s[0] == '\n' || s[0] == '\r')) {
			s++;
			n--;
		}
	}
	if (ascii_starts(s, n, "<events>") || ascii_starts(s, n, "<events "))
		return ascii_find(s, n, "<event ") != NULL || ascii_find(s, n, "<event>") != NULL;
	return ascii_starts(s, n, "<event xmlns=") && ascii_find(s, n, "<system>") != NULL;
}

void log_winxml_init(struct log_winxml *x, struct log_winevent *event)
{
	memset(x, 0, sizeof(*x));
	x->event = event;
	x->line = 1;
	x->part = EVENT_NONE;
}

/* The value of an attribute in the tag; false where it has none. */
static bool attribute(const struct log_winxml *x, const char *name, const char **value, size_t *len)
{
	const char *at = ascii_find(x->tag, x->tag_len, name), *end = x->tag + x->tag_len, *close;

	if (at == NULL || (at += strlen(name)) == end || (*at != '\'' && *at != '"') ||
	    (close = memchr(at + 1, *at, (size_t)(end - at) - 1)) == NULL)
		return false;
	*value = at + 1;
	*len = (size_t)(close - at) - 1;
	return true;
}

/* An entity at s, at most 10 bytes: its character; *used: its bytes. 0 for none. */
static uint32_t entity(const char *s, size_t len, size_t *used)
{
	static const struct {
		const char *name;
		uint32_t c;
	} rows[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
	bool hex = len > 3 && s[1] == '#' && ascii_fold(s[2]) == 'x';
	uint32_t c = 0;
	size_t i = hex ? 3 : 2;

	for (size_t k = 0; k < ASCII_COUNT(rows); k++)
		if (ascii_starts(s, len, rows[k].name)) {
			*used = strlen(rows[k].name);
			return rows[k].c;
		}
	if (len < 4 || s[1] != '#')
		return 0;
	for (; i < len && i < 9 && (hex ? ascii_hex(s[i]) : ascii_digit(s[i])); i++)
		c = c * (hex ? 16 : 10) + (uint32_t)ascii_hex_value(s[i]);
	*used = i + 1;
	return i < len && s[i] == ';' && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF) ? c : 0;
}

/* In place; what is no longer than its entity. */
static void decode(char *s, size_t *len)
{
	const char *first = memchr(s, '&', *len);
	size_t out = first != NULL ? (size_t)(first - s) : *len, used;

	for (size_t i = out; i < *len;) {
		uint32_t c = s[i] == '&' ? entity(s + i, *len - i, &used) : 0;

		if (c == 0) {
			s[out++] = s[i++];
			continue;
		}
		out += utf8_put(s + out, c);
		i += used;
	}
	*len = out;
}

/* Line by line: the first paragraph is the text. */
static void put_message(struct event_parts *p, const char *s, size_t n)
{
	const char *line, *end = s + n;
	size_t len;

	while (ascii_line(&s, end, &line, &len))
		winevent_put(p, EVENT_TEXT, line, len);
}

/* Six words: names and numbers alone say nothing. */
static bool is_sentence(const char *s, size_t n)
{
	size_t words = 0;

	for (size_t i = 0; i < n && words < 6; i++)
		words += (ascii_alpha(s[i]) || (unsigned char)s[i] >= 0xC0) && (i == 0 || s[i - 1] == ' ');
	return words >= 6;
}

static void put_data(struct log_winxml *x)
{
	const char *s = x->text;
	size_t n = x->text_len;

	ascii_trim(&s, &n);
	if (n == 0 || x->data_len + n + 3 > sizeof(x->data))
		return;
	if (x->data_len > 0) {
		memcpy(x->data + x->data_len, "; ", 2);
		x->data_len += 2;
	}
	if (x->said_len == 0 && is_sentence(s, n)) {
		x->said = x->data_len;
		x->said_len = n;
	}
	memcpy(x->data + x->data_len, s, n);
	x->data_len += n;
}

/* The level as its number says it; where it is rendered, that has been read already. */
static void put_level(struct event_parts *p, const char *s, size_t n)
{
	static const char *const names[] = {"Information", "Critical", "Error", "Warning", "Information", "Verbose"};

	ascii_trim(&s, &n);
	if (n == 1 && s[0] >= '0' && s[0] <= '5')
		winevent_put(p, EVENT_LEVEL, names[s[0] - '0'], strlen(names[s[0] - '0']));
	else
		winevent_put(p, EVENT_LEVEL, s, n);
}

/* An element's text has ended. */
static void take_text(struct log_winxml *x)
{
	struct event_parts *p = &x->event->parts;

	decode(x->text, &x->text_len);
	if (x->on_text != NULL && x->text_len > 0)
		x->on_text(x->arg, x->text, x->text_len, x->line);
	if (x->part == EVENT_OTHER)
		put_data(x);
	else if (x->part == EVENT_MACHINE && x->computer[0] == '\0')
		ascii_copy(x->computer, sizeof(x->computer), x->text, x->text_len);
	else if (x->part == EVENT_LEVEL)
		put_level(p, x->text, x->text_len);
	else if (x->part == EVENT_TEXT)
		put_message(p, x->text, x->text_len);
	else if (x->part != EVENT_NONE)
		winevent_put(p, x->part, x->text, x->text_len);
	x->part = EVENT_NONE;
	x->text_len = 0;
}

static void begin_event(struct log_winxml *x)
{
	log_winevent_flush(x->event);
	x->event->open = x->in_event = true;
	x->in_user = false;
	x->event->where.line = x->line;
	x->data_len = x->said_len = 0;
}

/* The text of an event without its message, which stands in a library of the machine: the value that is a sentence, as the product's own
 * events have it, else which event it is, and its values. */
static void put_values(struct log_winxml *x)
{
	struct event_parts *p = &x->event->parts;
	char text[ERROR_WORD_MAX + 60];

	if (x->said_len > 0) {
		put_message(p, x->data + x->said, x->said_len);
		return;
	}
	if (p->source[0] != '\0') {
		snprintf(text, sizeof(text), "%s event %s%s", p->source, p->id, x->data_len > 0 ? ":" : "");
		winevent_put(p, EVENT_TEXT, text, strlen(text));
	}
	put_message(p, x->data, x->data_len);
}

static void end_event(struct log_winxml *x)
{
	if (x->event->parts.text.len == 0)
		put_values(x);
	log_winevent_flush(x->event);
	x->in_event = false;
}

static void take_tag(struct log_winxml *x)
{
	static const struct {
		const char *name;
		enum event_part part;
	} rows[] = {{"eventid", EVENT_ID}, {"level", EVENT_LEVEL}, {"data", EVENT_OTHER}, {"binary", EVENT_NONE}, {"message", EVENT_TEXT},
	    {"computer", EVENT_MACHINE}};
	struct event_parts *p = &x->event->parts;
	const char *value;
	size_t n = 0, len;

	take_text(x);
	while (n < x->tag_len && !ascii_blank(x->tag[n]) && x->tag[n] != '\r' && x->tag[n] != '\n' && x->tag[n] != '/' && x->tag[n] != '\0')
		n++;
	if (ascii_is(x->tag, n, "event"))
		begin_event(x);
	else if (x->tag_len >= 6 && ascii_is(x->tag, 6, "/event") && (x->tag_len == 6 || !ascii_alpha(x->tag[6])) && x->in_event)
		end_event(x);
	else if (ascii_is(x->tag, n, "userdata"))
		x->in_user = true;
	else if (x->tag_len >= 9 && ascii_is(x->tag, 9, "/userdata"))
		x->in_user = false;
	else if (x->in_user && x->in_event && n > 0)
		x->part = EVENT_OTHER;
	if (!x->in_event || n == 0)
		return;
	if (ascii_is(x->tag, n, "provider") && attribute(x, " name=", &value, &len))
		winevent_put(p, EVENT_SOURCE, value, len);
	else if (ascii_is(x->tag, n, "timecreated") && attribute(x, " systemtime=", &value, &len))
		winevent_put(p, EVENT_DATE, value, len);
	for (size_t i = 0; i < ASCII_COUNT(rows) && x->tag_len > 0 && x->tag[x->tag_len - 1] != '/'; i++)
		if (ascii_is(x->tag, n, rows[i].name))
			x->part = rows[i].part;
}

static bool in_comment(const struct log_winxml *x)
{
	return x->tag_len >= 3 && memcmp(x->tag, "!--", 3) == 0;
}

static void in_tag(struct log_winxml *x, char c)
{
	if (in_comment(x)) {
		x->quote = 0;
		x->in_tag = c != '>';
		return;
	}
	if (x->quote != 0) {
		x->quote = c == x->quote ? 0 : x->quote;
	} else if (c == '>') {
		x->in_tag = false;
		take_tag(x);
		return;
	} else if (c == '"' || c == '\'') {
		x->quote = c;
	}
	if (x->tag_len < sizeof(x->tag))
		x->tag[x->tag_len++] = c;
}

static size_t until(const char *s, size_t n, char c)
{
	const char *at = memchr(s, c, n);

	return at != NULL ? (size_t)(at - s) : n;
}

/* How many bytes at s mean nothing but themselves. */
static size_t plain_run(const struct log_winxml *x, const char *s, size_t n)
{
	static const unsigned char marks[256] = {['>'] = 1, ['"'] = 1, ['\''] = 1};

	if (!x->in_tag)
		return until(s, n, '<');
	if (x->tag_len < 3 && (x->tag_len > 0 ? x->tag[0] : s[0]) == '!') /* it may become a comment */
		return 0;
	if (in_comment(x) || x->quote != 0)
		return until(s, n, in_comment(x) ? '>' : x->quote);
	return ascii_until(s, n, marks);
}

static void append(char *out, size_t cap, size_t *len, const char *s, size_t n)
{
	if (n > cap - *len)
		n = cap - *len;
	memcpy(out + *len, s, n);
	*len += n;
}

/* Takes such a run. */
static void take_run(struct log_winxml *x, const char *s, size_t n)
{
	const char *end = s + n;

	for (const char *lf = s; (lf = memchr(lf, '\n', (size_t)(end - lf))) != NULL; lf++)
		x->line++;
	if (!x->in_tag && x->part != EVENT_NONE)
		append(x->text, sizeof(x->text), &x->text_len, s, n);
	else if (x->in_tag && !in_comment(x))
		append(x->tag, sizeof(x->tag), &x->tag_len, s, n);
}

void log_winxml_feed(struct log_winxml *x, const char *s, size_t n)
{
	while (n > 0) {
		size_t run = plain_run(x, s, n);

		if (run > 0)
			take_run(x, s, run);
		s += run;
		n -= run;
		if (n == 0)
			return;
		x->line += *s == '\n';
		if (x->in_tag) {
			in_tag(x, *s);
		} else {
			x->in_tag = true;
			x->tag_len = 0;
			x->quote = 0;
		}
		s++;
		n--;
	}
}

void log_winxml_end(struct log_winxml *x)
{
	take_text(x);
	if (x->in_event)
		end_event(x);
	x->in_tag = false;
	x->tag_len = 0;
}

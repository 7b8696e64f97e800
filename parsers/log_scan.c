/*
 * log_scan.c - parser worker; hostile logs, attached or out of archives. Decoding and line splitting over blocks of any
 * split; what a line means is told by log_line.c, what lines mean together by log_events.c. Called by inspect.c.
 */
#include "log_scan.h"

#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "log_events.h"
#include "log_header.h"
#include "log_line.h"
#include "utf8.h"

enum encoding { ENC_UNKNOWN, ENC_BYTES, ENC_UTF16LE, ENC_UTF16BE };

struct log_scanner {
	struct log_events events;
	struct log_facts *facts; /* borrowed, may be NULL */
	char *attachment;        /* owned copies for events.where */
	char *path;
	uint64_t line;
	enum encoding encoding;
	unsigned char start[4];  /* first bytes, until the encoding is known; half a UTF-16 unit later */
	size_t start_len;
	uint32_t high;           /* UTF-16 high surrogate waiting for the low one */
	size_t carry_len;
	char carry[LOG_LINE_MAX]; /* the beginning of a line that is not complete yet */
};

struct log_scanner *log_scanner_new(struct error_set *set, const struct error_where *where, struct log_facts *facts)
{
	struct log_scanner *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	log_events_init(&s->events, set, where);
	s->facts = facts;
	if (where->attachment != NULL)
		s->attachment = strdup(where->attachment);
	if (where->path != NULL)
		s->path = strdup(where->path);
	s->events.where.attachment = s->attachment;
	s->events.where.path = s->path;
	if ((where->attachment != NULL && s->attachment == NULL) || (where->path != NULL && s->path == NULL))
		log_scanner_free(&s);
	return s;
}

void log_scanner_free(struct log_scanner **s)
{
	if (*s == NULL)
		return;
	free((*s)->attachment);
	free((*s)->path);
	free(*s);
	*s = NULL;
}

/* One whole line; len may exceed the bound. */
static void take_line(struct log_scanner *s, const char *line, size_t len)
{
	struct log_line l;

	if (len > LOG_LINE_MAX)
		len = LOG_LINE_MAX;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	s->line++;
	if (s->line <= LOG_HEADER_LINES && s->facts != NULL)
		log_header_take(s->facts, line, len);
	log_line_parse(&l, line, len);
	log_events_take(&s->events, &l, s->line);
}

static void carry(struct log_scanner *s, const char *p, size_t n)
{
	size_t room = sizeof(s->carry) - s->carry_len;

	if (n > room)
		n = room;
	if (n > 0)
		memcpy(s->carry + s->carry_len, p, n);
	s->carry_len += n;
}

static void feed_bytes(struct log_scanner *s, const char *p, size_t n)
{
	const char *end = p + n, *lf;

	while (p < end && (lf = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		if (s->carry_len > 0) {
			carry(s, p, (size_t)(lf - p));
			take_line(s, s->carry, s->carry_len);
			s->carry_len = 0;
		} else {
			take_line(s, p, (size_t)(lf - p));
		}
		p = lf + 1;
	}
	carry(s, p, (size_t)(end - p));
}

/* One UTF-16 unit; writes at most seven bytes, U+FFFD for a lone surrogate. */
static size_t take_unit(struct log_scanner *s, char *out, uint32_t u)
{
	size_t n = 0;

	if (s->high != 0 && u >= 0xDC00 && u <= 0xDFFF) {
		n = utf8_put(out, 0x10000 + ((s->high - 0xD800) << 10) + (u - 0xDC00));
		s->high = 0;
		return n;
	}
	if (s->high != 0)
		n = utf8_put(out, 0xFFFD);
	s->high = u >= 0xD800 && u <= 0xDBFF ? u : 0;
	if (s->high == 0)
		n += utf8_put(out + n, u >= 0xDC00 && u <= 0xDFFF ? 0xFFFD : u);
	return n;
}

static void feed_utf16(struct log_scanner *s, const unsigned char *p, size_t n)
{
	char out[4096];
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t u;

		if (s->start_len == 0) {
			s->start[s->start_len++] = p[i];
			continue;
		}
		u = s->encoding == ENC_UTF16LE ? (uint32_t)(s->start[0] | p[i] << 8) : (uint32_t)(s->start[0] << 8 | p[i]);
		s->start_len = 0;
		used += take_unit(s, out + used, u);
		if (used + 8 > sizeof(out)) {
			feed_bytes(s, out, used);
			used = 0;
		}
	}
	feed_bytes(s, out, used);
}

static void feed_decoded(struct log_scanner *s, const unsigned char *p, size_t n)
{
	if (s->encoding == ENC_BYTES)
		feed_bytes(s, (const char *)p, n);
	else
		feed_utf16(s, p, n);
}

/* The encoding by byte order mark, else by where NULs stand; *skip: length of the mark. */
static enum encoding encoding_of(const unsigned char *b, size_t n, size_t *skip)
{
	*skip = 0;
	if (n >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF) {
		*skip = 3;
		return ENC_BYTES;
	}
	if (n >= 2 && b[0] == 0xFF && b[1] == 0xFE) {
		*skip = 2;
		return ENC_UTF16LE;
	}
	if (n >= 2 && b[0] == 0xFE && b[1] == 0xFF) {
		*skip = 2;
		return ENC_UTF16BE;
	}
	if (n >= 4 && b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0)
		return ENC_UTF16LE;
	if (n >= 4 && b[0] == 0 && b[1] != 0 && b[2] == 0 && b[3] != 0)
		return ENC_UTF16BE;
	return ENC_BYTES;
}

static void decide_encoding(struct log_scanner *s)
{
	unsigned char start[sizeof(s->start)];
	size_t n = s->start_len, skip;

	memcpy(start, s->start, sizeof(start));
	s->encoding = encoding_of(start, n, &skip);
	s->start_len = 0;
	feed_decoded(s, start + skip, n - skip);
}

void log_scanner_feed(struct log_scanner *s, const void *data, size_t n)
{
	const unsigned char *p = data;

	while (s->encoding == ENC_UNKNOWN && n > 0) {
		s->start[s->start_len++] = *p++;
		n--;
		if (s->start_len == sizeof(s->start))
			decide_encoding(s);
	}
	if (n > 0)
		feed_decoded(s, p, n);
}

void log_scanner_end(struct log_scanner *s)
{
	if (s->encoding == ENC_UNKNOWN)
		decide_encoding(s);
	if (s->carry_len > 0)
		take_line(s, s->carry, s->carry_len);
	s->carry_len = 0;
	log_events_flush(&s->events);
}

/* ---- is it a log at all ---- */

static bool extension_in(const char *name, size_t len, const char *const *list)
{
	for (; *list != NULL; list++)
		if (ascii_ends(name, len, *list))
			return true;
	return false;
}

/* Text of any 8-bit encoding: no NULs, hardly any controls. */
static bool is_text(const unsigned char *p, size_t n)
{
	size_t controls = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == 0)
			return false;
		controls += p[i] < 0x20 && p[i] != '\n' && p[i] != '\r' && p[i] != '\t' && p[i] != '\f' && p[i] != 0x1B;
	}
	return controls * 50 <= n;
}

/* Lines of the head that begin with a time, or name their level. */
static size_t log_lines(const char *p, size_t n)
{
	const char *line, *end = p + n;
	size_t len, found = 0;
	struct log_line l;

	while (ascii_line(&p, end, &line, &len)) {
		log_line_parse(&l, line, len < LOG_LINE_MAX ? len : LOG_LINE_MAX);
		found += l.stamped || l.named;
	}
	return found;
}

bool log_looks_like(const char *name, const unsigned char *head, size_t n)
{
	static const char *const never[] = {".html", ".htm", ".xml", ".json", ".csv", ".eml", ".ini", ".conf", ".ps1", ".pdf",
	    ".rtf", ".svg", ".md", ".ics", ".vcf", NULL};
	char text[4096];
	size_t used = 0, skip, len = strlen(name);
	enum encoding e = encoding_of(head, n, &skip);

	if (n == 0 || extension_in(name, len, never))
		return false;
	if (e == ENC_BYTES) {
		used = n - skip < sizeof(text) ? n - skip : sizeof(text);
		memcpy(text, head + skip, used);
	} else {
		for (size_t i = skip; i + 1 < n && used < sizeof(text); i += 2) {
			unsigned u = e == ENC_UTF16LE ? head[i] | (unsigned)head[i + 1] << 8 : head[i + 1] | (unsigned)head[i] << 8;

			text[used++] = u < 0x80 ? (char)u : '?';
		}
	}
	if (!is_text((const unsigned char *)text, used))
		return false;
	if (ascii_ends(name, len, ".log") || ascii_find(name, len, ".log.") != NULL || ascii_find(name, len, ".log_") != NULL)
		return true;
	return log_lines(text, used) >= (ascii_ends(name, len, ".txt") ? 1 : 2);
}

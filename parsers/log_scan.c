/*
 * log_scan.c - parser worker; hostile logs, attached or out of archives. Decoding and line splitting over blocks of any
 * split; what a line means is told by log_line.c, what lines mean together by log_events.c. Called by inspect.c.
 */
#include "log_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "log_detect.h"
#include "log_events.h"
#include "log_evtx.h"
#include "log_header.h"
#include "log_line.h"
#include "log_winxml.h"
#include "utf8.h"

#define HEADER_BLOCK 20 /* both lines of `=` stand within so many lines */

struct log_scanner {
	struct log_events events;
	struct log_winevent winevent;
	enum { FORM_UNKNOWN, FORM_MARKUP, FORM_LINES, FORM_XML } form; /* MARKUP: a `<` came, what follows tells */
	struct log_winxml xml;
	struct log_evtx *evtx;   /* NULL: it is text, or there was no memory */
	struct log_facts *facts; /* borrowed, may be NULL */
	struct secrets_places *secrets; /* borrowed, may be NULL */
	struct log_facts header; /* of the session that is being read */
	struct log_facts before; /* of those before it */
	uint64_t header_line;    /* where it begins */
	char *attachment;        /* owned copies for events.where */
	char *path;
	uint64_t line;
	enum log_encoding encoding;
	unsigned char start[LOG_START]; /* first bytes, until the encoding is known; half a UTF-16 unit later */
	size_t start_len;
	uint32_t high;           /* UTF-16 high surrogate waiting for the low one */
	size_t carry_len;
	char carry[LOG_LINE_MAX]; /* the beginning of a line that is not complete yet */
};

struct log_scanner *log_scanner_new(struct error_set *set, const struct error_where *where, struct log_facts *facts)
{
	struct log_scanner *s = calloc(1, sizeof(*s));
	struct error_where own = *where;

	if (s == NULL)
		return NULL;
	s->facts = facts;
	if (where->attachment != NULL)
		s->attachment = strdup(where->attachment);
	if (where->path != NULL)
		s->path = strdup(where->path);
	if ((where->attachment != NULL && s->attachment == NULL) || (where->path != NULL && s->path == NULL)) {
		log_scanner_free(&s);
		return NULL;
	}
	own.attachment = s->attachment;
	own.path = s->path;
	log_events_init(&s->events, set, &own);
	log_winevent_init(&s->winevent, set, &own);
	log_winxml_init(&s->xml, &s->winevent);
	return s;
}

void log_scanner_free(struct log_scanner **s)
{
	if (*s == NULL)
		return;
	log_evtx_free(&(*s)->evtx);
	free((*s)->attachment);
	free((*s)->path);
	free(*s);
	*s = NULL;
}

static void note_secrets(struct log_scanner *s, const char *line, size_t len)
{
	char where[SECRETS_WHERE_MAX];

	snprintf(where, sizeof(where), "%s%s%s", s->attachment != NULL ? s->attachment : "log", s->path != NULL ? " " : "",
	    s->path != NULL ? s->path : "");
	secrets_places_line(s->secrets, where, line, len, s->line);
}

/* A text of an event that was saved as XML. */
static void note_event_secrets(void *arg, const char *s, size_t n, uint64_t line)
{
	struct log_scanner *scan = arg;

	scan->line = line;
	if (secrets_glance(s, n))
		note_secrets(scan, s, n);
}

void log_scanner_secrets(struct log_scanner *s, struct secrets_places *places)
{
	s->secrets = places;
	s->xml.arg = s;
	s->xml.on_text = places != NULL ? note_event_secrets : NULL;
}

/* An exported event begins or goes on. Lines of other logs begin with a time, which tells them cheaply. */
static bool takes_event(struct log_scanner *s, const char *line, size_t len)
{
	if (len > 0 && (line[0] == '[' || ascii_digit(line[0])) && !s->winevent.open && s->winevent.separator == 0)
		return false;
	if (!log_winevent_take(&s->winevent, line, len, s->line))
		return false;
	log_events_flush(&s->events);
	return true;
}

/* A session's header has ended: what it leaves open is as in the one before. */
static void end_header(struct log_scanner *s)
{
	log_facts_fill(&s->header, &s->before);
	s->before = s->header;
	memset(&s->header, 0, sizeof(s->header));
}

/* Another session may begin in the same log: `=====` stands above and below its header. */
static void take_header(struct log_scanner *s, const char *line, size_t len)
{
	if (len > 20 && line[0] == '=' && line[1] == '=' && s->line > s->header_line + HEADER_BLOCK) {
		end_header(s);
		s->header_line = s->line;
	}
	if (s->line <= s->header_line + LOG_HEADER_LINES)
		log_header_take(&s->header, line, len);
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
	if (s->facts != NULL)
		take_header(s, line, len);
	if (s->secrets != NULL && secrets_glance(line, len))
		note_secrets(s, line, len);
	if (takes_event(s, line, len))
		return;
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

/* Events saved as XML need not have lines: `<?xml`, `<Events>`, `<Event`. */
static void decide_form(struct log_scanner *s, const char **p, size_t *n)
{
	bool xml;

	if (s->form == FORM_UNKNOWN && **p == '<') {
		s->form = FORM_MARKUP;
		(*p)++;
		(*n)--;
	} else if (s->form == FORM_UNKNOWN) {
		s->form = FORM_LINES;
	}
	if (s->form != FORM_MARKUP || *n == 0)
		return;
	xml = **p == '?' || **p == 'E';
	s->form = xml ? FORM_XML : FORM_LINES;
	if (xml)
		log_winxml_feed(&s->xml, "<", 1);
	else
		carry(s, "<", 1);
}

static void feed_bytes(struct log_scanner *s, const char *p, size_t n)
{
	const char *end, *lf;

	if (n > 0 && (s->form == FORM_UNKNOWN || s->form == FORM_MARKUP))
		decide_form(s, &p, &n);
	if (s->form == FORM_XML) {
		log_winxml_feed(&s->xml, p, n);
		return;
	}
	end = p + n;
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

/* Units of ASCII at p, four at a time, as most logs have nothing else; returns how many bytes they took. */
static size_t take_ascii(struct log_scanner *s, const unsigned char *p, size_t n, char *out, size_t room)
{
	const unsigned high = s->encoding == LOG_UTF16LE ? 1 : 0, low = 1 - high;
	size_t i = 0, used = 0;

	for (; n - i >= 8 && room - used >= 4; i += 8, used += 4) {
		const unsigned char *q = p + i;

		if ((q[high] | q[high + 2] | q[high + 4] | q[high + 6]) != 0 ||
		    ((q[low] | q[low + 2] | q[low + 4] | q[low + 6]) & 0x80) != 0)
			break;
		out[used] = (char)q[low];
		out[used + 1] = (char)q[low + 2];
		out[used + 2] = (char)q[low + 4];
		out[used + 3] = (char)q[low + 6];
	}
	return i;
}

static void feed_utf16(struct log_scanner *s, const unsigned char *p, size_t n)
{
	char out[8192];
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t u;
		size_t plain = s->start_len == 0 && s->high == 0 ? take_ascii(s, p + i, n - i, out + used, sizeof(out) - 8 - used) : 0;

		i += plain;
		used += plain / 2;
		if (i == n)
			break;

		if (s->start_len == 0) {
			s->start[s->start_len++] = p[i];
			continue;
		}
		u = s->encoding == LOG_UTF16LE ? (uint32_t)(s->start[0] | p[i] << 8) : (uint32_t)(s->start[0] << 8 | p[i]);
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
	if (s->encoding == LOG_BYTES)
		feed_bytes(s, (const char *)p, n);
	else if (s->encoding == LOG_EVTX && s->evtx != NULL)
		log_evtx_feed(s->evtx, p, n);
	else if (s->encoding != LOG_EVTX)
		feed_utf16(s, p, n);
}

static void decide_encoding(struct log_scanner *s)
{
	unsigned char start[sizeof(s->start)];
	size_t n = s->start_len, skip;

	memcpy(start, s->start, sizeof(start));
	s->encoding = log_encoding_of(start, n, &skip);
	s->start_len = 0;
	if (s->encoding == LOG_EVTX)
		s->evtx = log_evtx_new(&s->xml);
	feed_decoded(s, start + skip, n - skip);
}

void log_scanner_feed(struct log_scanner *s, const void *data, size_t n)
{
	const unsigned char *p = data;

	while (s->encoding == LOG_UNKNOWN && n > 0) {
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
	if (s->encoding == LOG_UNKNOWN)
		decide_encoding(s);
	if (s->carry_len > 0)
		take_line(s, s->carry, s->carry_len);
	s->carry_len = 0;
	if (s->evtx != NULL)
		log_evtx_end(s->evtx);
	log_events_flush(&s->events);
	log_winevent_flush(&s->winevent);
	if (s->xml.computer[0] != '\0')
		snprintf(s->header.machine, sizeof(s->header.machine), "%s", s->xml.computer);
	end_header(s);
	if (s->facts != NULL)
		log_facts_fill(s->facts, &s->before);
}

enum log_state log_scanner_state(const struct log_scanner *s)
{
	bool damaged = true;
	uint64_t events;

	if (s->encoding != LOG_EVTX)
		return LOG_READ;
	events = s->evtx != NULL ? log_evtx_events(s->evtx, &damaged) : 0;
	return !damaged ? LOG_READ : events > 0 ? LOG_PARTLY : LOG_UNREAD;
}

/*
 * log_winevent.c - parser worker; lines of hostile logs. Records of exported events. Called by log_scan.c.
 */
#include "log_winevent.h"

#include <stdio.h>
#include <string.h>

#include "ascii.h"
#include "log_line.h"
#include "log_level.h"
#include "log_winevent_parts.h"

void log_winevent_init(struct log_winevent *ev, struct error_set *set, const struct error_where *where)
{
	memset(ev, 0, sizeof(*ev));
	ev->set = set;
	ev->where = *where;
}

enum event_part winevent_part(const char *s, size_t len)
{
	static const char *const names[] = {
	    "log name", "protokollname",
	    "level", "leveldisplayname", "entrytype", "ebene",
	    "source", "providername", "quelle",
	    "event id", "eventid", "id", "ereignis-id",
	    "date", "date and time", "timecreated", "timegenerated", "datum", "datum und uhrzeit",
	    "description", "message", "beschreibung",
	    "task", "task category", "aufgabenkategorie", "opcode", "keyword", "keywords",
	    "schl\xC3\xBCsselw\xC3\xB6rter", "schl\xFCsselw\xF6rter", "user", "user name", "username", "benutzer",
	    "computer", "machinename", "category", "categorynumber", "replacementstrings", "index", "instanceid",
	    "timewritten", "version", "qualifiers", "recordid", "providerid", "logname", "processid", "threadid",
	    "userid", "properties", "data",
	};
	static const struct {
		enum event_part part;
		size_t names; /* of that part */
	} rows[] = {{EVENT_START, 2}, {EVENT_LEVEL, 4}, {EVENT_SOURCE, 3}, {EVENT_ID, 4}, {EVENT_DATE, 6}, {EVENT_TEXT, 3}, {EVENT_OTHER, 30}};
	size_t at, k = 0;

	ascii_trim(&s, &len);
	at = ascii_one_of(s, len, names, ASCII_COUNT(names));
	for (; k < ASCII_COUNT(rows) && at >= rows[k].names; k++)
		at -= rows[k].names;
	return k < ASCII_COUNT(rows) ? rows[k].part : EVENT_NONE;
}

/* The first value stays. */
static void put_word(char *out, size_t cap, const char *s, size_t len)
{
	if (out[0] == '\0')
		ascii_copy(out, cap, s, len);
}

static bool has_letter(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (ascii_alnum(s[i]) || (unsigned char)s[i] >= 0x80)
			return true;
	return false;
}

/* The first paragraph says what happened; operation and context follow. */
static void put_text(struct event_parts *p, const char *s, size_t len)
{
	struct event_text *t = &p->text;

	if (p->text_done)
		return;
	if (!has_letter(s, len)) {
		p->text_done = len == 0 && t->len > 0;
		return;
	}
	if (t->len > 0 && t->len + 1 < sizeof(t->s))
		t->s[t->len++] = ' ';
	if (len > sizeof(t->s) - 1 - t->len)
		len = sizeof(t->s) - 1 - t->len;
	memcpy(t->s + t->len, s, len);
	t->len += len;
}

void winevent_put(struct event_parts *p, enum event_part part, const char *s, size_t len)
{
	ascii_trim(&s, &len);
	if (part == EVENT_TEXT) {
		put_text(p, s, len);
		return;
	}
	if (len == 0)
		return;
	switch (part) {
	case EVENT_LEVEL:
		put_word(p->level, sizeof(p->level), s, len);
		break;
	case EVENT_SOURCE:
		put_word(p->source, sizeof(p->source), s, len);
		break;
	case EVENT_ID:
		put_word(p->id, sizeof(p->id), s, len);
		break;
	case EVENT_DATE:
		put_word(p->date, sizeof(p->date), s, len);
		break;
	default:
		break;
	}
}

/* What an event is that states no level, as Get-WinEvent's short list does. */
static enum log_line_kind kind_of(const struct event_parts *p)
{
	static const char *const words[] = {"error", "failed", "failure", "cannot", "could not", "unable to", "fehler",
	    "fehlgeschlagen"};
	const struct log_level *level = log_level_of(p->level, strlen(p->level));

	if (level != NULL)
		return level->kind;
	if (p->level[0] != '\0')
		return LOG_LINE_OTHER;
	return ascii_find_any(p->text.s, p->text.len, words, ASCII_COUNT(words), NULL) != NULL ? LOG_LINE_ERROR : LOG_LINE_OTHER;
}

/* Tables double the quotes within a field. */
static void single_quotes(struct event_text *t)
{
	size_t used = 0;

	if (memchr(t->s, '"', t->len) == NULL)
		return;
	for (size_t i = 0; i < t->len; i++) {
		t->s[used++] = t->s[i];
		i += t->s[i] == '"' && i + 1 < t->len && t->s[i + 1] == '"';
	}
	t->len = used;
}

static void forget(struct event_parts *p)
{
	p->level[0] = p->source[0] = p->id[0] = p->date[0] = p->text.s[0] = '\0';
	p->text.len = 0;
	p->text_done = false;
}

void winevent_add(struct log_winevent *ev)
{
	struct event_parts *p = &ev->parts;
	enum log_line_kind kind = kind_of(p);
	struct error_item item = {.component = p->source, .where = ev->where};
	char at[40] = "", code[sizeof(p->id) + 12] = "";

	if (kind == LOG_LINE_OTHER || p->text.len == 0) {
		forget(p);
		return;
	}

	if (ev->separator != 0)
		single_quotes(&p->text);
	log_line_time(at, p->date, strlen(p->date));
	if (p->id[0] != '\0')
		snprintf(code, sizeof(code), "Event ID: %s", p->id);
	item.text = p->text.s;
	item.text_len = p->text.len;
	item.other_code = code;
	item.at = at;
	item.severity = kind == LOG_LINE_WARNING ? SEVERITY_WARNING : SEVERITY_ERROR;
	error_set_add(ev->set, &item);
	forget(p);
}

void log_winevent_flush(struct log_winevent *ev)
{
	if (ev->open)
		winevent_add(ev);
	ev->open = ev->in_text = ev->xml = false;
}

/* `Label:  value` (wevtutil, Event Viewer) or `Label  : value` (PowerShell; *listed). only_listed: the former is none. */
static enum event_part label_of(const char *s, size_t len, const char **value, bool *listed, bool only_listed)
{
	const char *colon = memchr(s, ':', len < 40 ? len : 40);

	*listed = false;
	if (colon == NULL || colon == s)
		return EVENT_NONE;
	*listed = colon[-1] == ' ' && colon + 1 < s + len && colon[1] == ' ' && !ascii_blank(s[0]);
	*value = colon + 1;
	if (only_listed && !*listed)
		return EVENT_NONE;
	return winevent_part(s, (size_t)(colon - s));
}

/* `Event[12]:` of wevtutil. */
static bool is_numbered(const char *s, size_t len)
{
	size_t i = 6;

	if (!ascii_starts(s, len, "event["))
		return false;
	while (i < len && ascii_digit(s[i]))
		i++;
	return i > 6 && i < len && s[i] == ']' && len <= i + 2;
}

/* The first line of a record. */
static bool begins_record(const char *s, size_t len)
{
	static const char *const labels[] = {"log name", "protokollname", "timecreated", "index ", "message "};
	const char *value;
	bool listed;

	if (is_numbered(s, len))
		return true;
	if (!ascii_starts_any(s, len, labels, ASCII_COUNT(labels)))
		return false;
	if (label_of(s, len, &value, &listed, false) == EVENT_START)
		return !listed;
	return listed && ascii_fold(s[0]) != 'l' && ascii_fold(s[0]) != 'p'; /* the last three */
}

bool log_winevent_begins(const char *s, size_t len)
{
	struct log_winevent ev = {.separator = 0};

	return begins_record(s, len) || wintable_heading(&ev, s, len);
}

static void begin(struct log_winevent *ev, uint64_t number)
{
	log_winevent_flush(ev);
	ev->open = true;
	ev->where.line = number;
}

/* The list of PowerShell begins with one property or another: it is a new record where that one is known already. */
static bool is_new(const struct log_winevent *ev, const char *s, size_t len)
{
	if (!ev->open || is_numbered(s, len) || ascii_starts(s, len, "log name") || ascii_starts(s, len, "protokollname"))
		return true;
	if (ascii_starts(s, len, "timecreated"))
		return ev->parts.date[0] != '\0';
	return ascii_starts(s, len, "index ") || ev->parts.text.len > 0;
}

static void take_in_record(struct log_winevent *ev, const char *s, size_t len)
{
	const char *value;
	bool listed;
	enum event_part part = label_of(s, len, &value, &listed, ev->in_text);

	if (ev->in_text && !(listed && part != EVENT_NONE)) {
		ev->xml = ev->xml || ascii_starts(s, len, "event xml:") || ascii_starts(s, len, "ereignis-xml:");
		if (!ev->xml)
			winevent_put(&ev->parts, EVENT_TEXT, s, len);
		return;
	}
	ev->in_text = part == EVENT_TEXT;
	if (part != EVENT_NONE && (part != EVENT_TEXT || (size_t)(value - s) < len))
		winevent_put(&ev->parts, part, value, len - (size_t)(value - s));
}

bool log_winevent_take(struct log_winevent *ev, const char *s, size_t len, uint64_t number)
{
	if (ev->separator != 0) {
		wintable_row(ev, s, len, number);
		return true;
	}
	if (number <= 3 && wintable_heading(ev, s, len))
		return true;
	if (begins_record(s, len) && is_new(ev, s, len))
		begin(ev, number);
	if (!ev->open)
		return false;
	/* Another log begins in the same file. */
	if (ev->in_text && len > 0 && (s[0] == '[' || ascii_digit(s[0])) && log_line_time(NULL, s, len) > 0) {
		log_winevent_flush(ev);
		return false;
	}
	take_in_record(ev, s, len);
	return true;
}

/*
 * log_detect.c - parser worker; hostile names and first bytes. Called by kinds.c and log_scan.c. Pure.
 */
#include "log_detect.h"

#include <string.h>

#include "ascii.h"
#include "log_line.h"
#include "log_scan.h"
#include "log_winxml.h"

enum log_encoding log_encoding_of(const unsigned char *b, size_t n, size_t *skip)
{
	*skip = 0;
	if (log_is_evtx(b, n))
		return LOG_EVTX;
	if (n >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF) {
		*skip = 3;
		return LOG_BYTES;
	}
	if (n >= 2 && b[0] == 0xFF && b[1] == 0xFE) {
		*skip = 2;
		return LOG_UTF16LE;
	}
	if (n >= 2 && b[0] == 0xFE && b[1] == 0xFF) {
		*skip = 2;
		return LOG_UTF16BE;
	}
	if (n >= 4 && b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0)
		return LOG_UTF16LE;
	if (n >= 4 && b[0] == 0 && b[1] != 0 && b[2] == 0 && b[3] != 0)
		return LOG_UTF16BE;
	return LOG_BYTES;
}

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

/* What only a log says, whatever its lines begin with. */
static bool has_mark(const char *p, size_t n)
{
	static const char *const marks[] = {"powershell transcript start", "=== verbose logging started", "=== logging started",
	    "traceback (most recent call last)", "+ categoryinfo", "\nmsi (s) (", "\nmsi (c) (", "terminate called after throwing",
	    "exception in thread \"", "program received signal ", "unhandled exception: ", "writer name: '", "verfassername: '",
	    "--- end of inner exception stack trace ---", "\n   at system.", "\n   at veeam.", "\n   at microsoft.", "\ncaused by: ",
	    "\tat java.", "\tat com.", "\nrman-", "\nora-"};

	for (size_t i = 0; i < ASCII_COUNT(marks); i++)
		if (ascii_find(p, n, marks[i]) != NULL)
			return true;
	return false;
}

/* A table of exported events by its heading. */
static bool is_event_table(const char *p, size_t n)
{
	const char *line, *end = p + n;
	size_t len;

	for (unsigned i = 0; i < 3 && ascii_line(&p, end, &line, &len); i++)
		if (log_winevent_begins(line, len))
			return true;
	return false;
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
		found += 2 * (size_t)log_winevent_begins(line, len);
	}
	return found;
}

bool log_is_evtx(const unsigned char *head, size_t n)
{
	return n >= 8 && memcmp(head, "ElfFile", 8) == 0;
}

bool log_looks_like(const char *name, const unsigned char *head, size_t n)
{
	static const char *const never[] = {".html", ".htm", ".xml", ".json", ".eml", ".ini", ".conf", ".ps1", ".pdf",
	    ".rtf", ".svg", ".md", ".ics", ".vcf", NULL};
	static const char *const tables[] = {".csv", ".tsv", NULL};
	char text[4096];
	size_t used = 0, skip, len = strlen(name);
	enum log_encoding e = log_encoding_of(head, n, &skip);

	if (n == 0)
		return false;
	if (log_is_evtx(head, n))
		return true;
	if (e == LOG_BYTES) {
		used = n - skip < sizeof(text) ? n - skip : sizeof(text);
		memcpy(text, head + skip, used);
	} else {
		for (size_t i = skip; i + 1 < n && used < sizeof(text); i += 2) {
			unsigned u = e == LOG_UTF16LE ? head[i] | (unsigned)head[i + 1] << 8 : head[i + 1] | (unsigned)head[i] << 8;

			text[used++] = u < 0x80 ? (char)u : '?';
		}
	}
	if (!is_text((const unsigned char *)text, used))
		return false;
	if (extension_in(name, len, tables))
		return is_event_table(text, used);
	if (log_winxml_begins(text, used))
		return true;
	if (extension_in(name, len, never))
		return false;
	if (ascii_ends(name, len, ".log") || ascii_find(name, len, ".log.") != NULL || ascii_find(name, len, ".log_") != NULL)
		return true;
	return has_mark(text, used) || log_lines(text, used) >= (ascii_ends(name, len, ".txt") ? 1 : 2);
}

/*
 * log.c - one event a line to descriptor 2, in one write, so that lines of several processes on one pipe
 * never mix. Every process, any thread; values may come from peers, so the line is kept printable ASCII.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define LINE_MAX_BYTES 2000u
#define VALUE_MAX 200u
#define RING 16u

static char log_role[32] = "vcspgate";
static int log_pid;
static enum log_level log_level = LOG_LVL_INFO;

void
log_setup(const char *role, enum log_level level)
{
	snprintf(log_role, sizeof(log_role), "%s", role);
	log_pid = (int)getpid();
	log_level = level;
}

bool
log_enabled(enum log_level level)
{
	return level <= log_level;
}

static bool
printable(unsigned char c)
{
	return c >= 0x20 && c < 0x7f;
}

/* Writes c to out, as \xNN where it is not printable: bytes written (at most 4), 0 where it does not fit. */
static size_t
put_escaped(char *out, size_t room, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	if (printable(c)) {
		if (room < 1)
			return 0;
		out[0] = (char)c;
		return 1;
	}
	if (room < 4)
		return 0;
	out[0] = '\\';
	out[1] = 'x';
	out[2] = hex[c >> 4];
	out[3] = hex[c & 15];
	return 4;
}

static void
write_line(const char *line, size_t n)
{
	while (write(STDERR_FILENO, line, n) < 0 && errno == EINTR)
		;
}

void
log_put(enum log_level level, const char *ids, const char *event, const char *fmt, ...)
{
	static const char *const mark[] = { "level=error ", "level=warn ", "", "level=debug " };
	char raw[LINE_MAX_BYTES + 1], line[LINE_MAX_BYTES + 1];
	int saved = errno, head;
	size_t n = 0;
	va_list ap;

	if (!log_enabled(level))
		return;
	head = snprintf(raw, sizeof(raw), "%s[%d]: %s%s%sevent=%s%s", log_role, log_pid, ids, *ids ? " " : "",
	    mark[level], event, *fmt ? " " : "");
	if (head < 0)
		head = 0;
	if ((size_t)head < sizeof(raw)) {
		va_start(ap, fmt);
		vsnprintf(raw + head, sizeof(raw) - (size_t)head, fmt, ap);
		va_end(ap);
	}
	for (const char *s = raw; *s; s++) {
		size_t used = put_escaped(line + n, LINE_MAX_BYTES - 1 - n, (unsigned char)*s);
		if (!used)
			break;
		n += used;
	}
	line[n++] = '\n';
	write_line(line, n);
	errno = saved;
}

static bool
plain(const char *s, size_t *len)
{
	size_t i;

	for (i = 0; s[i]; i++) {
		if (i == VALUE_MAX || !printable((unsigned char)s[i]) || strchr(" \"\\=", s[i]))
			return false;
	}
	*len = i;
	return i > 0;
}

const char *
log_q(const char *s)
{
	static _Thread_local char ring[RING][VALUE_MAX + 8];
	static _Thread_local unsigned turn;
	char *out;
	size_t n = 0, len;

	if (!s)
		return "-";
	if (plain(s, &len))
		return s;
	out = ring[turn++ % RING];
	out[n++] = '"';
	for (; *s; s++) {
		size_t used = 0;
		if (*s == '"' || *s == '\\') {
			if (n + 2 <= VALUE_MAX) {
				out[n] = '\\';
				out[n + 1] = *s;
				used = 2;
			}
		} else {
			used = put_escaped(out + n, VALUE_MAX - n, (unsigned char)*s);
		}
		if (!used) {
			memcpy(out + n, "...", 3);
			n += 3;
			break;
		}
		n += used;
	}
	out[n++] = '"';
	out[n] = '\0';
	return out;
}

/*
 * log_clock.c - parser worker; hostile log lines. Called by log_line.c for each line that begins with no date: what is none must
 * be told by its first bytes.
 */
#include "log_clock.h"

#include <string.h>

#include "ascii.h"
#include "log_level.h"

#define LEVEL_REACH 40 /* a level stands within so many bytes behind the time, only blanks and numbers between */

size_t log_clock_uptime(const char *line, size_t len)
{
	size_t i = 1, point;

	if (len < 10 || line[0] != '[' || (line[1] != ' ' && !ascii_digit(line[1])))
		return 0;
	while (i < len && i < 6 && line[i] == ' ')
		i++;
	for (point = i; point < len && point < i + 12 && ascii_digit(line[point]); point++)
		;
	if (point == i || point + 8 > len || line[point] != '.' || line[point + 7] != ']')
		return 0;
	for (i = point + 1; i < point + 7; i++)
		if (!ascii_digit(line[i]))
			return 0;
	return point + 8;
}

/* hh:mm:ss, with a fraction and a half of the day. */
static size_t clock(const char *s, size_t len)
{
	size_t n = len > 1 && ascii_digit(s[1]) ? 2 : 1;

	if (len < n + 6 || !ascii_digit(s[0]) || s[n] != ':' || s[n + 3] != ':' || !ascii_digit(s[n + 1]) || !ascii_digit(s[n + 2]) ||
	    !ascii_digit(s[n + 4]) || !ascii_digit(s[n + 5]))
		return 0;
	n += 6;
	if (n < len && (s[n] == '.' || s[n] == ','))
		for (n++; n < len && ascii_digit(s[n]); n++)
			;
	if (ascii_starts(s + n, len - n, " am") || ascii_starts(s + n, len - n, " pm"))
		n += 3;
	return n;
}

size_t log_clock_time(const char *line, size_t len)
{
	size_t from = len > 0 && line[0] == '[', n = clock(line + from, len - from), i, end;

	if (n == 0)
		return 0;
	n += from;
	for (i = n; i < len && i < n + LEVEL_REACH && (ascii_digit(line[i]) || strchr(" \t[]", line[i]) != NULL); i++)
		;
	for (end = i; end < len && ascii_upper(line[end]); end++)
		;
	/* Lower case begins a sentence as well. */
	if (i == n || end < i + 3 || log_level_of(line + i, end - i) == NULL || (end < len && !ascii_blank(line[end]) && line[end] != ']'))
		return 0;
	return i;
}

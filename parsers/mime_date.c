/*
 * mime_date.c - plain dates of mails. Runs in the parser worker and in `vcspgate parse`; hostile input.
 */
#include "mime_date.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#include "ascii.h"

static void skip_space(const char **s)
{
	*s += strspn(*s, " \t\r\n");
}

/* Between least and most digits, a number up to max. */
static bool number(const char **s, size_t least, size_t most, unsigned max, unsigned *out)
{
	size_t n = 0;

	for (*out = 0; n < most && ascii_digit((*s)[n]); n++)
		*out = *out * 10 + (unsigned)((*s)[n] - '0');
	*s += n;
	return n >= least && !ascii_digit(**s) && *out <= max;
}

/* The place (from 1) of the three letters in a row of such, blanks between them; 0: none. */
static unsigned name(const char **s, const char *row, char behind)
{
	char word[4];

	for (size_t i = 0; i < 3; i++) {
		if (!ascii_alpha((*s)[i]))
			return 0;
		word[i] = ascii_fold((*s)[i]);
	}
	word[3] = '\0';
	if ((*s)[3] != behind)
		return 0;
	for (unsigned place = 1; *row != '\0'; place++, row += 3)
		if (memcmp(row, word, 3) == 0) {
			*s += 4;
			return place;
		}
	return 0;
}

/* hh:mm, then :ss where it has them, then the zone. */
static bool time_of_day(const char **s, int64_t *seconds)
{
	unsigned hour, minute, second = 0, zone;
	int sign;

	if (!number(s, 2, 2, 23, &hour) || *(*s)++ != ':' || !number(s, 2, 2, 59, &minute))
		return false;
	if (**s == ':' && (++*s, !number(s, 2, 2, 59, &second)))
		return false;
	skip_space(s);
	sign = **s == '+' ? 1 : **s == '-' ? -1 : 0;
	if (sign == 0 || (++*s, !number(s, 4, 4, 1459, &zone)) || zone % 100 > 59)
		return false;
	*seconds = ((int64_t)hour * 60 + minute) * 60 + second - sign * (int64_t)(zone / 100 * 60 + zone % 100) * 60;
	return true;
}

/* Seconds from 1970 to the beginning of a day; false where its month does not have it. */
static bool day_begins(unsigned year, unsigned month, unsigned day, int64_t *seconds)
{
	struct tm tm = {.tm_year = (int)year - 1900, .tm_mon = (int)month - 1, .tm_mday = (int)day};

	*seconds = timegm(&tm); /* which makes 31 April the first of May */
	return tm.tm_mday == (int)day;
}

bool mime_date(const char *value, int64_t *seconds)
{
	const char *s = value;
	unsigned day, month, year;
	int64_t midnight;

	skip_space(&s);
	if (name(&s, "montuewedthufrisatsun", ',') > 0)
		skip_space(&s);
	if (!number(&s, 1, 2, 31, &day) || *s++ != ' ' || (month = name(&s, "janfebmaraprmayjunjulaugsepoctnovdec", ' ')) == 0 ||
	    !number(&s, 4, 4, 2999, &year) || *s++ != ' ' || year < 1970 || !day_begins(year, month, day, &midnight) ||
	    !time_of_day(&s, seconds))
		return false;
	skip_space(&s);
	if (*s == '(')
		s += strspn(s, "(ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz +-:)");
	skip_space(&s);
	*seconds += midnight;
	return *s == '\0';
}

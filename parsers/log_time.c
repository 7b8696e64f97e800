/*
 * log_time.c - parser worker; hostile log lines. The time forms that lines begin with. Called by log_line.c.
 */
#include <string.h>

#include "ascii.h"
#include "log_line.h"
#include "log_stamp.h"

/* Reads exactly n digits at s. */
static bool digits(const char *s, size_t len, size_t n, unsigned *value)
{
	if (len < n)
		return false;
	*value = 0;
	for (size_t i = 0; i < n; i++) {
		if (!ascii_digit(s[i]))
			return false;
		*value = *value * 10 + (unsigned)(s[i] - '0');
	}
	return true;
}

/* One or two digits; returns how many. */
static size_t short_number(const char *s, size_t len, unsigned *value)
{
	if (digits(s, len, 2, value))
		return 2;
	return digits(s, len, 1, value) ? 1 : 0;
}

/* d.m.yyyy, as the event viewer of some languages writes it. */
static size_t short_dotted_date(const char *s, size_t len, struct log_stamp *t)
{
	size_t n = short_number(s, len, &t->day), m;

	if (n == 0 || n >= len || s[n] != '.')
		return 0;
	m = short_number(s + n + 1, len - n - 1, &t->month);
	if (m == 0 || n + m + 6 > len || s[n + m + 1] != '.' || !digits(s + n + m + 2, 4, 4, &t->year))
		return 0;
	return n + m + 6;
}

/* dd.mm.yyyy, yyyy-mm-dd, yyyy/mm/dd: the forms that can be read in one way only. */
static size_t date(const char *s, size_t len, struct log_stamp *t)
{
	if (len < 10)
		return 0;
	if (s[2] == '.' && s[5] == '.' && digits(s, 2, 2, &t->day) && digits(s + 3, 2, 2, &t->month) &&
	    digits(s + 6, 4, 4, &t->year))
		return 10;
	if ((s[4] == '-' || s[4] == '/') && s[7] == s[4] && digits(s, 4, 4, &t->year) && digits(s + 5, 2, 2, &t->month) &&
	    digits(s + 8, 2, 2, &t->day))
		return 10;
	return short_dotted_date(s, len, t);
}

/* m/d/yyyy or d/m/yyyy: which of the two shows where one number is above 12, or AM/PM follows (American); else
 * the month stays 0, the time unknown. */
static size_t slash_date(const char *s, size_t len, struct log_stamp *t, bool *undecided)
{
	unsigned a, b;
	size_t n = short_number(s, len, &a), m;

	if (n == 0 || n >= len || s[n] != '/')
		return 0;
	m = short_number(s + n + 1, len - n - 1, &b);
	if (m == 0 || n + m + 6 > len || s[n + m + 1] != '/' || !digits(s + n + m + 2, 4, 4, &t->year))
		return 0;
	*undecided = a <= 12 && b <= 12;
	t->month = a > 12 ? b : a;
	t->day = a > 12 ? a : b;
	return n + m + 6;
}

static size_t fraction(const char *s, size_t len, struct log_stamp *t)
{
	size_t n = 1, kept = 0;

	if (len < 2 || (s[0] != '.' && s[0] != ',') || !ascii_digit(s[1]))
		return 0;
	t->fraction[kept++] = '.';
	for (; n < len && ascii_digit(s[n]); n++)
		if (kept < 7)
			t->fraction[kept++] = s[n];
	t->fraction[kept] = '\0';
	return n;
}

static size_t offset(const char *s, size_t len, struct log_stamp *t)
{
	unsigned h, m;
	size_t colon;

	char *out = t->offset;

	if (len > 0 && s[0] == 'Z') {
		memcpy(out, "Z", 2);
		return 1;
	}
	if (len < 5 || (s[0] != '+' && s[0] != '-') || !digits(s + 1, 2, 2, &h))
		return 0;
	colon = s[3] == ':';
	if (!digits(s + 3 + colon, len - 3 - colon, 2, &m) || h > 14 || m > 59)
		return 0;
	memcpy(out, s, 3);
	out[3] = ':';
	memcpy(out + 4, s + 3 + colon, 2);
	out[6] = '\0';
	return 5 + colon;
}

/* hh:mm:ss with what may follow. */
static size_t clock_time(const char *s, size_t len, struct log_stamp *t, bool *american)
{
	size_t n = short_number(s, len, &t->hour);
	bool half = false;

	if (n == 0 || len < n + 6 || s[n] != ':' || s[n + 3] != ':' || !digits(s + n + 1, 2, 2, &t->minute) ||
	    !digits(s + n + 4, 2, 2, &t->second))
		return 0;
	n += 6;
	n += fraction(s + n, len - n, t);
	if (len - n >= 3 && s[n] == ' ' && (ascii_starts(s + n, len - n, " am") || ascii_starts(s + n, len - n, " pm"))) {
		half = ascii_fold(s[n + 1]) == 'p';
		*american = true;
		t->hour = t->hour % 12 + (half ? 12 : 0);
		return n + 3;
	}
	return n + offset(s + n, len - n, t);
}

static bool plausible(const struct log_stamp *t)
{
	return t->month >= 1 && t->month <= 12 && t->day >= 1 && t->day <= 31 && t->hour <= 23 && t->minute <= 59 &&
	    t->second <= 60;
}

/* Nov 24 02:31:00: syslog states no year, so the line is stamped but its time is not known. */
static size_t syslog_time(const char *s, size_t len)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	struct log_stamp t = {0};
	bool american = false;
	size_t n;

	if (len < 15 || s[3] != ' ' || s[6] != ' ' || !ascii_upper(s[0]) || !ascii_digit(s[5]))
		return 0;
	for (n = 0; n < 36; n += 3)
		if (ascii_fold(s[0]) == months[n] && s[1] == months[n + 1] && s[2] == months[n + 2])
			break;
	if (n == 36 || (n = clock_time(s + 7, len - 7, &t, &american)) == 0)
		return 0;
	return 7 + n;
}

/* The byte in front of a time: `[`, or the `<13>1 ` of RFC 5424, or nothing. */
static size_t opening(const char *s, size_t len)
{
	size_t i = 1;

	if (len > 0 && s[0] == '[')
		return 1;
	if (len == 0 || s[0] != '<')
		return 0;
	while (i < len && i < 4 && ascii_digit(s[i]))
		i++;
	if (i == 1 || i >= len || s[i] != '>')
		return 0;
	i++;
	return i + 1 < len && s[i] == '1' && s[i + 1] == ' ' ? i + 2 : i;
}

/* Two digits and what stands behind them. */
static char *put_two(char *out, unsigned n, char behind)
{
	out[0] = (char)('0' + n / 10 % 10);
	out[1] = (char)('0' + n % 10);
	out[2] = behind;
	return out + 3;
}

void log_stamp_write(char at[40], const struct log_stamp *t)
{
	size_t n, m;
	char *out = at;

	if (!t->known) { /* nothing else of it is set then */
		at[0] = '\0';
		return;
	}
	n = strlen(t->fraction);
	m = strlen(t->offset);
	/* For each error, so without printf. */
	put_two(out, t->year / 100, '\0');
	out = put_two(out + 2, t->year, '-');
	out = put_two(out, t->month, '-');
	out = put_two(out, t->day, 'T');
	out = put_two(out, t->hour, ':');
	out = put_two(out, t->minute, ':');
	out = put_two(out, t->second, '\0') - 1;
	memcpy(out, t->fraction, n);
	memcpy(out + n, t->offset, m + 1);
}

/* Two digits; *bad turns true where they are none. */
static inline unsigned two(const char *s, bool *bad)
{
	unsigned a = (unsigned)(unsigned char)s[0] - '0', b = (unsigned)(unsigned char)s[1] - '0';

	*bad |= (a > 9) | (b > 9);
	return a * 10 + b;
}

/* `dd.mm.yyyy hh:mm:ss` or `yyyy-mm-dd hh:mm:ss`, as nearly all lines begin; returns its bytes, 0 for any other form. */
static size_t usual(const char *s, size_t len, struct log_stamp *t)
{
	bool bad = false, dotted;
	size_t n = 19;

	if (len < n || s[13] != ':' || s[16] != ':' || (s[10] != ' ' && s[10] != 'T'))
		return 0;
	dotted = s[2] == '.' && s[5] == '.';
	if (!dotted && (s[4] != '-' || s[7] != '-'))
		return 0;
	t->year = two(s + (dotted ? 6 : 0), &bad) * 100;
	t->year += two(s + (dotted ? 8 : 2), &bad);
	t->month = two(s + (dotted ? 3 : 5), &bad);
	t->day = two(s + (dotted ? 0 : 8), &bad);
	t->hour = two(s + 11, &bad);
	t->minute = two(s + 14, &bad);
	t->second = two(s + 17, &bad);
	if (bad || !plausible(t))
		return 0;
	n += fraction(s + n, len - n, t);
	if (len - n >= 3 && s[n] == ' ' && ascii_fold(s[n + 2]) == 'm') /* a half of the day */
		return 0;
	t->known = true;
	return n + offset(s + n, len - n, t);
}

/* Any form but the one of syslog. */
static size_t dated(const char *s, size_t len, struct log_stamp *t)
{
	bool undecided = false, american = false;
	size_t i = date(s, len, t), n;

	if (i == 0)
		i = slash_date(s, len, t, &undecided);
	if (i == 0 || i >= len || (s[i] != ' ' && s[i] != 'T' && s[i] != ','))
		return 0;
	i++;
	while (i < len && s[i] == ' ')
		i++;
	if ((n = clock_time(s + i, len - i, t, &american)) == 0 || !plausible(t))
		return 0;
	t->known = american || !undecided;
	return i + n;
}

size_t log_stamp_read(struct log_stamp *t, const char *line, size_t len)
{
	size_t i = opening(line, len), n;

	t->known = false;
	if (i >= len || (!ascii_digit(line[i]) && !ascii_upper(line[i])))
		return 0;
	if (ascii_upper(line[i]))
		return (n = syslog_time(line + i, len - i)) > 0 ? i + n : 0;
	t->fraction[0] = t->offset[0] = '\0';
	if ((n = usual(line + i, len - i, t)) == 0) {
		t->fraction[0] = t->offset[0] = '\0';
		t->known = false;
		if ((n = dated(line + i, len - i, t)) == 0)
			return 0;
	}
	i += n;
	return i + (line[0] == '[' && i < len && line[i] == ']');
}

size_t log_line_time(char at[40], const char *line, size_t len)
{
	struct log_stamp t;
	size_t n = log_stamp_read(&t, line, len);

	if (at != NULL && n > 0)
		log_stamp_write(at, &t);
	else if (at != NULL)
		at[0] = '\0';
	return n;
}

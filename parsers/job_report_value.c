/*
 * job_report_value.c - parser worker; text of hostile mails. The words and values that job reports are made of. Called by
 * job_report.c. Pure.
 */
#include "job_report_value.h"

#include <stdio.h>
#include <string.h>

#include "ascii.h"
#include "log_line.h"
#include "oneline.h"

struct word {
	const char *text; /* lower case */
	int value;
};

/* Longer ones before those that begin them. */
static const struct word labels[] = {
    {"start time", JOB_START}, {"end time", JOB_END}, {"duration", JOB_DURATION}, {"total size", JOB_TOTAL_SIZE},
    {"backup size", JOB_BACKUP_SIZE}, {"data read", JOB_READ}, {"data transferred", JOB_TRANSFERRED},
    {"transferred", JOB_TRANSFERRED}, {"deduplication", JOB_DEDUPE}, {"dedupe", JOB_DEDUPE}, {"dedup", JOB_DEDUPE},
    {"compression", JOB_COMPRESSION}, {"bottleneck", JOB_OTHER}, {"processing rate", JOB_OTHER}, {"processing speed", JOB_OTHER},
    {"restore points", JOB_OTHER}, {"data written", JOB_OTHER}, {"data size", JOB_TOTAL_SIZE}, {"objects", JOB_OTHER},
    {"source size", JOB_TOTAL_SIZE}, {"files processed", JOB_OTHER}, {"objects processed", JOB_OTHER}, {"items", JOB_OTHER},
    {"tapes used", JOB_OTHER}, {"tape used", JOB_OTHER}, {"target", JOB_OTHER}, {"speed", JOB_OTHER},
};

static const struct word columns[] = {
    {"name", JOB_NAME}, {"vm name", JOB_NAME}, {"machine", JOB_NAME}, {"object", JOB_NAME}, {"status", JOB_STATUS},
    {"result", JOB_STATUS}, {"start time", JOB_START}, {"end time", JOB_END}, {"duration", JOB_DURATION},
    {"total size", JOB_TOTAL_SIZE}, {"size", JOB_TOTAL_SIZE}, {"data read", JOB_READ}, {"read", JOB_READ},
    {"data transferred", JOB_TRANSFERRED}, {"transferred", JOB_TRANSFERRED}, {"details", JOB_DETAILS},
    {"message", JOB_DETAILS}, {"reason", JOB_DETAILS}, {"backup size", JOB_BACKUP_SIZE}, {"object type", JOB_OTHER},
    {"type", JOB_OTHER}, {"heartbeat test", JOB_OTHER}, {"heartbeat", JOB_OTHER}, {"ping test", JOB_OTHER}, {"ping", JOB_OTHER},
    {"script test", JOB_OTHER}, {"script", JOB_OTHER}, {"validation test", JOB_OTHER}, {"verification", JOB_OTHER},
    {"malware scan", JOB_OTHER}, {"restore points", JOB_OTHER}, {"items", JOB_OTHER}, {"location", JOB_OTHER},
    {"application group", JOB_OTHER}, {"organization", JOB_OTHER}, {"host", JOB_OTHER},
};

static const struct word states[] = {
    {"success", JOB_SUCCESS}, {"warning", JOB_WARNING}, {"failed", JOB_FAILED}, {"error", JOB_FAILED}, {"failure", JOB_FAILED},
    {"running", JOB_RUNNING}, {"in progress", JOB_RUNNING}, {"canceled", JOB_CANCELED}, {"cancelled", JOB_CANCELED},
    {"stopped", JOB_CANCELED},
};

const char *job_status_name(enum job_status s)
{
	static const char *const names[] = {NULL, "success", "warning", "failed", "running", "canceled"};

	return names[s];
}

static bool goes_on(const char *s, size_t len, size_t n)
{
	return n < len && (ascii_alnum(s[n]) || (unsigned char)s[n] >= 0xc3);
}

static size_t find_word(const struct word *list, size_t count, const char *s, size_t len, int *value)
{
	char first = len > 0 ? ascii_fold(s[0]) : '\0';

	for (size_t i = 0; i < count; i++) {
		size_t n;

		if (list[i].text[0] != first || !ascii_starts(s, len, list[i].text))
			continue;
		n = strlen(list[i].text);
		if (!goes_on(s, len, n)) {
			*value = list[i].value;
			return n;
		}
	}
	return 0;
}

size_t job_label(const char *s, size_t len, enum job_value *v)
{
	int value = JOB_NONE;
	size_t n = find_word(labels, ASCII_COUNT(labels), s, len, &value);

	*v = (enum job_value)value;
	return n > 0 && n < len && s[n] == ':' ? n + 1 : n;
}

size_t job_column(const char *s, size_t len, enum job_value *v)
{
	int value = JOB_NONE;
	size_t n = find_word(columns, ASCII_COUNT(columns), s, len, &value);

	*v = (enum job_value)value;
	return n;
}

size_t job_word(const char *s, size_t len, enum job_status *st)
{
	int value = JOB_NO_STATUS;
	size_t n = find_word(states, ASCII_COUNT(states), s, len, &value);

	/* `Error: text` is a message. */
	if (n < len && n > 0 && s[n] == ':')
		return 0;
	*st = (enum job_status)value;
	return n;
}

/* ---- values ---- */

static size_t digits(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && n < 20 && ascii_digit(s[n]))
		n++;
	return n;
}

/* Blanks and the no-break spaces that locales put before a unit. */
static size_t gap(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len) {
		if (ascii_blank(s[n]))
			n++;
		else if (len - n >= 2 && memcmp(s + n, "\xc2\xa0", 2) == 0)
			n += 2;
		else if (len - n >= 3 && memcmp(s + n, "\xe2\x80\xaf", 3) == 0)
			n += 3;
		else
			break;
	}
	return n;
}

/* 1, 1.2, 1,2, 1.234,5 */
static size_t number(const char *s, size_t len)
{
	size_t n = digits(s, len), k;

	while (n > 0 && n + 1 < len && (s[n] == '.' || s[n] == ',') && (k = digits(s + n + 1, len - n - 1)) > 0)
		n += 1 + k;
	return n;
}

static size_t size_value(const char *s, size_t len)
{
	static const char *const units[] = {"bytes", "byte", "kb", "mb", "gb", "tb", "pb", "eb", "kib", "mib", "gib", "tib", "b"};
	size_t n = number(s, len), k;

	if (n == 0)
		return 0;
	n += gap(s + n, len - n);
	k = ascii_word_at(s + n, len - n, units, ASCII_COUNT(units));
	return k < ASCII_COUNT(units) ? n + strlen(units[k]) : 0;
}

static size_t ratio_value(const char *s, size_t len)
{
	size_t n = number(s, len);

	if (n > 0 && n < len && ascii_fold(s[n]) == 'x')
		n++;
	return n > 0 && !goes_on(s, len, n) ? n : 0;
}

/* 0:32:32, 1.02:03:04, 00:32; groups parted by ':' or, in some locales, '.' */
static size_t groups(const char *s, size_t len, unsigned least, unsigned most)
{
	size_t n = digits(s, len);
	unsigned g = 1;

	if (n == 0 || n > 4)
		return 0;
	while (g < most && n + 2 < len && (s[n] == ':' || s[n] == '.') && digits(s + n + 1, len - n - 1) == 2) {
		n += 3;
		g++;
	}
	/* The last group may end the text. */
	if (g < most && n + 2 == len - 1 && (s[n] == ':' || s[n] == '.') && digits(s + n + 1, 2) == 2) {
		n += 3;
		g++;
	}
	return g >= least && !goes_on(s, len, n) ? n : 0;
}

/* am, PM, a.m.; after a gap. */
static size_t half_day(const char *s, size_t len, bool *pm)
{
	static const char *const words[] = {"am", "pm", "a.m.", "p.m."};
	size_t n = gap(s, len);

	for (size_t i = 0; i < ASCII_COUNT(words); i++)
		if (ascii_starts(s + n, len - n, words[i]) && !goes_on(s, len, n + strlen(words[i]))) {
			*pm = i % 2 == 1;
			return n + strlen(words[i]);
		}
	return 0;
}

/* h:mm, h:mm:ss, h.mm.ss with AM or PM. */
static size_t clock_value(const char *s, size_t len, int *seconds)
{
	size_t n = groups(s, len, 2, 3), k;
	unsigned part[3] = {0, 0, 0}, g = 0;
	bool pm = false;

	if (n == 0 || digits(s, len) > 2 || (n < 7 && memchr(s, ':', n) == NULL))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (ascii_digit(s[i]))
			part[g] = part[g] * 10 + (unsigned)(s[i] - '0');
		else
			g++;
	k = half_day(s + n, len - n, &pm);
	if (part[0] > 23 || part[1] > 59 || part[2] > 59 || (k > 0 && (part[0] == 0 || part[0] > 12)))
		return 0;
	if (k > 0)
		part[0] = part[0] % 12 + (pm ? 12 : 0);
	*seconds = (int)(part[0] * 3600 + part[1] * 60 + part[2]);
	return n + k;
}

/* A clock, its date in numbers before it. */
static size_t time_value(const char *s, size_t len)
{
	int seconds;
	size_t n = 0;

	while (n < len && n < 11 && (ascii_digit(s[n]) || strchr("./-", s[n]) != NULL))
		n++;
	if (n >= 8 && n < len && (s[n] == ' ' || s[n] == 'T' || s[n] == ',')) {
		size_t from = n + 1 + gap(s + n + 1, len - n - 1), k = clock_value(s + from, len - from, &seconds);

		if (k > 0)
			return from + k;
	}
	return clock_value(s, len, &seconds);
}

size_t job_value(const char *s, size_t len, enum job_value v)
{
	size_t n = 0;

	if (v == JOB_START || v == JOB_END)
		n = time_value(s, len);
	else if (v == JOB_DURATION)
		n = groups(s, len, 2, 4);
	else if (v >= JOB_TOTAL_SIZE && v <= JOB_TRANSFERRED)
		n = size_value(s, len);
	else if (v == JOB_DEDUPE || v == JOB_COMPRESSION)
		n = ratio_value(s, len);
	return n;
}

size_t job_remark(const char *s, size_t len)
{
	size_t n = gap(s, len);
	const char *close = n < len && s[n] == '(' ? memchr(s + n, ')', len - n < 60 ? len - n : 60) : NULL;

	return close != NULL ? (size_t)(close - s) + 1 : 0;
}

size_t job_count(const char *s, size_t len, unsigned *n)
{
	size_t k = digits(s, len);

	if (k == 0 || k > 6 || (k < len && !ascii_blank(s[k]) && s[k] != '*') || ascii_starts(s + k, len - k, " of "))
		return 0;
	*n = 0;
	for (size_t i = 0; i < k; i++)
		*n = *n * 10 + (unsigned)(s[i] - '0');
	return k;
}

bool job_processed(const char *s, size_t len, unsigned *done, unsigned *all)
{
	size_t k = digits(s, len), n;
	unsigned v[2] = {0, 0};

	if (k == 0 || k > 6 || len > 80 || !ascii_starts(s + k, len - k, " of ") || !ascii_ends(s, len, "processed"))
		return false;
	n = digits(s + k + 4, len - k - 4);
	if (n == 0 || n > 6)
		return false;
	for (size_t i = 0; i < k; i++)
		v[0] = v[0] * 10 + (unsigned)(s[i] - '0');
	for (size_t i = 0; i < n; i++)
		v[1] = v[1] * 10 + (unsigned)(s[k + 4 + i] - '0');
	*done = v[0];
	*all = v[1];
	return true;
}

/* ---- dates ---- */

/* The first letters of a month in the languages that servers speak; longer ones first where one begins another. */
static const struct word months[] = {
    {"jan", 1}, {"ene", 1}, {"gen", 1}, {"янв", 1}, {"січ", 1}, {"sty", 1}, {"feb", 2}, {"fev", 2}, {"fév", 2}, {"фев", 2}, {"лют", 2},
    {"lut", 2}, {"mar", 3}, {"mär", 3}, {"maa", 3}, {"мар", 3}, {"бер", 3}, {"apr", 4}, {"abr", 4}, {"avr", 4}, {"апр", 4},
    {"kwi", 4}, {"may", 5}, {"mai", 5}, {"mei", 5}, {"mag", 5}, {"maj", 5}, {"май", 5}, {"мая", 5}, {"juin", 6}, {"jun", 6},
    {"giu", 6}, {"cze", 6}, {"июн", 6}, {"juil", 7}, {"jul", 7}, {"lug", 7}, {"lip", 7}, {"июл", 7}, {"aug", 8}, {"aoû", 8},
    {"aou", 8}, {"ago", 8}, {"sie", 8}, {"авг", 8}, {"sep", 9}, {"set", 9}, {"wrz", 9}, {"сен", 9}, {"oct", 10}, {"okt", 10},
    {"ott", 10}, {"out", 10}, {"paź", 10}, {"окт", 10}, {"nov", 11}, {"lis", 11}, {"ноя", 11}, {"dec", 12}, {"déc", 12}, {"dez", 12},
    {"dic", 12}, {"gru", 12}, {"дек", 12},
};

static int month_at(const char *s, size_t len)
{
	for (size_t i = 0; i < ASCII_COUNT(months); i++)
		if (ascii_starts(s, len, months[i].text))
			return months[i].value;
	return 0;
}

static bool letter(char c)
{
	return ascii_alpha(c) || (unsigned char)c >= 0x80;
}

/* A date in numbers and a clock that may lack its seconds, as ISO time. */
static bool numeric(char at[40], const char *s, size_t len)
{
	const char *colon = memchr(s, ':', len);
	size_t n = colon != NULL ? (size_t)(colon - s) + 3 : len;
	char full[64];

	if (len < 10 || len > 40 || !ascii_digit(s[0]))
		return false;
	if (log_line_time(at, s, len) > 0)
		return strlen(at) >= 19;
	if (n > len || (n < len && s[n] == ':'))
		return false;
	snprintf(full, sizeof full, "%.*s:00%.*s", (int)n, s, (int)(len - n), s + n);
	return log_line_time(at, full, strlen(full)) > 0 && strlen(at) >= 19;
}

bool job_day(const char *s, size_t len, struct job_day *d, int *seconds)
{
	char at[40];
	struct job_day got = {0, 0, 0};
	size_t i = 0, k;

	*seconds = 0;
	if (len > 100)
		return false;
	if (numeric(at, s, len) && sscanf(at, "%4d-%2d-%2d", &got.year, &got.month, &got.day) == 3) {
		*d = got;
		clock_value(at + 11, 8, seconds);
		return true;
	}
	while (i < len) {
		if (letter(s[i])) {
			int month = month_at(s + i, len - i);

			/* "mardi" begins as March does: the last word before the year is the month. */
			if (month > 0 && (got.year == 0 || got.month == 0))
				got.month = month;
			while (i < len && letter(s[i]))
				i++;
		} else if ((k = digits(s + i, len - i)) > 0) {
			int value = 0;

			if (got.year > 0 && got.day > 0 && clock_value(s + i, len - i, seconds) > 0)
				break;
			for (size_t j = 0; j < k && k <= 4; j++)
				value = value * 10 + (s[i + j] - '0');
			if (k == 4 && got.year == 0)
				got.year = value;
			else if (k <= 2 && got.month == 0 && len - i - k >= 3 && memcmp(s + i + k, "月", 3) == 0)
				got.month = value <= 12 ? value : 0;
			else if (k <= 2 && got.day == 0)
				got.day = value;
			i += k;
		} else {
			i++;
		}
	}
	if (got.year < 1990 || got.year > 2200 || got.month == 0 || got.day < 1 || got.day > 31)
		return false;
	*d = got;
	return true;
}

static void next_day(struct job_day *d)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = d->year % 4 == 0 && (d->year % 100 != 0 || d->year % 400 == 0);

	if (++d->day <= days[d->month - 1] + (d->month == 2 && leap))
		return;
	d->day = 1;
	if (++d->month > 12) {
		d->month = 1;
		d->year++;
	}
}

bool job_time(char *out, size_t cap, const char *s, size_t len, const struct job_day *day, int seconds)
{
	struct job_day d = *day;
	int t;

	if (clock_value(s, len, &t) == len && d.year > 0) {
		if (t < seconds)
			next_day(&d);
	} else if (!job_day(s, len, &d, &t)) {
		oneline(out, cap, s, len, ONELINE_CP1252);
		return false;
	}
	snprintf(out, cap, "%04d-%02d-%02dT%02d:%02d:%02d", d.year, d.month, d.day, t / 3600, t / 60 % 60, t % 60);
	return true;
}

/* ---- titles ---- */

/* A type is words of letters: "Agent Backup", "Backup to tape", "SQL Server log backup". */
static bool is_type(const char *s, size_t len)
{
	unsigned words = 1;

	if (len < 2 || len > 60 || !ascii_upper(s[0]))
		return false;
	for (size_t i = 0; i < len; i++) {
		words += s[i] == ' ';
		if (!ascii_alnum(s[i]) && strchr(" -&+/", s[i]) == NULL)
			return false;
	}
	return words <= 7;
}

/* Cuts ` (Incremental)`, `(Retry 2)` and what a client ran into the name. */
static size_t without_mode(const char *s, size_t len)
{
	static const char *const modes[] = {"incremental", "full", "active full", "synthetic full", "retry", "reverse incremental"};
	const char *at = ascii_find(s, len, "created by ");

	if (at != NULL && at > s)
		len = (size_t)(at - s);
	for (;;) {
		const char *open;

		while (len > 0 && ascii_blank(s[len - 1]))
			len--;
		if (len == 0 || s[len - 1] != ')' || (open = memrchr(s, '(', len)) == NULL || open == s)
			return len;
		if (ascii_word_at(open + 1, len - (size_t)(open + 1 - s), modes, ASCII_COUNT(modes)) == ASCII_COUNT(modes))
			return len;
		len = (size_t)(open - s);
	}
}

static bool titled(const char *s, size_t len, size_t type, size_t from, const char **name, size_t *name_len)
{
	*name = s + from;
	*name_len = len - from;
	ascii_trim(name, name_len);
	*name_len = without_mode(*name, *name_len);
	return *name_len > 0 && *name_len <= 300 && is_type(s, type);
}

/* Titles without "… job: NAME". */
static const char *const openings[] = {"configuration backup for ", "configuration backup job", "scale-out backup repository", "veeamzip",
    "quick backup", "health check", "backup health check", "backup repository rescan", "tape inventory"};

/* The colon of " job:" and " policy:". */
static const char *title_colon(const char *s, size_t len)
{
	const char *colon = memchr(s, ':', len < 80 ? len : 80);

	return colon != NULL && (ascii_ends(s, (size_t)(colon - s), " job") || ascii_ends(s, (size_t)(colon - s), " policy")) ? colon : NULL;
}

bool job_may_title(const char *s, size_t len)
{
	return title_colon(s, len) != NULL || ascii_starts_any(s, len, openings, ASCII_COUNT(openings));
}

bool job_title(const char *s, size_t len, const char **type, size_t *type_len, const char **name, size_t *name_len)
{
	const char *colon = title_colon(s, len);

	*type = s;
	if (len > 600 || len < 6 || !ascii_upper(s[0]))
		return false;
	if (colon != NULL) {
		*type_len = (size_t)(colon - s) - (ascii_ends(s, (size_t)(colon - s), "job") ? strlen(" job") : strlen(" policy"));
		return titled(s, len, *type_len, (size_t)(colon - s) + 1, name, name_len);
	}
	if (!job_may_title(s, len))
		return false;
	for (size_t i = 0; i < ASCII_COUNT(openings); i++) {
		size_t n = strlen(openings[i]), from = n;

		if (!ascii_starts(s, len, openings[i]) || (n < len && ascii_alnum(s[n]) && openings[i][n - 1] != ' '))
			continue;
		from += from < len && s[from] == ':';
		*type_len = ascii_ends(openings[i], n, " for ") ? n - 5 : ascii_ends(openings[i], n, " job") ? n - 4 : n;
		return titled(s, len, *type_len, from, name, name_len);
	}
	return false;
}

bool job_subject(const char *s, size_t len, const char **name, size_t *name_len)
{
	static const char *const marks[] = {"[failed] ", "[warning] ", "[success] ", "[error] "};
	const char *open = memchr(s, '[', len < 40 ? len : 40), *count;
	size_t left = open != NULL ? (size_t)(s + len - open) : 0;

	for (size_t i = 0; i < ASCII_COUNT(marks); i++) {
		size_t n = strlen(marks[i]);

		if (!ascii_starts(open, left, marks[i]))
			continue;
		*name = open + n;
		count = memrchr(*name, '(', left - n);
		/* Without `(3 VMs)` it is any subject that somebody marked so. */
		if (count == NULL || count <= *name + 1 || !ascii_digit(count[1]))
			return false;
		*name_len = (size_t)(count - *name);
		ascii_trim(name, name_len);
		return *name_len > 0;
	}
	return false;
}

bool job_footer(const char *s, size_t len)
{
	static const char *const starts[] = {"veeam backup & replication", "veeam agent for", "veeam backup for", "veeam one",
	    "veeam service provider console", "veeam availability console", "veeam cloud connect"};

	return len < 200 && ascii_fold(s[0]) == 'v' && ascii_starts_any(s, len, starts, ASCII_COUNT(starts));
}

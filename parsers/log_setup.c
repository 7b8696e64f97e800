/*
 * log_setup.c - parser worker; lines of hostile logs. PowerShell and Windows Installer. Called by log_trace.c.
 */
#include "log_setup.h"

#include <stdio.h>
#include <string.h>

#include "ascii.h"
#include "log_line.h"

void log_setup_init(struct log_setup *p, struct error_set *set, const struct error_where *where)
{
	memset(p, 0, sizeof(*p));
	p->set = set;
	p->where = *where;
}

static void add(struct log_setup *p, const char *s, size_t len, const char *component, const char *exception, uint64_t number)
{
	struct error_item item = {.component = component, .exception = exception, .severity = SEVERITY_ERROR};

	if (ascii_starts(s, len, "warning "))
		item.severity = SEVERITY_WARNING;
	ascii_trim(&s, &len);
	item.text = s;
	item.text_len = len;
	item.where = p->where;
	item.where.line = number;
	if (len > 0)
		error_set_add(p->set, &item);
}

/* ---- PowerShell ---- */

static void forget(struct log_setup *p)
{
	p->len = 0;
	p->closed = false;
}

static void gather(struct log_setup *p, const char *s, size_t len, uint64_t number)
{
	size_t room;

	if (p->closed)
		forget(p);
	if (p->len == 0)
		p->first = number;
	else if (p->len + 1 < sizeof(p->text))
		p->text[p->len++] = ' ';
	room = sizeof(p->text) - 1 - p->len;
	p->last = p->len;
	if (len > room)
		len = room;
	memcpy(p->text + p->len, s, len);
	p->len += len;
}

size_t log_setup_command(const char *s, size_t len)
{
	size_t i = 0, dashes = 0;

	for (; i < len && i < 80 && (ascii_alnum(s[i]) || strchr("-_.\\", s[i]) != NULL); i++)
		dashes += s[i] == '-';
	if (i == 0 || dashes == 0 || i + 2 >= len)
		return 0;
	if (s[i] == ':')
		return i + 1;
	return s[i] == ' ' && s[i + 1] == ':' ? i + 2 : 0;
}

/* `+ CategoryInfo          : NotSpecified: (:) [Get-VBRJob], Exception` */
static void take_category(struct log_setup *p, const char *s, size_t len)
{
	char component[ERROR_WORD_MAX + 1] = "", exception[ERROR_WORD_MAX + 1] = "";
	const char *open = memchr(s, '[', len), *close = NULL, *end = s + len;
	size_t cut = log_setup_command(p->text, p->len);

	if (open != NULL && (close = memchr(open, ']', (size_t)(end - open))) != NULL) {
		ascii_copy(component, ERROR_WORD_MAX + 1, open + 1, (size_t)(close - open) - 1);
		for (close++; close < end && (*close == ',' || *close == ' '); close++)
			;
		ascii_copy(exception, ERROR_WORD_MAX + 1, close, (size_t)(end - close));
	}
	if (p->len > cut && (p->thrown[0] == '\0' || memmem(p->text, p->len, p->thrown, strlen(p->thrown)) == NULL))
		add(p, p->text + cut, p->len - cut, component, exception, p->first);
	p->thrown[0] = '\0';
	forget(p);
}

/* `PS>TerminatingError(Connect-VBRServer): "text"` in a transcript; the error record may follow. */
static bool take_terminating(struct log_setup *p, const char *s, size_t len, uint64_t number)
{
	const char *at, *close, *text, *end = s + len;
	char component[ERROR_WORD_MAX + 1];

	if (len < 20 || strchr("PT>", s[0]) == NULL || (at = memmem(s, 20, "TerminatingError(", 17)) == NULL ||
	    (close = memmem(at, (size_t)(end - at), "): ", 3)) == NULL)
		return false;
	ascii_copy(component, ERROR_WORD_MAX + 1, at + 17, (size_t)(close - at) - 17);
	text = close + 3;
	len = (size_t)(end - text);
	if (len > 0 && text[0] == '"') {
		text++;
		len--;
		len -= len > 0 && text[len - 1] == '"';
	}
	add(p, text, len, component, NULL, number);
	ascii_copy(p->thrown, ERROR_WORD_MAX + 1, text, len);
	return true;
}

static bool take_powershell(struct log_setup *p, const char *s, size_t len, uint64_t number)
{
	const char *text = s;
	size_t n = len;

	ascii_trim(&text, &n);
	if (n == 0 || ascii_starts(text, n, "ps>") || (ascii_starts(text, n, "ps ") && memchr(text, '>', n) != NULL)) {
		forget(p);
		take_terminating(p, s, len, number);
		return true;
	}
	if (n > 2 && text[0] == '+' && text[1] == ' ') {
		/* The line in front of it says where: `At line:1 char:1`. */
		if (!p->closed && p->len > 0) {
			p->len = p->last;
			p->closed = true;
		}
		if (ascii_starts(text, n, "+ categoryinfo"))
			take_category(p, text, n);
		return true;
	}
	if (take_terminating(p, s, len, number))
		return true;
	gather(p, text, n, number);
	return false;
}

/* ---- vssadmin list writers ---- */

/* What stands behind one of the labels; false where none begins the line. */
static bool labelled(const char *s, size_t len, const char *const labels[2], const char **value, size_t *value_len)
{
	ascii_trim(&s, &len);
	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(labels[i]);

		if (!ascii_starts(s, len, labels[i]))
			continue;
		*value = s + n;
		*value_len = len - n;
		ascii_trim(value, value_len);
		return true;
	}
	return false;
}

static void add_writer(struct log_setup *p, const char *s, size_t len)
{
	static const char *const fine[] = {"no error", "kein fehler"};
	char text[ERROR_WORD_MAX + 1];
	int n;

	if (p->writer[0] == '\0' || (p->state[0] == '\0' && ascii_starts_any(s, len, fine, ASCII_COUNT(fine))))
		return;
	n = snprintf(text, sizeof(text), "VSS writer %s: state %s, last error: %.*s", p->writer, p->state[0] != '\0' ? p->state : "-",
	    (int)(len < 60 ? len : 60), s);
	add(p, text, (size_t)(n < (int)sizeof(text) ? n : (int)sizeof(text) - 1), "VSS", NULL, p->writer_line);
	p->writer[0] = '\0';
}

/* `Writer name: 'X'`, `State: [8] Failed`, `Last error: Timed out`. */
static bool take_writer(struct log_setup *p, const char *s, size_t len, uint64_t number)
{
	static const char *const names[2] = {"writer name: ", "verfassername: "}, *const states[2] = {"state: [", "status: ["},
	    *const errors[2] = {"last error: ", "letzter fehler: "};
	const char *value;
	size_t n;

	if (labelled(s, len, names, &value, &n) && n > 2) {
		p->writer_line = number;
		ascii_copy(p->writer, sizeof(p->writer), value, n);
		p->state[0] = '\0';
		return true;
	}
	if (p->writer[0] == '\0')
		return false;
	/* 1 stable, 5 waiting for completion; 7 to 12 failed at some step. */
	if (labelled(s, len, states, &value, &n) && n > 2) {
		if (value[0] >= '7' || ascii_digit(value[1]))
			snprintf(p->state, sizeof(p->state), "[%.*s", (int)(n < 50 ? n : 50), value);
		return true;
	}
	if (!labelled(s, len, errors, &value, &n))
		return false;
	add_writer(p, value, n);
	return true;
}

/* ---- Windows Installer ---- */

/* Behind `MSI (s) (A8:F4) [12:34:56:789]: `. */
static void skip_msi(const char **s, size_t *len)
{
	const char *at = memmem(*s, *len < 60 ? *len : 60, "]: ", 3);

	if (!ascii_starts(*s, *len, "msi (") || at == NULL)
		return;
	*len -= (size_t)(at + 3 - *s);
	*s = at + 3;
}

/* The word in front of `mark`, as component. */
static void word_before(char out[ERROR_WORD_MAX + 1], const char *s, const char *mark)
{
	const char *from = mark;

	while (from > s && from[-1] != ' ' && mark - from < ERROR_WORD_MAX)
		from--;
	ascii_copy(out, ERROR_WORD_MAX + 1, from, (size_t)(mark - from));
}

/* `Word:  Error 0x80040e14: …`, as the actions of set-ups write it. */
static bool take_action(struct log_setup *p, const char *s, size_t len, uint64_t number)
{
	const char *colon = memchr(s, ':', len < 60 ? len : 60), *text;
	char component[ERROR_WORD_MAX + 1];
	size_t n;

	if (colon == NULL || memchr(s, ' ', (size_t)(colon - s)) != NULL)
		return false;
	text = colon + 1;
	n = len - (size_t)(text - s);
	ascii_trim(&text, &n);
	if (!ascii_starts(text, n, "error ") && !ascii_starts(text, n, "error: ") && !ascii_starts(text, n, "failed to "))
		return false;
	ascii_copy(component, ERROR_WORD_MAX + 1, s, (size_t)(colon - s));
	add(p, text, n, component, NULL, number);
	return true;
}

static void take_msi(struct log_setup *p, const char *s, size_t len, uint64_t number)
{
	char component[ERROR_WORD_MAX + 1] = "";
	const char *at;

	skip_msi(&s, &len);
	if (ascii_starts(s, len, "product: ") && (at = memmem(s, len, " -- ", 4)) != NULL) {
		len -= (size_t)(at + 4 - s);
		s = at + 4;
		if (memmem(s, len, "successfully", 12) == NULL)
			add(p, s, len, NULL, NULL, number);
	} else if ((len > 6 && ascii_starts(s, len, "error ") && ascii_digit(s[6])) ||
	    (len > 8 && ascii_starts(s, len, "warning ") && ascii_digit(s[8]))) {
		add(p, s, len, NULL, NULL, number);
	} else if ((at = memmem(s, len, " returned actual error code ", 28)) != NULL) {
		word_before(component, s, at);
		add(p, s, len, component, NULL, number);
	} else if ((at = memmem(s, len, ". Return value 3", 16)) != NULL) {
		word_before(component, s, at);
		add(p, at - strlen(component), len - (size_t)(at - s) + strlen(component), component, NULL, number);
	} else if (ascii_starts(s, len, "mainenginethread is returning 1") && memmem(s, len, " 1641", 5) == NULL) {
		add(p, s, len, NULL, NULL, number);
	} else {
		take_action(p, s, len, number);
	}
}

bool log_setup_take(struct log_setup *p, const char *s, size_t len, uint64_t number)
{
	p->msi = p->msi || ascii_starts(s, len, "=== verbose logging started") || ascii_starts(s, len, "=== logging started") ||
	    ascii_starts(s, len, "msi (");
	if (!p->msi)
		return take_writer(p, s, len, number) || take_powershell(p, s, len, number);
	take_msi(p, s, len, number);
	return true;
}

/*
 * errors_pasted.c - parser worker; hostile text. What windows and consoles say, as people paste it into mails. Called by
 * errors_body.c. Pure; the lines ahead are bounded.
 */
#include "errors_pasted.h"

#include <string.h>

#include "ascii.h"
#include "log_setup.h"
#include "errors_prose.h"
#include "log_line.h"

struct line {
	const char *s;
	size_t len;
};

/* The lines of a block that may be one. */
struct block {
	struct line line[PASTED_AHEAD];
	unsigned n;
};

static void read_ahead(struct block *b, const char *s, const char *end, unsigned most)
{
	b->n = 0;
	while (b->n < most && ascii_line(&s, end, &b->line[b->n].s, &b->line[b->n].len)) {
		struct line *l = &b->line[b->n++];

		if (l->len > PASTED_TEXT_MAX)
			l->len = PASTED_TEXT_MAX;
		while (l->len > 0 && (l->s[0] == '>' || (ascii_blank(l->s[0]) && l->len > 1 && l->s[1] == '>'))) {
			l->s++;
			l->len--;
		}
		ascii_trim(&l->s, &l->len);
	}
}

static void join(struct pasted *p, const char *s, size_t len)
{
	size_t room = PASTED_TEXT_MAX - p->len;

	if (p->len > 0 && room > 1) {
		p->text[p->len++] = ' ';
		room--;
	}
	len = len < room ? len : room;
	memcpy(p->text + p->len, s, len);
	p->len += len;
	p->text[p->len] = '\0';
}

static void join_words(struct pasted *p, const char *s)
{
	size_t len = strlen(s), room = PASTED_TEXT_MAX - p->len;

	len = len < room ? len : room;
	memcpy(p->text + p->len, s, len);
	p->len += len;
	p->text[p->len] = '\0';
}

static bool starts(const struct line *l, const char *prefix)
{
	return ascii_starts(l->s, l->len, prefix);
}

/* A block that is an error only where it speaks of a failure. */
static void only_failure(struct pasted *p)
{
	if (p->len < 8 || (!prose_has_failure(p->text, p->len) && !prose_starts_failure(p->text, p->len)))
		p->len = 0;
}

/* ---- message boxes ---- */

static bool is_dashes(const struct line *l)
{
	size_t i = 0;

	while (i < l->len && l->s[i] == '-')
		i++;
	return i == l->len && i >= 10;
}

static bool is_button(const struct line *l)
{
	static const char *const words[] = {"ok", "yes", "no", "cancel", "abort", "retry", "ignore", "close", "help", "&ok", "abbrechen",
	    "[ok]", "[close]", "[cancel]"};

	return l->len > 0 && l->len < 40 && ascii_starts_any(l->s, l->len, words, ASCII_COUNT(words)) && prose_words(l->s, l->len) <= 3;
}

/* Ctrl+C in a message box of Windows: dashes, title, dashes, text, dashes, buttons, dashes. */
static unsigned message_box(const struct block *b, struct pasted *p)
{
	unsigned i = 3;

	if (b->n < 6 || !is_dashes(&b->line[0]) || is_dashes(&b->line[1]) || !is_dashes(&b->line[2]))
		return 0;
	for (; i < b->n && !is_dashes(&b->line[i]); i++)
		if (b->line[i].len > 0)
			join(p, b->line[i].s, b->line[i].len);
	if (i + 1 >= b->n || !is_button(&b->line[i + 1])) {
		p->len = 0;
		return 0;
	}
	only_failure(p);
	return i + 2 < b->n && is_dashes(&b->line[i + 2]) ? i + 3 : i + 2;
}

/* Ctrl+C in a task dialogue: [Window Title], [Main Instruction], [Content], [OK]. */
static unsigned task_dialogue(const struct block *b, struct pasted *p)
{
	bool wanted = false;
	unsigned i = 0;

	if (!starts(&b->line[0], "[window title]") && !starts(&b->line[0], "[main instruction]") && !starts(&b->line[0], "[content]"))
		return 0;
	for (; i < b->n; i++) {
		const struct line *l = &b->line[i];

		if (starts(l, "[window title]"))
			wanted = false;
		else if (starts(l, "[main instruction]") || starts(l, "[content]") || starts(l, "[expanded information]"))
			wanted = true;
		else if (l->len > 0 && l->s[0] == '[' && l->s[l->len - 1] == ']')
			break;
		else if (wanted && l->len > 0)
			join(p, l->s, l->len);
	}
	only_failure(p);
	return i < b->n ? i + 1 : i;
}

/* ---- consoles ---- */

static bool is_position(const struct line *l)
{
	return starts(l, "at line:") || (starts(l, "at ") && (ascii_find(l->s, l->len, ".ps1:") != NULL ||
	    ascii_find(l->s, l->len, ".psm1:") != NULL) && ascii_find(l->s, l->len, "char:") != NULL);
}

/* A picture's text may have lost the colon between the command and what it says. */
static void drop_command(struct pasted *p)
{
	const char *blank = memchr(p->text, ' ', p->len), *dash = memchr(p->text, '-', p->len);
	size_t n = blank != NULL && dash != NULL && dash < blank ? (size_t)(blank - p->text) + 1 : 0;

	if (n == 0 || !prose_starts_failure(p->text + n, p->len - n))
		return;
	memmove(p->text, p->text + n, p->len - n + 1);
	p->len -= n;
}

/* `+ CategoryInfo : NotSpecified: (:) [Get-VBRJob], Exception` names command and type. */
static void take_category(const struct line *l, struct pasted *p)
{
	const char *open, *close, *end = l->s + l->len;
	size_t cut;

	if (!starts(l, "+ categoryinfo") || (open = memchr(l->s, '[', l->len)) == NULL ||
	    (close = memchr(open, ']', (size_t)(end - open))) == NULL)
		return;
	p->component = open + 1;
	p->component_len = (size_t)(close - open) - 1;
	for (close++; close < end && (*close == ',' || *close == ' '); close++)
		;
	p->exception = close;
	p->exception_len = (size_t)(end - close);
	/* The message begins with the command that it is of, which the category names too. */
	cut = log_setup_command(p->text, p->len);
	if (cut <= p->component_len || memcmp(p->text, p->component, p->component_len) != 0 || p->component_len == 0)
		return;
	p->len -= cut;
	memmove(p->text, p->text + cut, p->len + 1);
	while (p->len > 0 && p->text[0] == ' ')
		memmove(p->text, p->text + 1, p->len--);
}

/* A message of PowerShell ends with the place: "At line:1 char:1", and lines of "+" below it. */
static unsigned powershell(const struct block *b, struct pasted *p)
{
	unsigned at = 0, i;

	while (at < b->n && at < 8 && b->line[at].len > 0 && !is_position(&b->line[at]))
		at++;
	if (at == 0 || at == b->n || !is_position(&b->line[at]) || starts(&b->line[0], "ps ") || starts(&b->line[0], "+ "))
		return 0;
	/* A command alone in its line was typed, not answered. */
	i = at > 1 && prose_words(b->line[0].s, b->line[0].len) == 1 && memchr(b->line[0].s, ':', b->line[0].len) == NULL;
	for (; i < at; i++)
		join(p, b->line[i].s, b->line[i].len);
	drop_command(p);
	for (i = at + 1; i < b->n && b->line[i].len > 0 && b->line[i].s[0] == '+'; i++)
		take_category(&b->line[i], p);
	return i;
}

/* vssadmin list writers: a writer that has no error is none. */
static unsigned vss_writer(const struct block *b, struct pasted *p)
{
	const struct line *state = NULL, *last = NULL;
	const char *open, *close;
	unsigned i = 1;

	if (!starts(&b->line[0], "writer name:"))
		return 0;
	for (; i < b->n && i < 7 && last == NULL; i++) {
		if (starts(&b->line[i], "writer name:"))
			return i;
		if (starts(&b->line[i], "state:"))
			state = &b->line[i];
		else if (starts(&b->line[i], "last error:"))
			last = &b->line[i];
	}
	open = memchr(b->line[0].s, '\'', b->line[0].len);
	close = memrchr(b->line[0].s, '\'', b->line[0].len);
	if (last == NULL || state == NULL || ascii_find(last->s, last->len, "no error") != NULL || open == NULL || close <= open + 1)
		return i;
	join(p, open + 1, (size_t)(close - open) - 1);
	join_words(p, ":");
	join(p, state->s + 7 < state->s + state->len ? state->s + 7 : state->s, state->len > 7 ? state->len - 7 : 0);
	join_words(p, ",");
	join(p, last->s + 12 < last->s + last->len ? last->s + 12 : last->s, last->len > 12 ? last->len - 12 : 0);
	return i;
}

/* Event viewer, "Copy details as text": what stands below Description, where the level is no information. */
static unsigned event_details(const struct block *b, struct pasted *p)
{
	bool error = false, event = false;
	unsigned i = 0;

	if (!starts(&b->line[0], "log name:") && !starts(&b->line[0], "event id:") && !starts(&b->line[0], "source:"))
		return 0;
	for (; i < b->n && !starts(&b->line[i], "description:"); i++) {
		event = event || starts(&b->line[i], "event id:");
		if (starts(&b->line[i], "level:"))
			error = ascii_find(b->line[i].s, b->line[i].len, "error") != NULL ||
			    ascii_find(b->line[i].s, b->line[i].len, "critical") != NULL;
	}
	if (i == b->n || !event)
		return 0;
	if (b->line[i].len > 13)
		join(p, b->line[i].s + 13, b->line[i].len - 13);
	for (i++; i < b->n && b->line[i].len > 0 && !starts(&b->line[i], "event xml") && !starts(&b->line[i], "operation:"); i++)
		join(p, b->line[i].s, b->line[i].len);
	if (!error)
		p->len = 0;
	return i;
}

/* A line that its next one completes: "System error 53 has occurred.", "Msg 18456, Level 14, State 1". */
static unsigned two_lines(const struct block *b, struct pasted *p)
{
	const struct line *l = &b->line[0];
	unsigned i = 1;

	if (!(starts(l, "system error ") && ascii_find(l->s, l->len, "has occurred") != NULL) &&
	    !(starts(l, "msg ") && ascii_find(l->s, l->len, ", level ") != NULL))
		return 0;
	while (i < b->n && i < 3 && b->line[i].len == 0)
		i++;
	join(p, l->s, l->len);
	if (i < b->n && b->line[i].len > 0 && !prose_is_personal(b->line[i].s, b->line[i].len))
		join(p, b->line[i].s, b->line[i].len);
	return i < b->n ? i + 1 : i;
}

/* ORA-19502: …, RMAN-03009: … */
static unsigned oracle(const struct block *b, struct pasted *p)
{
	static const char *const names[] = {"ORA-", "RMAN-", "TNS-", "SP2-", "SBT-"};
	const struct line *l = &b->line[0];

	for (size_t k = 0; k < ASCII_COUNT(names); k++) {
		size_t n, i;

		if (l->len == 0 || l->s[0] != names[k][0])
			continue;
		n = i = strlen(names[k]);
		if (l->len < n || memcmp(l->s, names[k], n) != 0)
			continue;
		while (i < l->len && ascii_digit(l->s[i]))
			i++;
		if (i < n + 4 || i + 2 >= l->len || l->s[i] != ':')
			return 0;
		/* RMAN's frame around its stack. */
		if (ascii_find(l->s, l->len, "====") == NULL && ascii_find(l->s, l->len, "error message stack follows") == NULL)
			join(p, l->s, l->len);
		return 1;
	}
	return 0;
}

/* `mount.nfs: Connection timed out`: a program's name, and at the end what the system said. */
static unsigned unix_tool(const struct block *b, struct pasted *p)
{
	static const char *const ends[] = {"permission denied", "no such file or directory", "connection refused", "connection timed out",
	    "operation not permitted", "no space left on device", "command not found", "input/output error", "device or resource busy",
	    "read-only file system", "broken pipe", "host is down", "no route to host", "name or service not known",
	    "stale file handle", "network is unreachable", "connection reset by peer", "cannot allocate memory", "exec format error",
	    "host key verification failed.", "permission denied (publickey)."};
	const struct line *l = &b->line[0];
	const char *colon = memchr(l->s, ':', l->len < 200 ? l->len : 200);

	if (colon == NULL || colon == l->s || ascii_digit(l->s[0]) || (prose_words(l->s, (size_t)(colon - l->s)) > 1 && colon[-1] != ')'))
		return 0;
	if (ascii_is(l->s, (size_t)(colon - l->s), "error") || ascii_is(l->s, (size_t)(colon - l->s), "failed"))
		return 0;
	for (size_t i = 0; i < ASCII_COUNT(ends); i++) {
		size_t n = strlen(ends[i]);

		if (!ascii_ends(l->s, l->len, ends[i]) || l->len <= n + 2 || memcmp(l->s + l->len - n - 2, ": ", 2) != 0)
			continue;
		if (prose_is_personal(l->s, l->len))
			return 0;
		join(p, l->s, l->len);
		return 1;
	}
	return 0;
}

/* ---- exceptions ---- */

/* `ValueError: text` at the end of a Python traceback. */
static bool python_end(const struct line *l, struct pasted *p)
{
	size_t n = 0;

	while (n < l->len && (ascii_alnum(l->s[n]) || strchr("._", l->s[n]) != NULL))
		n++;
	if (n < 4 || (n < l->len && l->s[n] != ':') || !ascii_alpha(l->s[0]))
		return false;
	p->exception = l->s;
	p->exception_len = n;
	if (n + 2 < l->len)
		join(p, l->s + n + 2, l->len - n - 2);
	else
		join(p, l->s, n);
	return true;
}

/* `System.IO.IOException: text`, also behind "Unhandled exception:" and "--->". */
static unsigned exception(const char *s, const struct block *b, bool *traceback, struct pasted *p)
{
	struct line l = b->line[0];
	static const char *const before[] = {"unhandled exception:", "unhandled exception.", "---> ", "caused by: ", "exception in thread",
	    "fatal: ", "error: "};

	if (ascii_starts(l.s, l.len, "traceback (most recent")) {
		*traceback = true;
		return 1;
	}
	if (*traceback) {
		if (ascii_blank(s[0]) || starts(&l, "file \""))
			return 1;
		*traceback = false;
		return python_end(&l, p) ? 1 : 0;
	}
	for (size_t i = 0; i < ASCII_COUNT(before); i++)
		if (starts(&l, before[i])) {
			l.s += strlen(before[i]);
			l.len -= strlen(before[i]);
			ascii_trim(&l.s, &l.len);
		}
	if (l.len > 2 && l.s[0] == '"' && memchr(l.s + 1, '"', l.len - 1) != NULL) { /* the thread's name */
		const char *name = memchr(l.s + 1, '"', l.len - 1);

		l.len -= (size_t)(name + 1 - l.s);
		l.s = name + 1;
		ascii_trim(&l.s, &l.len);
	}
	if (l.len == 0 || !ascii_alpha(l.s[0]) || !log_line_exception(&l.s, &l.len, &p->exception, &p->exception_len) ||
	    l.s < p->exception || p->exception_len <= strlen("exception"))
		return 0;
	join(p, l.len > 0 ? l.s : p->exception, l.len > 0 ? l.len : p->exception_len);
	return 1;
}

/* Blocks of more than one line begin so; every message of PowerShell may, where there are any. */
static bool wants_more(const struct line *l, bool powershell_seen)
{
	static const char *const begins[] = {"writer name:", "log name:", "source:", "event id:", "system error ", "msg ",
	    "[window title]", "[main instruction]", "[content]"};

	return powershell_seen || is_dashes(l) || ascii_starts_any(l->s, l->len, begins, ASCII_COUNT(begins));
}

unsigned pasted_block(const char *s, const char *end, struct pasted_state *state, struct pasted *p)
{
	struct block b;
	unsigned n;

	p->len = 0;
	p->exception = p->component = NULL;
	p->exception_len = p->component_len = 0;
	read_ahead(&b, s, end, 1);
	if (b.n == 0 || (b.line[0].len == 0 && !state->traceback))
		return 0;
	if ((n = exception(s, &b, &state->traceback, p)) > 0 || (n = oracle(&b, p)) > 0)
		return n;
	if (wants_more(&b.line[0], state->powershell)) {
		read_ahead(&b, s, end, PASTED_AHEAD);
		if ((n = message_box(&b, p)) > 0 || (n = task_dialogue(&b, p)) > 0 || (n = powershell(&b, p)) > 0 ||
		    (n = vss_writer(&b, p)) > 0 || (n = event_details(&b, p)) > 0 || (n = two_lines(&b, p)) > 0)
			return n;
	}
	return unix_tool(&b, p);
}

/*
 * quotes_quoted.c - which lines are quoted, from marks, separators, attributions, header blocks and what HTML said. Runs in
 * the parser worker; every line is looked at a bounded number of times.
 */
#include <string.h>

#include "ascii.h"
#include "quotes_private.h"
#include "word_list.h"

#define NEAR_LINES 12     /* how far a shell session or diff may show itself from its '>' lines */
#define WRAPPED_FROM 66   /* a quoted line this long may have lost its end to the next line */
#define REMNANT_MAX 40
#define WRAPPED_AT 76   /* what would have been longer with the next word, was wrapped */

static bool has(const struct split *sp, size_t i, unsigned flag)
{
	return i < sp->n && (sp->lines[i].flags & flag) != 0;
}

static bool is_marked(const struct split *sp, size_t i)
{
	return i < sp->n && (sp->lines[i].depth > 0 || has(sp, i, FLAG(MARK_QUOTE)));
}

static void set_quoted(struct split *sp, size_t from, size_t to)
{
	for (size_t i = from; i < to && i < sp->n; i++)
		sp->lines[i].part = QUOTED;
}

/* Whatever follows is the content of a forwarded message. */
static void set_forwarded(struct split *sp, size_t from)
{
	for (size_t i = from; i < sp->n; i++)
		sp->lines[i].forwarded = true;
}

/* ---- lines that begin with '>' ---- */

static bool is_command(const char *s, size_t n)
{
	static const char *const words[] = {"get-", "set-", "add-", "new-", "remove-", "import-", "connect-",
		"disconnect-", "start-", "stop-", "restart-", "test-", "invoke-", "sudo ", "vssadmin ", "diskshadow",
		"netstat ", "ipconfig", "systemctl ", "cd ", "dir ", "ls ", "cat ", "grep ", "ping ", "net stop ",
		"net start ", "sc query", "esxcli ", "nslookup ", "telnet ", "apt ", "select ", "docker ", "npm ",
		"curl ", NULL};

	char folded[16];
	size_t k = n < sizeof folded ? n : sizeof folded;

	for (size_t i = 0; i < k; i++)
		folded[i] = ascii_fold(s[i]);
	return word_list_starts(folded, k, words) > 0;
}

/* The line above ends in, or is, a shell's prompt, so that '>' continues its command. */
static bool is_prompt(const struct line *l)
{
	static const char *const shells[] = {"]# ", "]$ ", ":~] ", "root@", "~$ ", "~# ", ":/# ", "mysql> ", "sql> ", NULL};
	const char *gt = memchr(l->s, '>', l->len);

	if (word_list_within(l->f, l->flen < 60 ? l->flen : 60, shells) || ascii_starts(l->f, l->flen, "$ "))
		return true;
	return gt != NULL && (ascii_starts(l->s, l->len, "ps ") ||
	    (l->len > 2 && ascii_alpha(l->s[0]) && l->s[1] == ':' && l->s[2] == '\\'));
}

/* Of a diff, a protocol trace: lines that begin with '<' beside those with '>'. */
static bool is_other_side(const struct line *l)
{
	return (l->len > 2 && l->s[0] == '<' && (l->s[1] == ' ' || l->s[1] == '<')) || ascii_starts(l->s, l->len, "--- ");
}

static bool session_near(const struct split *sp, size_t from, size_t to)
{
	for (size_t i = from, k = 0; i > 0 && k < NEAR_LINES && !sp->lines[i].gap; i--, k++)
		if (is_other_side(&sp->lines[i - 1]))
			return true;
	for (size_t i = to, k = 0; i < sp->n && k < NEAR_LINES && !sp->lines[i].gap; i++, k++)
		if (is_other_side(&sp->lines[i]))
			return true;
	return from > 0 && is_prompt(&sp->lines[from - 1]) && !sp->lines[from].gap;
}

/* What stands behind the marks. */
static const char *behind_marks(const struct line *l, size_t *n)
{
	const char *s = l->s, *end = l->s + l->len;

	while (s < end && (*s == '>' || *s == ' '))
		s++;
	*n = (size_t)(end - s);
	return s;
}

/* Are the lines a shell's, an interpreter's or a diff's? [from, to) all have marks. */
static bool is_session(const struct split *sp, size_t from, size_t to)
{
	bool all_three = true, all_commands = true, text = false, arrows = false, tags;

	for (size_t i = from; i < to; i++) {
		size_t n;
		const char *s = behind_marks(&sp->lines[i], &n);

		all_three &= sp->lines[i].depth == 3;
		all_commands &= is_command(s, n) || line_technical(&sp->lines[i]);
		arrows |= is_command(s, n);
		text |= n > 0;
	}
	/* The '>' of a tag on a line of its own. */
	tags = !text && from > 0 && !sp->lines[from].gap &&
		   memchr(sp->lines[from - 1].s, '<', sp->lines[from - 1].len) != NULL && to < sp->n &&
		   sp->lines[to].s[0] == '<';
	return tags || (all_three && text) || (all_commands && arrows) || session_near(sp, from, to) ||
	    (to - from == 1 && memmem(sp->lines[from].s, sp->lines[from].len, "<<<", 3) != NULL);
}

/* Marks the lines before a quote that say whose it is; the longest attribution counts. */
static bool mark_attribution_above(struct split *sp, size_t quote)
{
	size_t most = 0, count = 0;

	while (most < ATTRIBUTION_LINES && most < quote && sp->lines[quote - most - 1].part == NEW &&
	    (most == 0 || !sp->lines[quote - most].gap))
		most++;
	for (; most > 0; most--)
		if (quotes_attribution(sp, quote - most, &count) != ATTRIBUTION_NONE && count == most) {
			size_t from = quote - most;

			if (from > 0 && sp->lines[from - 1].part == NEW && line_original(&sp->lines[from - 1]))
				from--;
			set_quoted(sp, from, quote);
			return true;
		}
	if (quote > 0 && sp->lines[quote - 1].part == NEW && (line_original(&sp->lines[quote - 1]) ||
	    (has(sp, quote, FLAG(MARK_QUOTE)) && line_rule(&sp->lines[quote - 1]))))
		set_quoted(sp, quote - 1, quote);
	return false;
}

/* A web address was begun and not closed: its end stands on the next line. */
static bool opens_link(const struct line *l)
{
	const char *s = l->s, *end = l->s + l->len;
	bool open = false;

	for (; s < end; s++)
		if ((*s == '<' || *s == '(') && ascii_starts(s + 1, (size_t)(end - s - 1), "http"))
			open = true;
		else if (*s == '>' || *s == ')')
			open = false;
	return open;
}

/* A web address that a mail program broke off the quoted line above, or put beside it, without its mark. */
static bool is_link_remnant(const struct line *l, const struct line *above)
{
	bool closed = l->s[l->len - 1] == ')' || l->s[l->len - 1] == '>';

	return closed && ((opens_link(above) && memchr(l->f, ' ', l->flen) == NULL) ||
	    ascii_starts(l->f, l->flen, "(http") || ascii_starts(l->f, l->flen, "<http"));
}

/* The end of a long quoted line, which a mail program wrapped without its mark. */
static bool is_remnant(const struct split *sp, size_t i)
{
	const struct line *l = &sp->lines[i], *above = &sp->lines[i - 1];

	const char *blank = memchr(l->s, ' ', l->len);
	size_t word = blank != NULL ? (size_t)(blank - l->s) : l->len;

	if (!l->gap && is_marked(sp, i + 1) && !sp->lines[i + 1].gap && is_link_remnant(l, above))
		return true;
	return !l->gap && above->len >= WRAPPED_FROM &&
		   (l->len <= REMNANT_MAX || (l->len <= WRAPPED_AT && above->len + word >= WRAPPED_AT)) && is_marked(sp, i + 1) &&
		   !sp->lines[i + 1].gap && (ascii_lower(l->s[0]) || ascii_digit(l->s[0]) || (unsigned char)l->s[0] >= 0xc3) &&
		   strchr(".?!:", above->s[above->len - 1]) == NULL;
}

/* "Open the console", "> Backup Infrastructure", "> Rescan", "and it hangs": the only marks of the text, within a sentence. */
static bool is_prose(const struct split *sp, size_t from, size_t to)
{
	if (from == 0 || to >= sp->n || sp->lines[from].gap || sp->lines[to].gap || sp->lines[to].f[0] == '-' ||
	    strchr(".,:;!?)>*-", line_last(&sp->lines[from - 1])) != NULL || sp->lines[from - 1].part != NEW)
		return false;
	for (size_t i = 0; i < sp->n; i++)
		if (i < from || i >= to ? is_marked(sp, i) : sp->lines[i].depth != 1 || sp->lines[i].gap || line_last(&sp->lines[i]) == '?')
			return false;
	return true;
}

static size_t mark_marked(struct split *sp, size_t from)
{
	size_t to = from;

	if (from > 0 && !sp->lines[from].gap && sp->lines[from - 1].depth == 0 && opens_link(&sp->lines[from - 1]))
		return from + 1;
	while (to < sp->n && sp->lines[to].depth > 0 && !sp->lines[to].code)
		to++;
	if (!has(sp, from, FLAG(MARK_QUOTE)) && is_session(sp, from, to)) {
		size_t count;

		if (from == 0 || quotes_attribution(sp, from - 1, &count) == ATTRIBUTION_NONE)
			return to;
	}
	if (!mark_attribution_above(sp, from) && is_prose(sp, from, to))
		return to;
	set_quoted(sp, from, to);
	if (to < sp->n && is_remnant(sp, to)) {
		set_quoted(sp, to, to + 1);
		to++;
	}
	return to;
}

/* ---- what HTML said ---- */

static size_t end_of(const struct split *sp, size_t i, unsigned flag)
{
	while (has(sp, i, flag))
		i++;
	return i;
}

/* A program that puts every answer into such an element: nothing but it was written. */
static bool is_all(const struct split *sp, size_t from, size_t to)
{
	size_t count;

	for (size_t i = from; i < to; i++)
		if (sp->lines[i].depth > 0 || line_original(&sp->lines[i]) ||
			quotes_attribution(sp, i, &count) != ATTRIBUTION_NONE || quotes_header_block(sp, i, false) > 0)
			return false;
	return from == 0 && to == sp->n;
}

/* All lines of a quote's element; they may hold anything. */
static size_t mark_element(struct split *sp, size_t i, unsigned flag)
{
	size_t to = end_of(sp, i, flag);

	if (is_all(sp, i, to))
		return to;
	mark_attribution_above(sp, i);
	set_quoted(sp, i, to);
	return to;
}

/* A container without quotes inside is one itself. */
static bool is_bare_container(const struct split *sp, size_t i)
{
	if (!has(sp, i, FLAG(MARK_CONTAINER)) || (i > 0 && has(sp, i - 1, FLAG(MARK_CONTAINER))))
		return false;
	for (; has(sp, i, FLAG(MARK_CONTAINER)); i++)
		if (is_marked(sp, i))
			return false;
	return true;
}

/* ---- from here on all is quoted ---- */

/* Lines that begin the message which is answered, 0 where it does not begin at i. */
static size_t intro(const struct split *sp, size_t i)
{
	const struct line *l = &sp->lines[i];
	size_t count = 0, n, a, b;

	if (line_original(l)) {
		count = quotes_header_block(sp, i + 1, true);
		if (count == 0 && i + 1 < sp->n && quotes_attribution(sp, i + 1, &count) == ATTRIBUTION_NONE)
			count = 0;
		return 1 + count;
	}
	if (line_rule(l) && i + 1 < sp->n) {
		if ((count = quotes_header_block(sp, i + 1, false)) > 0)
			return 1 + count;
		if (has(sp, i + 1, FLAG(MARK_HEADER) | FLAG(MARK_HEADER_SURE)) &&
			(count = quotes_header_block(sp, i + 1, true)) > 0)
			return 1 + count;
		if (has(sp, i + 1, FLAG(MARK_HEADER_SURE)))
			return 2;
		if ((count = quotes_header_block(sp, i + 1, true)) > 0 && is_marked(sp, i + 1 + count))
			return 1 + count;
		return quotes_attribution(sp, i + 1, &count) == ATTRIBUTION_LONE ? 1 + count : 0;
	}
	if (line_undashed(l, &n, &a, &b) != NULL && n == 0 && a >= 3 && (count = quotes_header_block(sp, i + 1, false)) > 0)
		return 1 + count;
	if ((count = quotes_notes_block(sp, i)) > 0)
		return count;
	if (has(sp, i, FLAG(MARK_HEADER) | FLAG(MARK_HEADER_SURE)) && (count = quotes_header_block(sp, i, true)) > 0)
		return count;
	if (has(sp, i, FLAG(MARK_HEADER_SURE)))
		return 1;
	if ((count = quotes_header_block(sp, i, false)) > 0)
		return count;
	return 0;
}

/* An attribution above unmarked text, which then is the quote; above marked text it is found from there. */
static size_t lone_attribution(const struct split *sp, size_t i)
{
	enum attribution a;
	size_t count, next;

	a = quotes_attribution(sp, i, &count);
	if (a == ATTRIBUTION_DATED && i + count == sp->n)
		return count;
	if (a != ATTRIBUTION_LONE)
		return 0;
	next = i + count;
	if (next < sp->n && !is_marked(sp, next) && line_technical(&sp->lines[next]) &&
		memchr(sp->lines[i].f, '@', sp->lines[i].flen) == NULL)
		return 0;
	return count;
}

/* Marks an intro and, unless the quote is marked line by line, all that follows. */
static size_t mark_rest(struct split *sp, size_t i, size_t count)
{
	size_t next = i + count;

	if (is_marked(sp, next)) {
		set_quoted(sp, i, next);
		return next;
	}
	set_quoted(sp, i, sp->n);
	return sp->n;
}

static bool begins_forwarded(const struct split *sp, size_t i)
{
	const struct line *l = &sp->lines[i];

	return line_forwarded(l) || has(sp, i, FLAG(MARK_FORWARD)) ||
	    (sp->forward && (intro(sp, i) > 0 || lone_attribution(sp, i) > 0));
}

void quotes_mark_quoted(struct split *sp)
{
	size_t count;

	for (size_t i = 0; i < sp->n;) {
		struct line *l = &sp->lines[i];

		if (l->code && !has(sp, i, FLAG(MARK_QUOTE))) {
			i++;
		} else if (begins_forwarded(sp, i)) {
			set_forwarded(sp, i);
			return;
		} else if (has(sp, i, FLAG(MARK_QUOTE))) {
			i = mark_element(sp, i, FLAG(MARK_QUOTE));
		} else if (has(sp, i, FLAG(MARK_ATTRIBUTION))) {
			i = mark_element(sp, i, FLAG(MARK_ATTRIBUTION));
		} else if (l->depth == 3 && quotes_groupwise(l)) {
			i = mark_rest(sp, i, 1);
		} else if (l->depth > 0) {
			i = mark_marked(sp, i);
		} else if (is_bare_container(sp, i)) {
			i = mark_element(sp, i, FLAG(MARK_CONTAINER));
		} else if ((count = intro(sp, i)) > 0 || (count = lone_attribution(sp, i)) > 0) {
			i = mark_rest(sp, i, count);
		} else {
			i++;
		}
	}
}

/*
 * fields_commands.c - parser worker; text of a mail. `#word` lines: known ones with a fitting argument are commands, all
 * others stay text. Called by fields.c. Pure.
 */
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "ascii.h"
#include "err.h"
#include "fields_private.h"
#include "oneline.h"

#define COMMANDS_MAX 50
#define WORD_MAX 40

/* Name and argument of the line behind its #; arguments are borrowed. False: no command of ours, or a wrong argument. */
static bool parse_command(const char *s, size_t len, const char **name, const char **arg, size_t *arg_len)
{
	static const struct {
		const char *words, *name;
		enum { NOTHING, TEXT, SEVERITY, ADDRESS } takes;
	} known[] = {{"severity", "severity", SEVERITY}, {"customer add", "customer.add", ADDRESS},
	    {"customer confirm", "customer.confirm", ADDRESS}, {"customer remove", "customer.remove", ADDRESS},
	    {"close", "close", NOTHING}, {"note", "note", TEXT}, {"public", "public", NOTHING}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t n = strlen(known[i].words);
		struct addr address;
		const char *why;

		if (!ascii_starts(s, len, known[i].words) || (n < len && !ascii_blank(s[n])))
			continue;
		*name = known[i].name;
		*arg = s + n;
		*arg_len = len - n;
		ascii_trim(arg, arg_len);
		if (known[i].takes == NOTHING)
			return *arg_len == 0;
		if (known[i].takes == SEVERITY)
			return *arg_len == 1 && fields_severity(*arg, 1) > 0;
		if (known[i].takes == TEXT)
			return true;
		if (*arg_len > 2 && (*arg)[0] == '<' && (*arg)[*arg_len - 1] == '>') {
			(*arg)++;
			*arg_len -= 2;
		}
		return addr_parse(&address, *arg, *arg_len, 0, &why) == VG_OK;
	}
	return false;
}

/* `#word` as the first thing of the line; a heading (`# text`), a number (`#12`) is none. */
static size_t hash_word(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && i < WORD_MAX && (ascii_alpha(s[i]) || s[i] == '-'))
		i++;
	return i > 0 && ascii_alpha(s[0]) && (i == len || ascii_blank(s[i])) ? i : 0;
}

static int append_command(json_t *commands, const char *name, const char *arg, size_t arg_len)
{
	char *clean = oneline_dup(arg, arg_len, 998);
	json_t *c = clean != NULL ? json_pack("{s:s, s:s}", "name", name, "argument", clean) : NULL;

	free(clean);
	return c != NULL && json_array_append_new(commands, c) == 0 ? VG_OK : VG_ERR_MEMORY;
}

int fields_commands(json_t *commands, json_t *unknown, const char *body, size_t len)
{
	const char *line, *end = body + len, *name, *arg;
	size_t n, arg_len, word;
	int rc = VG_OK;

	if (memchr(body, '#', len) == NULL)
		return VG_OK;
	while (rc == VG_OK && ascii_line(&body, end, &line, &n)) {
		ascii_trim(&line, &n);
		if (n < 2 || line[0] != '#' || (word = hash_word(line + 1, n - 1)) == 0)
			continue;
		if (parse_command(line + 1, n - 1, &name, &arg, &arg_len)) {
			if (json_array_size(commands) < COMMANDS_MAX)
				rc = append_command(commands, name, arg, arg_len);
		} else if (json_array_size(unknown) < COMMANDS_MAX) {
			rc = json_array_append_new(unknown, json_stringn(line, word + 1)) == 0 ? VG_OK : VG_ERR_MEMORY;
		}
	}
	return rc;
}

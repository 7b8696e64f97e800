/*
 * commands.c - the authority table of mail commands, and the plan that follows from a mail's commands. Called in the writer
 * thread of the queue process over a checked message object; what it says is only what a sender wrote. Pure.
 */
#include "commands.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "err.h"

#define BIT(role) (1u << (role))
#define LINES_MAX 2000u
#define WORD_MAX 40u

/* P7 in the words that the asker gets. */
#define CASE_ADMIN_TEXT "Case administrators are set in the registry by the programme's operator, never by mail; " \
	"a customer cannot be one."

static const struct {
	const char *name;
	enum command_id id;
	unsigned roles;
} table[] = {
	{ "severity", COMMAND_SEVERITY, BIT(PART_CONTACT) | BIT(PART_AGENT) },
	{ "customer.add", COMMAND_ADD, BIT(PART_CONTACT) | BIT(PART_AGENT) }, /* an agent's only asks (T1) */
	{ "customer.confirm", COMMAND_CONFIRM, BIT(PART_CONTACT) },
	{ "customer.remove", COMMAND_REMOVE, BIT(PART_CONTACT) | BIT(PART_AGENT) },
	{ "close", COMMAND_CLOSE, BIT(PART_CONTACT) | BIT(PART_AGENT) },
	{ "note", COMMAND_NOTE, BIT(PART_CONTACT) | BIT(PART_AGENT) },
	{ "public", COMMAND_PUBLIC, BIT(PART_CONTACT) | BIT(PART_AGENT) },
};
#define TABLE_N (sizeof(table) / sizeof(table[0]))

enum command_id
command_of(const char *name)
{
	for (size_t i = 0; i < TABLE_N; i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].id;
	return COMMAND_NONE;
}

bool
command_allowed(enum command_id id, enum participant_role role)
{
	for (size_t i = 0; i < TABLE_N; i++)
		if (table[i].id == id)
			return (table[i].roles & BIT(role)) != 0;
	return false;
}

bool
command_field_allowed(const char *field, enum participant_role role)
{
	(void)field; /* all alike: what a mail states about its ticket counts from whoever may open one */
	return role == PART_CONTACT || role == PART_HOLDER || role == PART_AGENT;
}

__attribute__((format(printf, 3, 4))) static void
problem(struct command_plan *out, const char *code, const char *fmt, ...)
{
	struct command_problem *p;
	va_list ap;

	if (out->n_problems == COMMANDS_PROBLEMS)
		return;
	p = &out->problems[out->n_problems++];
	p->code = code;
	va_start(ap, fmt);
	vsnprintf(p->detail, sizeof(p->detail), fmt, ap);
	va_end(ap);
}

static void
plan_customer(struct command_plan *out, enum command_id id, const char *argument)
{
	struct command_customer *c = &out->customers[out->n_customers];
	struct addr a;
	const char *why;

	if (addr_parse(&a, argument, strlen(argument), 0, &why) != VG_OK) {
		problem(out, "command.refused", "#customer: %.100s", why);
		return;
	}
	if (out->n_customers == COMMANDS_CUSTOMERS)
		return;
	out->n_customers++;
	c->what = id == COMMAND_ADD ? PEOPLE_ADD : id == COMMAND_CONFIRM ? PEOPLE_CONFIRM : PEOPLE_REMOVE;
	snprintf(c->address, sizeof(c->address), "%s", a.normal);
	snprintf(c->shown, sizeof(c->shown), "%s", a.shown);
}

static void
plan_one(struct command_plan *out, enum command_id id, const char *argument)
{
	switch (id) {
	case COMMAND_SEVERITY:
		if (argument[0] >= '1' && argument[0] <= '4' && argument[1] == '\0')
			out->severity = (unsigned)(argument[0] - '0');
		else
			problem(out, "command.refused", "#severity: 1, 2, 3 or 4 is wanted");
		break;
	case COMMAND_ADD:
	case COMMAND_CONFIRM:
	case COMMAND_REMOVE:
		plan_customer(out, id, argument);
		break;
	case COMMAND_CLOSE:
		out->close = true;
		break;
	case COMMAND_NOTE:
		out->note = true;
		break;
	case COMMAND_PUBLIC:
		out->open = true;
		break;
	case COMMAND_NONE:
		break;
	}
}

/* ---- `#word` lines that are no commands ---- */

static bool
word_is(const char *word, size_t n, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strlen(*list) == n && strncasecmp(word, *list, n) == 0)
			return true;
	return false;
}

/* One line behind its '#': the parser takes those of known form out as commands; what is left is told to the sender. */
static void
look_at_word(struct command_plan *out, const char *word, size_t n)
{
	static const char *const known[] = { "severity", "customer", "close", "note", "public", NULL };
	static const char *const admin[] = { "case-admin", "caseadmin", "case-administrator", "admin", "administrator", NULL };

	if (word_is(word, n, admin))
		problem(out, "command.case-admin", "%s", CASE_ADMIN_TEXT);
	else if (!word_is(word, n, known))
		problem(out, "command.unknown", "#%.*s", (int)n, word);
}

static void
look_for_unknown(struct command_plan *out, const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-";

	for (unsigned line = 0; line < LINES_MAX && *text != '\0'; line++) {
		const char *p = text + strspn(text, " \t");
		size_t n = *p == '#' ? strspn(p + 1, letters) : 0;

		if (n > 0 && n <= WORD_MAX && p[1] != '-' && strchr(" \t\n", p[1 + n]) != NULL)
			look_at_word(out, p + 1, n);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
}

/* ---- the whole ---- */

void
commands_plan(struct command_plan *out, const json_t *commands, const char *text, enum participant_role role, bool trusted)
{
	json_t *one;
	size_t i;

	memset(out, 0, sizeof(*out));
	if (role == PART_CUSTOMER)
		return;
	json_array_foreach(commands, i, one)
	{
		const char *name = json_string_value(json_object_get(one, "name"));
		const char *argument = json_string_value(json_object_get(one, "argument"));
		enum command_id id = name != NULL ? command_of(name) : COMMAND_NONE;

		if (name == NULL)
			continue;
		if (strstr(name, "admin") != NULL)
			problem(out, "command.case-admin", "%s", CASE_ADMIN_TEXT);
		else if (id == COMMAND_NONE)
			problem(out, "command.unknown", "%.60s", name);
		else if (!trusted || !command_allowed(id, role))
			problem(out, "command.refused", "%s is not for a sender in this role", name);
		else
			plan_one(out, id, argument != NULL ? argument : "");
	}
	if (trusted && text != NULL && (role == PART_CONTACT || role == PART_AGENT))
		look_for_unknown(out, text);
}

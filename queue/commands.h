/*
 * commands.h - what the `#` lines of a mail shall do: who may command what (POLICY "Mail commands", T6, P7). Pure; what
 * `#customer` lines lead to is judged by people.h.
 */
#ifndef VG_COMMANDS_H
#define VG_COMMANDS_H

#include <jansson.h>
#include <stdbool.h>

#include "addr.h"
#include "people.h"

#define COMMANDS_CUSTOMERS 50u
#define COMMANDS_PROBLEMS 50u
#define COMMANDS_DETAIL 300u

struct command_customer {
	enum people_command what;
	char address[ADDR_MAX + 1]; /* normal form */
	char shown[ADDR_MAX + 1];
};

struct command_problem {
	const char *code; /* "command.unknown", "command.refused", "command.case-admin" */
	char detail[COMMANDS_DETAIL];
};

struct command_plan {
	unsigned severity;            /* 1 to 4; 0: none asked for */
	bool close, note, open;       /* open: `#public` */
	struct command_customer customers[COMMANDS_CUSTOMERS]; /* in the order of the mail */
	unsigned n_customers;
	struct command_problem problems[COMMANDS_PROBLEMS];
	unsigned n_problems;
};

enum command_id { COMMAND_NONE, COMMAND_SEVERITY, COMMAND_ADD, COMMAND_CONFIRM, COMMAND_REMOVE, COMMAND_CLOSE, COMMAND_NOTE,
	COMMAND_PUBLIC };
/* The command of a name as the message object has it ("customer.add"). */
enum command_id command_of(const char *name);
/* The authority table: may somebody in this role, authenticated, command it? */
bool command_allowed(enum command_id id, enum participant_role role);
/* May a pseudo field at the start of a mail ("severity", "reference", …) change the ticket? Only its opener's side. */
bool command_field_allowed(const char *field, enum participant_role role);

/* Turns the message object's `commands` (JSON array) and the newly written text into what shall happen. A customer's are
 * text: nothing happens, nothing is told (T6). trusted: authenticated and not automatic; else every command is refused. */
void commands_plan(struct command_plan *out, const json_t *commands, const char *text, enum participant_role role,
    bool trusted);

#endif

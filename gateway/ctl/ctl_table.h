/*
 * ctl_table.h - every command of the tool that is a request to the daemon, as data: method, path, options, how its
 * answer is printed. The help texts are made from it.
 */
#ifndef VG_CTL_TABLE_H
#define VG_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl_hook.h"

enum ctl_where {
	IN_BODY,       /* a string member of the JSON body */
	IN_BODY_LIST,  /* repeatable: an array member */
	IN_BODY_FLAG,  /* no value: true */
	IN_BODY_FILE,  /* the text of a file (- for standard input) without its last line end, as a string member */
	IN_BODY_INT,
	IN_QUERY,      /* a query parameter */
	IN_QUERY_LIST, /* repeatable query parameter */
	IN_QUERY_FLAG  /* no value: "true" */
};

struct ctl_option {
	const char *name;  /* "--id" without the dashes */
	enum ctl_where where;
	const char *key;   /* in JSON or query; NULL: the name with '-' as '_' */
	bool required;
	const char *value; /* placeholder, NULL for flags */
	const char *help;
};

/* What stands on the line without an option. */
enum ctl_operand {
	OPERAND_NONE,
	OPERAND_PATH,      /* one, put into the path's {} */
	OPERAND_PATH_TWO,  /* two, put into the path's two {} */
	OPERAND_PATH_INTO, /* two: one for the path's {}, a number for "into" of the body */
	OPERAND_RECEIPTS,  /* one or more: "receipts" of the body */
	OPERAND_FILE       /* one file (or -): sent as it is */
};

enum ctl_print {
	PRINT_ONE,   /* a record, a line a member */
	PRINT_LIST,  /* items as a table of the columns */
	PRINT_NONE,  /* silence on success */
	PRINT_RAW,   /* the bytes as they come */
	PRINT_CASE,  /* one mail with its evidence (ctl_case.h) */
	PRINT_LINES  /* every item of every page, one JSON line each */
};

#define CTL_OPTIONS_MAX 14

struct ctl_command {
	const char *group, *verb; /* verb NULL: the group alone */
	const char *method, *path;
	enum ctl_operand operand;
	const char *operand_name;
	enum ctl_print print;
	const char *columns; /* PRINT_LIST: members, separated by blanks; a.b goes into objects */
	const char *help;
	struct ctl_option options[CTL_OPTIONS_MAX];
};

extern const struct ctl_command ctl_commands[];
extern const size_t ctl_n_commands;
/* What runs before a command's request, or instead of it; NULL: nothing. */
ctl_hook *ctl_hook_of(const struct ctl_command *cmd);

#endif

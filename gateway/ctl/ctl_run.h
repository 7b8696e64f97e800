/*
 * ctl_run.h - runs a command of the table: arguments, request, output, exit code.
 */
#ifndef VG_CTL_RUN_H
#define VG_CTL_RUN_H

#include <stdbool.h>
#include <stdio.h>

#include "ctl_table.h"

/* argv: what follows the command's words. Returns a sysexit. */
int ctl_run(const struct ctl_command *cmd, const char *socket, int argc, char **argv);
/* Help of one command, of one group (verb NULL), of all (group NULL). */
void ctl_help_command(FILE *f, const struct ctl_command *cmd);
void ctl_help(FILE *f, const char *group);
/* sysexit of an HTTP status of the API. */
int ctl_exit_of(long status);
/* Prints `vcspgate: WHAT: WHY` and returns code. */
int ctl_fail(int code, const char *what, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif

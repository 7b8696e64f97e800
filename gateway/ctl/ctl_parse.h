/*
 * ctl_parse.h - `vcspgate parse`: the parsers alone, in this process, no daemon.
 */
#ifndef VG_CTL_PARSE_H
#define VG_CTL_PARSE_H

#include <stdio.h>

/* argv: what follows "parse". Returns a sysexit. */
int ctl_parse(int argc, char **argv);
void ctl_parse_help(FILE *f);

#endif

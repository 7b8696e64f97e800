/*
 * ctl_print.h - answers for people: tables and records, control bytes made harmless for the terminal.
 */
#ifndef VG_CTL_PRINT_H
#define VG_CTL_PRINT_H

#include <jansson.h>
#include <stdio.h>

/* {"items":[…],"next":…} as a table of the columns ("a b.c"); says how to go on when there is more. */
void ctl_print_list(FILE *f, const json_t *list, const char *columns);
/* One record, a line a member, nested ones indented. */
void ctl_print_record(FILE *f, const json_t *record);
/* A text in one line: control bytes become '?', line ends and tabs blanks. */
void ctl_print_text(FILE *f, const char *s);
/* One line of a problem document: its detail, else its title. */
void ctl_print_problem(FILE *f, const json_t *problem);

#endif

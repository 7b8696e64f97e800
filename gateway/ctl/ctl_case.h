/*
 * ctl_case.h - one mail's case for people who are tired: what it is, why it was treated so, by which proofs, thread and
 * rules. All of it was written by senders or about them: no control byte reaches the terminal.
 */
#ifndef VG_CTL_CASE_H
#define VG_CTL_CASE_H

#include <jansson.h>
#include <stdio.h>

/* c: a held mail, a received message, an audit record, or the answer of explain. */
void ctl_print_case(FILE *f, const json_t *c);

#endif

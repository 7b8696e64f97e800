/*
 * fields.h - what the sender states in a fixed form: pseudo-header fields at the start of the body, #commands,
 * [Sev N] in the subject; beside them product, version and triage as recognised in prose. Pure, linear.
 * Whether a sender may give commands is not judged here.
 */
#ifndef VG_FIELDS_H
#define VG_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "log_scan.h"

struct fields {
	json_t *fields;   /* CONTRACT object; fields that are not there are left out; owned */
	json_t *commands; /* [{"name","argument"}], argument "" where there is none; owned */
	json_t *unknown;  /* ["#word", …]: looked like commands, stayed text; owned */
};

/* Reads subject (one line) and the newly written body text (LF), both UTF-8. facts: what logs say; may be NULL.
 * A stated field wins; then the logs (their version is exact), where they speak of the product that the prose names,
 * or it names none; then the prose. Every field is valid UTF-8 of one line, at most
 * 998 bytes (triage: lines joined by LF, at most 4,000); at most 50 commands. VG_ERR_MEMORY. */
int fields_read(struct fields *out, const char *subject, const char *body, size_t len, const struct log_facts *facts);
void fields_free(struct fields *f);

#endif

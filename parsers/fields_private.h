/*
 * fields_private.h - private to fields*.c.
 */
#ifndef VG_FIELDS_PRIVATE_H
#define VG_FIELDS_PRIVATE_H

#include <jansson.h>
#include <stddef.h>

#define TRIAGE_MAX 4000

/* Lines of a triage statement, joined by LF, cut at TRIAGE_MAX bytes. */
struct triage_text {
	char text[TRIAGE_MAX + 1];
	size_t len;
};

void triage_begin(struct triage_text *t);
void triage_add(struct triage_text *t, const char *line, size_t len);
/* Sets fields.triage where anything was said. VG_ERR_MEMORY. */
int triage_set(struct triage_text *t, json_t *fields);

/* Fills the two lists from lines that begin with #. VG_ERR_MEMORY. */
int fields_commands(json_t *commands, json_t *unknown, const char *body, size_t len);
/* Sets fields.triage from prose that names steps the sender has taken. VG_ERR_MEMORY. */
int fields_triage(json_t *fields, const char *body, size_t len);
/* Sets fields.severity_hint to the strongest words of urgency in subject or body, as written. VG_ERR_MEMORY. */
int fields_hint(json_t *fields, const char *subject, const char *body, size_t len);
/* 1-4 from "1", "Sev 2", "critical"; 0 for anything else. */
int fields_severity(const char *s, size_t len);

#endif

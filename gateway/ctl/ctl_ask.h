/*
 * ctl_ask.h - one request with a JSON answer, for commands that need several.
 */
#ifndef VG_CTL_ASK_H
#define VG_CTL_ASK_H

#include <jansson.h>
#include <stdio.h>

#include "ctl_http.h"

/* The HTTP status, 0 when the daemon is not there (it was said). *answer: owned by the caller, NULL where it is no JSON. body
 * may be NULL; to_file: takes the bytes of an answer below 400 instead. */
long ctl_ask(const char *socket, const char *method, const char *path, const struct ctl_body *body, json_t **answer,
    FILE *to_file);
/* The same with a JSON body. */
long ctl_ask_json(const char *socket, const char *method, const char *path, const json_t *body, json_t **answer);
/* Says why an answer of status >= 400 refuses, for the command `what`; its sysexit. */
int ctl_refused(const char *what, long status, const json_t *answer);

#endif

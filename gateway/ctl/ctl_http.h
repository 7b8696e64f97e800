/*
 * ctl_http.h - requests of the command-line tool to the daemon's local socket, over libcurl.
 */
#ifndef VG_CTL_HTTP_H
#define VG_CTL_HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "buf.h"

struct ctl_body {
	const char *text; /* NULL: none, or a file */
	size_t len;
	FILE *file;
	const char *content_type;
	bool progress;    /* show how much of the file went out */
};

/* Sends one request; the answer goes to out, or to to_file when that is not NULL and the status is below 400.
 * The HTTP status, or 0 when the daemon was not reached (*why says it). */
long ctl_http(const char *socket, const char *method, const char *path, const struct ctl_body *body, struct buf *out,
    FILE *to_file, const char **why);
/* Appends s percent-encoded for a path or query. */
int ctl_escape(struct buf *out, const char *s);

#endif

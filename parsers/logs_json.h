/*
 * logs_json.h - the error extractor alone over files (`vcspgate parse --logs`). No mail, no store.
 */
#ifndef VG_LOGS_JSON_H
#define VG_LOGS_JSON_H

#include <jansson.h>
#include <stddef.h>

#include "source.h"

struct logs_file {
	const char *name;   /* as the caller names it; the bare file name is used */
	struct source *src; /* seekable */
};

/* {"attachments":[…],"errors":[…]} as a new reference, attachments numbered a1, a2 …; NULL on no memory. */
json_t *logs_parse(const struct logs_file *files, size_t n);

#endif

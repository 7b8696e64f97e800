/*
 * mime_automatic.c - the header's fields for the one classifier of automatic mail. Runs in the parser worker and in
 * `vcspgate parse`; hostile input, pure.
 */
#include <string.h>

#include "automatic.h"
#include "mime_automatic.h"

struct cursor {
	const struct prescan *scan;
	size_t at;
};

static bool next(void *arg, struct automatic_field *out)
{
	struct cursor *c = arg;
	const char *name, *value;

	if (!prescan_next_field(c->scan, &c->at, &name, &value))
		return false;
	*out = (struct automatic_field){name, value, strlen(name), strlen(value)};
	return true;
}

const char *mime_automatic(const struct prescan *scan, const char *sender, const char *subject)
{
	struct cursor c = {.scan = scan};
	struct automatic_input in = {.next = next, .cursor = &c, .subject = subject, .sender = sender};
	struct automatic_result found;

	automatic_classify(&found, &in);
	return found.kind == AUTOMATIC_NONE ? NULL : automatic_name(found.kind);
}

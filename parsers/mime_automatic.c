/*
 * mime_automatic.c - GMime's fields for the one classifier of automatic mail. Runs in the parser worker and in
 * `vcspgate parse`; hostile input, pure.
 */
#include <string.h>

#include "automatic.h"
#include "mime_automatic.h"

/* GMime keeps Content-* with the root part, and all else with the message. */
struct cursor {
	GMimeHeaderList *lists[2];
	unsigned list;
	int at;
};

static bool next(void *arg, struct automatic_field *out)
{
	struct cursor *c = arg;

	while (c->list < 2) {
		GMimeHeaderList *l = c->lists[c->list];
		GMimeHeader *h = l != NULL && c->at < g_mime_header_list_get_count(l) ? g_mime_header_list_get_header_at(l, c->at) : NULL;
		const char *name, *value;

		c->at++;
		if (h == NULL) {
			c->list++;
			c->at = 0;
			continue;
		}
		name = g_mime_header_get_name(h);
		value = g_mime_header_get_raw_value(h);
		*out = (struct automatic_field){name, value != NULL ? value : "", strlen(name), value != NULL ? strlen(value) : 0};
		return true;
	}
	return false;
}

const char *mime_automatic(GMimeMessage *message, const char *sender, const char *subject)
{
	GMimeObject *root = g_mime_message_get_mime_part(message);
	struct cursor c = {.lists = {g_mime_object_get_header_list(GMIME_OBJECT(message)),
			       root != NULL ? g_mime_object_get_header_list(root) : NULL}};
	struct automatic_input in = {.next = next, .cursor = &c, .subject = subject, .sender = sender};
	struct automatic_result found;

	automatic_classify(&found, &in);
	return found.kind == AUTOMATIC_NONE ? NULL : automatic_name(found.kind);
}

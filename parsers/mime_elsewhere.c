/*
 * mime_elsewhere.c - the parameters of message/external-body and message/partial. Runs in the parser worker and in
 * `vcspgate parse`; hostile input, pure.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "mime_elsewhere.h"

/* Appends the printable part of a parameter; blanks are no part of an address (RFC 2017: the URL is folded by them). */
static size_t put(char out[MIME_PLACE_MAX], size_t n, const char *s)
{
	for (; s != NULL && *s != '\0' && n + 1 < MIME_PLACE_MAX; s++)
		if (*s > ' ' && *s < 0x7f)
			out[n++] = *s;
	out[n] = '\0';
	return n;
}

void mime_external_place(const struct mime_node *node, char out[MIME_PLACE_MAX])
{
	const char *type = mime_node_parameter(node, "access-type"), *url = mime_node_parameter(node, "url"), *directory = mime_node_parameter(node, "directory");
	size_t n = 0;

	out[0] = '\0';
	if (url != NULL) {
		put(out, 0, url);
		return;
	}
	if (type == NULL)
		return;
	if (g_ascii_strcasecmp(type, "mail-server") == 0) {
		n = put(out, n, "mailto:");
		put(out, n, mime_node_parameter(node, "server"));
		return;
	}
	n = put(out, n, g_ascii_strcasecmp(type, "anon-ftp") == 0 ? "ftp" : type);
	n = put(out, n, "://");
	n = put(out, n, mime_node_parameter(node, "site"));
	if (directory != NULL && directory[0] != '/')
		n = put(out, n, "/");
	n = put(out, n, directory);
	if (n > 0 && out[n - 1] != '/')
		n = put(out, n, "/");
	put(out, n, mime_node_parameter(node, "name"));
}

char *mime_external_name(const char *place)
{
	size_t n = strcspn(place, "?#"), from;

	for (from = n; from > 0 && place[from - 1] != '/';)
		from--;
	return from >= 3 && n > from && memchr(place + from, '.', n - from) != NULL ? g_strndup(place + from, n - from) : NULL;
}

void mime_partial_number(const struct mime_node *node, char out[MIME_PLACE_MAX])
{
	const char *number = mime_node_parameter(node, "number"), *total = mime_node_parameter(node, "total");
	unsigned long n = number != NULL ? strtoul(number, NULL, 10) : 0, of = total != NULL ? strtoul(total, NULL, 10) : 0;

	out[0] = '\0';
	if (n > 0 && of > 0)
		snprintf(out, MIME_PLACE_MAX, "%lu of %lu", n, of);
	else if (n > 0)
		snprintf(out, MIME_PLACE_MAX, "%lu", n);
}

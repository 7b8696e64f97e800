/*
 * mime_automatic.c - marks of automatic mail (RFC 3834, delivery reports, lists). Runs in the parser worker and in
 * `vcspgate parse`; hostile input, pure.
 */
#include <string.h>

#include "ascii.h"
#include "mime_automatic.h"

enum kind { NONE, BULK, GENERATED, REPLY, BOUNCE };

static const char *const words[] = {NULL, "bulk", "auto-generated", "auto-reply", "bounce"};

/* Value without comments and white space in front, up to a ';' or blank. */
static size_t token(const char *value, const char **s)
{
	size_t n = 0;

	*s = value;
	for (;;) {
		*s += strspn(*s, " \t\r\n");
		if (**s != '(')
			break;
		*s += strcspn(*s, ")");
		*s += **s == ')';
	}
	while ((*s)[n] > ' ' && (*s)[n] != ';' && (*s)[n] != '(')
		n++;
	return n;
}

static enum kind judge(const char *name, const char *value)
{
	static const char *const replies[] = {"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Mail-Autoreply", NULL};
	static const char *const lists[] = {"List-Id", "List-Post", "List-Unsubscribe", "Mailing-List", NULL};
	const char *s;
	size_t n = token(value, &s);

	if (n == 0 || ascii_is(s, n, "no") || ascii_is(s, n, "false"))
		return NONE;
	if (g_ascii_strcasecmp(name, "Auto-Submitted") == 0)
		return ascii_is(s, n, "auto-replied") ? REPLY : GENERATED;
	if (g_ascii_strcasecmp(name, "Precedence") == 0)
		return ascii_is(s, n, "auto_reply") ? REPLY :
		    ascii_is(s, n, "bulk") || ascii_is(s, n, "list") || ascii_is(s, n, "junk") ? BULK : NONE;
	for (size_t i = 0; replies[i] != NULL; i++)
		if (g_ascii_strcasecmp(name, replies[i]) == 0)
			return REPLY;
	for (size_t i = 0; lists[i] != NULL; i++)
		if (g_ascii_strcasecmp(name, lists[i]) == 0)
			return BULK;
	return NONE;
}

static bool is_report(GMimeMessage *message)
{
	GMimeObject *root = g_mime_message_get_mime_part(message);
	GMimeContentType *t = root != NULL ? g_mime_object_get_content_type(root) : NULL;
	const char *report = t != NULL ? g_mime_content_type_get_parameter(t, "report-type") : NULL;

	return report != NULL && g_mime_content_type_is_type(t, "multipart", "report") &&
	    (g_ascii_strcasecmp(report, "delivery-status") == 0 || g_ascii_strcasecmp(report, "disposition-notification") == 0);
}

/* The header's Return-Path, where a delivering server wrote one. */
static bool null_return_path(GMimeHeaderList *headers)
{
	GMimeHeader *h = g_mime_header_list_get_header(headers, "Return-Path");
	const char *s;

	return h != NULL && g_mime_header_get_raw_value(h) != NULL && token(g_mime_header_get_raw_value(h), &s) == 2 &&
	    memcmp(s, "<>", 2) == 0;
}

static bool says_reply(const char *subject)
{
	static const char *const starts[] = {"automatic reply", "out of office", "out of the office", "autoreply", "auto reply",
		"auto-reply", "automatische antwort", "abwesend", NULL};

	for (size_t i = 0; starts[i] != NULL; i++)
		if (ascii_starts(subject, strlen(subject), starts[i]))
			return true;
	return false;
}

const char *mime_automatic(GMimeMessage *message, const char *sender, const char *subject)
{
	GMimeHeaderList *headers = g_mime_object_get_header_list(GMIME_OBJECT(message));
	bool daemon = strncmp(sender, "mailer-daemon@", 14) == 0 || strncmp(sender, "postmaster@", 11) == 0;
	int n = g_mime_header_list_get_count(headers);
	enum kind kind = NONE;

	if (is_report(message) || (daemon && null_return_path(headers)))
		return words[BOUNCE];
	for (int i = 0; i < n; i++) {
		GMimeHeader *h = g_mime_header_list_get_header_at(headers, i);
		const char *value = g_mime_header_get_raw_value(h);
		enum kind k = value != NULL ? judge(g_mime_header_get_name(h), value) : NONE;

		kind = k > kind ? k : kind;
	}
	if (null_return_path(headers) && kind < REPLY)
		kind = REPLY;
	if (kind == GENERATED && says_reply(subject))
		kind = REPLY;
	return words[kind];
}

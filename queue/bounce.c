/*
 * bounce.c - reports (RFC 3464, RFC 8098) to what they mean for one copy. Called by the writer of the queue process. Pure.
 */
#include "bounce.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "outbox_plan.h"

static const char *
text_of(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "";
}

/* An action that is missing follows from the status. */
static enum bounce_kind
kind_of(const json_t *r)
{
	const char *action = text_of(r, "action"), *status = text_of(r, "status");

	if (strcmp(action, "failed") == 0)
		return BOUNCE_FAILED;
	if (strcmp(action, "delayed") == 0)
		return BOUNCE_DELAYED;
	if (*action != '\0')
		return BOUNCE_NOTED;
	return *status == '5' ? BOUNCE_FAILED : *status == '4' ? BOUNCE_DELAYED : BOUNCE_NOTED;
}

/* How surely an entry is about the recipient. A copy has one recipient, so a lone entry is: they forward their mail. */
static int
fit(const json_t *r, const char *recipient, size_t n)
{
	if (strcmp(text_of(r, "final"), recipient) == 0)
		return 3;
	if (strcmp(text_of(r, "original"), recipient) == 0)
		return 2;
	return n == 1 ? 1 : 0;
}

/* The entry that fits best; of several that do equally, the worst news. NULL: none. */
static const json_t *
entry_of(const json_t *list, const char *recipient)
{
	const json_t *best = NULL, *r;
	int best_fit = 0;
	size_t i;

	json_array_foreach(list, i, r)
	{
		int f = fit(r, recipient, json_array_size(list));

		if (f > best_fit || (f > 0 && f == best_fit && kind_of(r) > kind_of(best))) {
			best = r;
			best_fit = f;
		}
	}
	return best;
}

/* Behind the type (RFC 3464 2.3.6), which is nearly always smtp. */
static const char *
diagnostic(const json_t *r)
{
	const char *s = text_of(r, "diagnostic");

	if (strncasecmp(s, "smtp;", 5) == 0)
		s += 5;
	return s + strspn(s, " ");
}

static bool
is_reply(const char *s)
{
	return s[0] >= '2' && s[0] <= '5' && isdigit((unsigned char)s[1]) && isdigit((unsigned char)s[2]) && !isdigit((unsigned char)s[3]);
}

static void
read_entry(struct bounce *out, const json_t *r, const char *recipient)
{
	static const char *const words[] = { "mail", "noted", "delayed", "failed" };
	const char *action = text_of(r, "action"), *status = text_of(r, "status"), *why = diagnostic(r);

	out->kind = kind_of(r);
	/* Of a forwarded mail another address has failed. */
	out->hard = out->kind == BOUNCE_FAILED && outbox_hard(status) && strcmp(text_of(r, "final"), recipient) == 0;
	out->code = is_reply(why) ? (unsigned)strtoul(why, NULL, 10) : 0;
	snprintf(out->text, sizeof(out->text), "%s%s%s%s%s", *action != '\0' ? action : words[out->kind],
	    *status != '\0' || *why != '\0' ? ":" : "", *status != '\0' ? " " : "", status, *why != '\0' ? " " : "");
	snprintf(out->text + strlen(out->text), sizeof(out->text) - strlen(out->text), "%s", why);
}

void
bounce_read(struct bounce *out, const json_t *object, const char *recipient)
{
	const json_t *report = json_object_get(object, "report"), *entry;

	memset(out, 0, sizeof(*out));
	if (!json_is_object(report)) {
		if (strcmp(text_of(object, "automatic"), "bounce") == 0) {
			out->kind = BOUNCE_NOTED;
			snprintf(out->text, sizeof(out->text), "a report that does not say what happened");
		}
		return;
	}
	out->kind = BOUNCE_NOTED;
	entry = entry_of(json_object_get(report, "recipients"), recipient);
	if (strcmp(text_of(report, "kind"), "disposition") == 0)
		snprintf(out->text, sizeof(out->text), "disposition: %s", text_of(report, "disposition"));
	else if (entry == NULL)
		snprintf(out->text, sizeof(out->text), "a report that does not name the recipient");
	else
		read_entry(out, entry, recipient);
}

/*
 * refusal.c - who hears of a refusal, and what (refusal.h).
 */
#include "refusal.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "outbox.h"

#define DAY_MS INT64_C(86400000)

bool
refusal_wanted(const struct commit *c)
{
	static const char *const rules[] = { "V9", "V15", "V16", "V17" };

	if (c->action != COMMIT_REFUSE || c->channel != CHANNEL_IMAP || *c->automatic != '\0' || *c->sender == '\0')
		return false;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strcmp(c->rule, rules[i]) == 0)
			return true;
	return false;
}

static char *
letter_of(const struct commit *c, const char *reference, const char *language)
{
	json_t *thread = json_array(), *o;
	char *out;

	if (*c->message_id != '\0')
		json_array_append_new(thread, json_string(c->message_id));
	o = json_pack("{s:{s:s, s:s}, s:s, s:s, s:s, s:b, s:s, s:o, s:s, s:s}", "ticket", "subject", c->subject, "reference", reference, "subject",
	    c->subject, "reason", c->text, "from_name", "", "automatic", 1, "in_reply_to", c->message_id, "references", thread, "text", "", "language", language);
	out = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	return out;
}

int
refusal_tell(struct store *s, struct registry *r, const struct conf *conf, const struct commit *c, const char *reference, int64_t now, bool *queued)
{
	const char *shown = *c->sender_shown != '\0' ? c->sender_shown : c->sender;
	struct outbox_row row = { .kind = LETTER_REFUSED, .recipient = (char *)(uintptr_t)c->sender, .shown = (char *)(uintptr_t)shown,
		.name = (char *)(uintptr_t)c->sender_name };
	struct registry_partner partner = { .language = "" };
	int err;

	*queued = false;
	if (!refusal_wanted(c) || conf->n_smarthosts == 0)
		return VG_OK;
	if ((err = store_is_suppressed(s, c->sender)) == 0)
		err = store_outbox_refused(s, c->sender, now - DAY_MS);
	if (err != 0)
		return err < 0 ? err : VG_OK;
	if (*c->partner != '\0')
		registry_partner(r, c->partner, &partner); /* not found: no language */
	row.letter = letter_of(c, reference, partner.language);
	err = row.letter == NULL ? VG_ERR_MEMORY : store_outbox_add(s, &row, now);
	free(row.letter);
	*queued = err == VG_OK;
	return err;
}

/*
 * held_tell.c - letters about held mail (held_tell.h). They belong to no ticket, since held mail may have none.
 */
#include "held_tell.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "id.h"
#include "letters.h"
#include "outbox.h"
#include "queue_letters.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

bool
held_alarms(const struct store_message *m)
{
	return (m->cls == CLASS_CONTACT || m->cls == CLASS_DIRECT) && *m->automatic == '\0' && *m->sender != '\0';
}

bool
held_wants_notice(const struct store_message *m)
{
	return held_alarms(m) && strcmp(m->rule, "V12") == 0;
}

/* Has the time passed since the last one for this sender? It counts from now on. One note for each contact, at most. */
static int
is_time(struct store *s, const char *what, const char *sender, int64_t every, int64_t now, bool *out)
{
	char name[ADDR_MAX + 32];
	int64_t last = 0;
	int err;

	snprintf(name, sizeof(name), "%s:%s", what, sender);
	if ((err = store_note_get(s, name, &last)) != VG_OK && err != VG_ERR_NOTFOUND)
		return err;
	*out = err == VG_ERR_NOTFOUND || now - last >= every;
	return *out ? store_note_set(s, name, now) : VG_OK;
}

/* ---- agents ---- */

static json_t *
alarm_of(const struct store_message *m, const struct conf *conf, const char *partner)
{
	const struct conf_sla *sla = conf_sla_for(conf, conf->severity_default);
	const char *route = *m->route != '\0' ? m->route : "default";
	char since[32], due[32] = "";

	id_rfc3339(since, m->received_at, 0);
	if (sla != NULL)
		id_rfc3339(due, m->received_at + sla->first_response_ms, 0);
	return json_pack("{s:{s:s, s:s}, s:s, s:s, s:b, s:s, s:[], s:s, s:s, s:s, s:s, s:s, s:s}", "ticket", "route", route,
	    "first_response_due", due, "subject", "A contact's mail is held", "from_name", "", "automatic", 1, "in_reply_to", "",
	    "references", "text", "", "partner", partner, "reason", m->reason, "sender", m->sender, "since", since, "id", m->ulid);
}

static int
tell_agents(struct store *s, const struct conf *conf, const struct store_message *m, const char *partner, int64_t now)
{
	size_t to[LETTERS_MAX], n = queue_letters_agents(to, conf, *m->route != '\0' ? m->route : "default");
	bool may = n > 0;
	int err = may ? is_time(s, "held-alarm", m->sender, HOUR_MS, now, &may) : VG_OK;

	for (size_t i = 0; i < n && may && err == VG_OK; i++) {
		char *address = conf->notifies[to[i]].address;
		struct outbox_row row = { .message = m->id, .kind = LETTER_ALARM, .recipient = address, .shown = address,
			.name = (char *)(uintptr_t)"", .role = PART_AGENT };

		err = queue_letters_add(s, &row, alarm_of(m, conf, partner), now);
	}
	return err;
}

/* ---- the contact ---- */

static int
tell_contact(struct store *s, const struct conf *conf, const struct store_message *m, const char *name, const char *language, int64_t now)
{
	struct outbox_row row = { .message = m->id, .kind = LETTER_HELD, .recipient = m->sender, .shown = m->sender,
		.name = (char *)(uintptr_t)name, .role = PART_CONTACT };
	bool may = false;
	int err;

	if (!conf->hold_notice || !held_wants_notice(m))
		return VG_OK;
	if ((err = store_is_suppressed(s, m->sender)) != 0)
		return err < 0 ? err : VG_OK;
	if ((err = is_time(s, "held-notice", m->sender, DAY_MS, now, &may)) != VG_OK || !may)
		return err;
	return queue_letters_add(s, &row, json_pack("{s:{}, s:s, s:s, s:b, s:s, s:[], s:s, s:s}", "ticket", "subject", "A mail in your name is held",
	    "from_name", "", "automatic", 1, "in_reply_to", "", "references", "text", "", "language", language), now);
}

int
held_tell(struct writer_env *env, const struct conf *conf, const struct store_message *m, int64_t now)
{
	struct registry_partner partner = { .language = "" };
	struct registry_sender who;
	int err;

	if (conf->n_smarthosts == 0 || !held_alarms(m))
		return VG_OK;
	if ((err = registry_sender(env->registry, m->sender, &who)) != VG_OK)
		return err;
	if (*who.partner != '\0')
		registry_partner(env->registry, who.partner, &partner); /* not found: no language */
	err = tell_agents(env->store, conf, m, *who.partner != '\0' ? who.partner : who.holder, now);
	return err == VG_OK ? tell_contact(env->store, conf, m, who.name, partner.language, now) : err;
}

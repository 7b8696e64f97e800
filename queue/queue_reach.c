/*
 * queue_reach.c - finds a contact for messages whose customers' copies are held (queue_reach.h).
 */
#include "queue_reach.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "log.h"
#include "outbox.h"
#include "ticket.h"

#define MESSAGES_MAX 200u
#define CONTACTS_MAX 50u /* of a partner, that are looked at */

/* Can the address be tried: nothing bounced for good, and it never had a copy of this message? 1 yes, 0 no. */
static int
is_open(struct store *s, int64_t message, const char *address)
{
	int bad = store_is_suppressed(s, address);

	if (bad == 0)
		bad = store_outbox_knows(s, message, address);
	return bad < 0 ? bad : !bad;
}

/* Somebody on the ticket; *out NULL: nobody. */
static int
find_there(struct store *s, const struct ticket_view *v, int64_t message, const struct store_participant **out)
{
	*out = NULL;
	for (unsigned i = 0; i < v->t.n_participants && *out == NULL; i++) {
		const struct store_participant *p = &v->t.participants[i];
		int open = p->role == PART_CONTACT ? is_open(s, message, p->address) : 0;

		if (open < 0)
			return open;
		if (open)
			*out = p;
	}
	return VG_OK;
}

/* The ticket tells who came, and why. */
static int
join(struct writer_env *env, struct ticket_view *v, const json_t *who, int64_t now, bool *added)
{
	char *address = (char *)(uintptr_t)json_string_value(json_object_get(who, "address"));
	char by[] = "T3";
	struct store_participant p = { .role = PART_CONTACT, .address = address,
		.shown = (char *)(uintptr_t)json_string_value(json_object_get(who, "shown")),
		.name = (char *)(uintptr_t)json_string_value(json_object_get(who, "name")), .added_by = by, .added_at = now };
	struct store_audit a = { .actor = "deliver", .what = "participant.added", .rule = "T3", .text = "no other contact can be reached",
		.sender = address, .ticket = v->t.number, .at = now };
	char reference[ULID_LEN + 1];
	int err = store_participant_add(env->store, v->t.number, &p, added);

	if (err == VG_OK && *added)
		err = store_audit_add(env->store, &a, reference);
	if (err == VG_OK && *added)
		err = ticket_reload(v, env->store);
	if (err != VG_OK || !*added)
		return err;
	v->t.updated_at = now;
	err = ticket_event(env->store, v, "participant.added", NULL, 0, now);
	return err == VG_OK ? store_ticket_save(env->store, &v->t) : err;
}

/* The partner's newest contact who is not on the ticket joins it. */
static int
find_elsewhere(struct writer_env *env, struct ticket_view *v, int64_t message, int64_t now)
{
	json_t *list = NULL, *who;
	bool added = false;
	size_t i;
	int err = registry_contacts(env->registry, v->t.partner, CONTACTS_MAX, &list);

	json_array_foreach(list, i, who)
	{
		const char *address = json_string_value(json_object_get(who, "address"));
		int open = added || err != VG_OK || ticket_participant(&v->t, address) != NULL ? 0 : is_open(env->store, message, address);

		if (open < 0)
			err = open;
		else if (open)
			err = join(env, v, who, now, &added);
	}
	json_decref(list);
	return err;
}

/* The customer's letter says nothing that a contact may not read (T5, T9). */
static int
copy_for(struct writer_env *env, const struct outbox_row *held, const struct store_participant *p, int64_t now)
{
	struct outbox_row row = { .ticket = held->ticket, .message = held->message, .kind = held->kind, .recipient = p->address,
		.shown = p->shown, .name = p->name, .role = p->role, .participant = p->id, .letter = held->letter };

	log_info("", "contact-found", "ticket=%llu held=%lld to=%s", (unsigned long long)held->ticket, (long long)held->id, log_q(p->address));
	return store_outbox_add(env->store, &row, now);
}

static int
reach(struct writer_env *env, const struct outbox_row *held, int64_t now, unsigned *queued)
{
	struct ticket_view v = { .n_related = 0 };
	const struct store_participant *p = NULL;
	int err = ticket_load(&v, env->store, env->registry, held->ticket);

	if (err == VG_OK && v.has_partner && v.partner.status == PARTNER_ACTIVE &&
	    (held->kind == LETTER_RELAY || held->kind == LETTER_REPLY)) {
		err = find_there(env->store, &v, held->message, &p);
		if (err == VG_OK && p == NULL && (err = find_elsewhere(env, &v, held->message, now)) == VG_OK)
			err = find_there(env->store, &v, held->message, &p);
		if (err == VG_OK && p != NULL && (err = copy_for(env, held, p, now)) == VG_OK)
			++*queued;
	}
	ticket_close(&v);
	return err == VG_ERR_NOTFOUND ? VG_OK : err;
}

int
queue_reach(struct writer_env *env, int64_t now, unsigned *queued)
{
	struct outbox_row *rows = calloc(MESSAGES_MAX, sizeof(*rows));
	int n = rows == NULL ? VG_ERR_MEMORY : store_outbox_stuck(env->store, rows, MESSAGES_MAX), err = n < 0 ? n : VG_OK;

	*queued = 0;
	for (int i = 0; i < n; i++) {
		if (err == VG_OK)
			err = reach(env, &rows[i], now, queued);
		store_outbox_free(&rows[i]);
	}
	free(rows);
	return err;
}

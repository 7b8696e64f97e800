/*
 * queue_copy.c - the registry's word about an address, and whether a copy of a message may leave for it (T3, T10). Called by
 * the writer of the queue process.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "letters.h"
#include "queue_people.h"

int
queue_people_class(struct registry *r, const struct conf *conf, const char *partner, const char *normal,
    struct registry_sender *who, struct people_class *cls)
{
	const char *ext;
	size_t which;
	int err = registry_sender(r, normal, who);

	if (err != VG_OK)
		return err;
	*cls = (struct people_class){ .cls = who->cls, .partner = who->partner, .holder = who->holder,
		.ours = conf_rcpt(conf, normal, &which, &ext) != RCPT_NOT_OURS,
		.as_contact = who->cls == CLASS_PARTNER_DOMAIN && who->unlisted == UNLISTED_ACCEPT };
	return *partner == '\0' ? VG_OK : registry_customer(r, normal, partner, &cls->customer_here, &cls->customer_elsewhere);
}

/* Borrows from the JSON. */
static int
read_audience(json_t *list, struct people_stored *m)
{
	const char **audience = calloc(json_array_size(list) + 1, sizeof(*audience));
	json_t *one;
	size_t i;

	if (audience == NULL)
		return VG_ERR_MEMORY;
	m->audience = audience;
	json_array_foreach(list, i, one)
		if (json_is_string(one))
			audience[m->n++] = json_string_value(one);
	return VG_OK;
}

/* The recipient's row; somebody of whom there is none may get nothing. */
static int
find_member(struct store *s, const struct store_ticket *t, const char *address, struct people_member *out)
{
	const struct store_participant *p = ticket_participant(t, address);

	*out = (struct people_member){ .address = address };
	if (p != NULL) {
		out->role = p->role;
		out->in = true;
		return VG_OK;
	}
	return store_person(s, t->number, address, &out->removed, &out->asked);
}

static int
judge(struct store *s, struct registry *r, const struct conf *conf, const struct ticket_view *v,
    const struct people_stored *m, const char *address, bool contact_had, enum people_send *out, enum people_cause *cause)
{
	struct people_ticket t = { .partner = v->t.partner, .holder = v->t.holder,
		.partner_active = v->has_partner && v->partner.status == PARTNER_ACTIVE };
	struct people_member to;
	struct people_class now;
	struct registry_sender who;
	int err = find_member(s, &v->t, address, &to);

	if (err == VG_OK)
		err = queue_people_class(r, conf, t.partner, address, &who, &now);
	t.members = &to;
	t.n = 1;
	if (err == VG_OK)
		*out = people_may_send(&t, &to, m, &now, contact_had, cause);
	return err;
}

int
queue_people_may_send(struct store *s, struct registry *r, const struct conf *conf, uint64_t ticket, int64_t message,
    const char *address, bool contact_had, enum people_send *out, enum people_cause *cause)
{
	struct people_stored m = { .n = 0 };
	struct ticket_view v;
	struct buf text;
	unsigned visibility = PEOPLE_INTERNAL;
	json_t *list = NULL;
	int err = ticket_load(&v, s, r, ticket);

	*out = PEOPLE_NEVER;
	*cause = PEOPLE_NOT_THERE;
	buf_init(&text, 1 << 20);
	if (err == VG_OK && (err = store_message_audience(s, message, &visibility, &text)) == VG_OK) {
		list = json_loads(buf_str(&text), 0, NULL);
		m.visibility = (enum people_visibility)visibility;
		if ((err = read_audience(list, &m)) == VG_OK)
			err = judge(s, r, conf, &v, &m, address, contact_had, out, cause);
	}
	free((void *)(uintptr_t)m.audience);
	json_decref(list);
	buf_free(&text);
	ticket_close(&v);
	return err;
}

/* route NULL: of any. */
static bool
is_told(const struct conf *conf, const char *route, const char *normal)
{
	for (size_t i = 0; i < conf->n_notifies; i++) {
		struct letters_list list = { .route = conf->notifies[i].route, .address = conf->notifies[i].address };

		if ((route == NULL || letters_takes(&list, route)) && strcmp(list.address, normal) == 0)
			return true;
	}
	return false;
}

bool
queue_people_is_list(const struct conf *conf, const char *normal)
{
	return is_told(conf, NULL, normal);
}

/* An agent, or a group that the registry does not know. */
static bool
is_ours(const struct registry_sender *who)
{
	return who->cls == CLASS_AGENT || who->cls == CLASS_UNKNOWN;
}

int
queue_people_may_tell(struct store *s, struct registry *r, const struct conf *conf, uint64_t ticket, const char *address,
    enum people_send *out, enum people_cause *cause)
{
	struct registry_sender who;
	struct ticket_view v;
	int err = ticket_load(&v, s, r, ticket);

	*out = PEOPLE_NEVER;
	*cause = PEOPLE_NOT_AUDIENCE;
	if (err == VG_OK && (err = registry_sender(r, address, &who)) == VG_OK && is_told(conf, v.t.route, address)) {
		bool fine = is_ours(&who);

		*out = fine ? PEOPLE_SEND : PEOPLE_NEVER;
		*cause = fine ? PEOPLE_FINE : PEOPLE_INACTIVE;
	}
	ticket_close(&v);
	return err;
}

int
queue_people_may_hear(struct registry *r, const struct conf *conf, enum letter_kind kind, const char *address, enum people_send *out,
    enum people_cause *cause)
{
	struct registry_sender who;
	int err = registry_sender(r, address, &who);
	bool fine;

	if (kind == LETTER_ALARM)
		fine = err == VG_OK && is_ours(&who) && queue_people_is_list(conf, address);
	else
		fine = err == VG_OK && conf->hold_notice &&
		    (who.cls == CLASS_DIRECT || (who.cls == CLASS_CONTACT && who.status == PARTNER_ACTIVE));
	*out = fine ? PEOPLE_SEND : PEOPLE_NEVER;
	*cause = fine ? PEOPLE_FINE : PEOPLE_INACTIVE;
	return err;
}

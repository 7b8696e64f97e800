/*
 * ticket.c - loads a ticket with its partner's names, writes its events. Queue process, writer and reader threads.
 */
#include "ticket.h"

#include <stdio.h>
#include <string.h>

#include "err.h"
#include "related.h"

#define HEAD_MAX (1u << 20)

static int
load_owner(struct ticket_view *v, struct registry *r)
{
	int err = VG_OK;

	if (*v->t.partner != '\0') {
		v->has_partner = true;
		err = registry_partner(r, v->t.partner, &v->partner);
		if (err == VG_ERR_NOTFOUND) {
			memset(&v->partner, 0, sizeof(v->partner));
			snprintf(v->partner.id, sizeof(v->partner.id), "%s", v->t.partner);
			err = VG_OK;
		}
	} else if (*v->t.holder != '\0') {
		err = registry_holder_name(r, v->t.holder, v->holder_name);
		if (err == VG_ERR_NOTFOUND)
			err = VG_OK;
	}
	return err;
}

int
ticket_load(struct ticket_view *v, struct store *s, struct registry *r, uint64_t number)
{
	int err;

	memset(v, 0, sizeof(*v));
	err = store_ticket(s, number, &v->t);
	if (err == VG_OK)
		err = load_owner(v, r);
	return err == VG_OK ? ticket_related(v, s) : err;
}

void
ticket_close(struct ticket_view *v)
{
	store_ticket_free(&v->t);
}

const struct store_participant *
ticket_participant(const struct store_ticket *t, const char *address)
{
	for (unsigned i = 0; i < t->n_participants; i++)
		if (strcmp(t->participants[i].address, address) == 0)
			return &t->participants[i];
	return NULL;
}

int
ticket_reload(struct ticket_view *v, struct store *s)
{
	struct store_ticket fresh;
	int err = store_ticket(s, v->t.number, &fresh);

	if (err == VG_OK) {
		struct store_participant *p = v->t.participants;
		unsigned n = v->t.n_participants;

		v->t.participants = fresh.participants;
		v->t.n_participants = fresh.n_participants;
		fresh.participants = p;
		fresh.n_participants = n;
	}
	store_ticket_free(&fresh);
	return err;
}

struct hits {
	struct related_hit own[RELATED_ERRORS_MAX * RELATED_PER_ERROR];
	uint64_t others[RELATED_ERRORS_MAX * RELATED_ELSEWHERE_MAX];
	unsigned n_own, n_others;
};

static int
gather_hits(struct hits *h, struct store *s, const struct store_ticket *t)
{
	struct store_related errors[RELATED_ERRORS_MAX], found[RELATED_PER_ERROR];
	int n, all = store_errors_of(s, t->number, errors, RELATED_ERRORS_MAX);
	char owner[72];

	ticket_owner(t, owner);
	for (int i = 0; i < all; i++) {
		if ((n = store_related(s, owner, errors[i].fingerprint, t->number, found, RELATED_PER_ERROR)) < 0)
			return n;
		for (int k = 0; k < n; k++)
			h->own[h->n_own++] = (struct related_hit){ found[k], (unsigned)i, n == RELATED_PER_ERROR };
		n = store_related_elsewhere(s, owner, errors[i].fingerprint, h->others + h->n_others, RELATED_ELSEWHERE_MAX);
		if (n < 0)
			return n;
		h->n_others += (unsigned)n;
	}
	return all < 0 ? all : VG_OK;
}

int
ticket_related(struct ticket_view *v, struct store *s)
{
	struct hits h;
	int err;

	h.n_own = h.n_others = 0;
	err = gather_hits(&h, s, &v->t);
	v->n_related = 0;
	if (err == VG_OK && v->t.continues > 0)
		v->related[v->n_related++] = (struct store_related){ .number = v->t.continues };
	for (unsigned i = 0; i < h.n_own; i++)
		if (h.own[i].with.number == v->t.continues)
			h.own[i--] = h.own[--h.n_own];
	if (err == VG_OK)
		v->n_related += related_rank(h.own, h.n_own, v->related + v->n_related, EVENT_RELATED_MAX - v->n_related);
	v->elsewhere = related_count(h.others, h.n_others);
	return err;
}

struct event_ticket
ticket_event_view(const struct ticket_view *v)
{
	return (struct event_ticket){ .ticket = &v->t, .related = v->related, .n_related = v->n_related, .elsewhere = v->elsewhere,
		.owner = { v->has_partner ? &v->partner : NULL, v->t.holder, v->holder_name } };
}

int
ticket_event(struct store *s, struct ticket_view *v, const char *kind, const char *const *changed, int64_t object,
    int64_t now)
{
	struct event_ticket view = ticket_event_view(v);
	char ulid[ULID_LEN + 1];
	struct event e = { .ulid = ulid, .kind = kind, .seq = ++v->t.seq, .at = now, .changed = changed, .ticket = &view };
	struct buf head;
	int err;

	buf_init(&head, HEAD_MAX);
	id_ulid(ulid, now);
	if ((err = event_head(&head, &e)) == VG_OK) {
		struct store_event row = { .ulid = ulid, .ticket = v->t.number, .seq = v->t.seq, .kind = kind,
			.route = v->t.route, .chain = (int64_t)v->t.number, .head = (char *)head.data, .head_len = head.len,
			.object = object, .at = now };

		err = store_event_add(s, &row);
	}
	buf_free(&head);
	return err;
}

void
ticket_owner(const struct store_ticket *t, char out[72])
{
	snprintf(out, 72, "%s%s", *t->partner != '\0' ? "" : ":", *t->partner != '\0' ? t->partner : t->holder);
}

void
ticket_clock(struct store_ticket *t, const struct conf *conf)
{
	const struct conf_sla *sla = conf_sla_for(conf, t->severity);

	if (t->sla_state == SLA_MET || t->sla_state == SLA_BREACHED)
		return;
	t->first_response_due = sla != NULL ? t->opened_at + sla->first_response_ms : 0;
	t->sla_state = sla != NULL ? SLA_RUNNING : SLA_NONE;
}

enum store_sla_state
ticket_clock_state(const struct store_ticket *t, const struct conf *conf, int64_t now)
{
	const struct conf_sla *sla = conf_sla_for(conf, t->severity);

	if ((t->sla_state != SLA_RUNNING && t->sla_state != SLA_WARNED) || t->status == TICKET_CLOSED || t->first_response_due == 0)
		return t->sla_state;
	if (now >= t->first_response_due)
		return SLA_BREACHED;
	return sla != NULL && now >= t->opened_at + sla->warn_ms ? SLA_WARNED : t->sla_state;
}

int
ticket_errors_seen(struct ticket_view *v, struct store *s, const json_t *errors)
{
	char owner[72];
	json_t *one;
	size_t i;
	int err = VG_OK;

	ticket_owner(&v->t, owner);
	json_array_foreach(errors, i, one)
	{
		const char *print = json_string_value(json_object_get(one, "fingerprint"));

		if (i >= RELATED_ERRORS_MAX || err != VG_OK)
			break;
		if (print != NULL)
			err = store_error_seen(s, owner, print, v->t.number, (unsigned)i);
	}
	return err == VG_OK ? ticket_related(v, s) : err;
}

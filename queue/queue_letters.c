/*
 * queue_letters.c - plans the letters of a message (letters.h) and writes down what each says, as JSON; the role deliver makes
 * mails of it. What the sender wrote goes along as text only.
 */
#include "queue_letters.h"

#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "err.h"
#include "letter_attachments.h"
#include "letter_notes.h"
#include "letters.h"
#include "outbox.h"

#define ERRORS_SHOWN 5u
#define REFERENCES_MAX 20u /* of the message; our own one comes behind */
#define ADDRESSES_MAX 500u

static json_t *
member(const struct queue_letters *l, const char *name)
{
	return json_object_get(l->in->object, name);
}

static const char *
text(const json_t *s)
{
	const char *t = json_string_value(s);

	return t != NULL ? t : "";
}

/* ---- who has it, who hears it ---- */

static bool
is_same(const char *address, const char *normal)
{
	struct addr a;
	const char *why;

	return addr_parse(&a, address, strlen(address), ADDR_UTF8, &why) == VG_OK && strcmp(a.normal, normal) == 0;
}

static bool
stands_in(json_t *list, const char *normal)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (i < ADDRESSES_MAX && is_same(text(json_object_get(one, "address")), normal))
			return true;
	}
	return false;
}

static bool
holds(json_t *audience, const char *normal)
{
	json_t *one;
	size_t i;

	json_array_foreach(audience, i, one)
		if (strcmp(text(one), normal) == 0)
			return true;
	return false;
}

static void
read_people(const struct queue_letters *l, json_t *audience, struct letters_person *out)
{
	const struct store_ticket *t = &l->v->t;

	for (unsigned i = 0; i < t->n_participants; i++) {
		const struct store_participant *p = &t->participants[i];

		out[i] = (struct letters_person){ .address = p->address, .role = p->role, .joined = p->message == l->m->id,
			.hears = holds(audience, p->address),
			.had = stands_in(member(l, "to"), p->address) || stands_in(member(l, "cc"), p->address) };
	}
}

/* ---- what a letter says ---- */

static json_t *
ticket_of(const struct store_ticket *t)
{
	char due[32] = "";

	if (t->first_response_due > 0)
		id_rfc3339(due, t->first_response_due, 0);
	return json_pack("{s:I, s:s, s:s, s:s, s:i, s:s, s:s}", "number", (json_int_t)t->number, "subject", t->subject, "reference",
	    t->reference, "status", event_status_word(t->status), "severity", (int)t->severity, "route", t->route, "first_response_due", due);
}

static json_t *
understood(const struct queue_letters *l)
{
	static const char *const names[] = { "product", "version", "severity", "customer", "job", "support_id", "reference" };
	json_t *out = json_array(), *fields = member(l, "fields");
	char number[24];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		json_t *v = json_object_get(fields, names[i]);
		const char *value = text(v);

		if (json_is_integer(v)) {
			snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(v));
			value = number;
		}
		if (*value != '\0')
			json_array_append_new(out, json_pack("{s:s, s:s}", "name", names[i], "value", value));
	}
	return out;
}

static json_t *
errors(const struct queue_letters *l)
{
	json_t *out = json_array(), *e;
	size_t i;

	json_array_foreach(member(l, "errors"), i, e)
	{
		if (json_array_size(out) < ERRORS_SHOWN && strcmp(text(json_object_get(e, "severity")), "error") == 0)
			json_array_append(out, json_object_get(e, "text"));
	}
	return out;
}

/* T5: only people who are on this message are shown, and no agent's own address. */
static json_t *
people_of(const struct queue_letters *l, const struct letters_person *persons)
{
	json_t *out = json_array();

	for (unsigned i = 0; i < l->v->t.n_participants; i++) {
		const struct store_participant *p = &l->v->t.participants[i];

		if (persons[i].hears && p->role != PART_AGENT)
			json_array_append_new(out, json_pack("{s:s, s:s, s:s}", "name", p->name, "address", p->shown, "role", event_role_word(p->role)));
	}
	return out;
}

/* The thread as the recipients' programs know it: by the Message-IDs of those who wrote. */
static json_t *
references(const struct queue_letters *l)
{
	json_t *out = json_array(), *list = member(l, "references");
	size_t n = json_array_size(list);

	for (size_t i = n > REFERENCES_MAX ? n - REFERENCES_MAX : 0; i < n; i++)
		json_array_append(out, json_array_get(list, i));
	if (l->m->message_id != NULL && *l->m->message_id != '\0')
		json_array_append_new(out, json_string(l->m->message_id));
	return out;
}

/* T4: the partner is told so. */
static bool
dropped(const struct queue_letters *l)
{
	json_t *p;
	size_t i;

	json_array_foreach(l->people->problems, i, p)
		if (strcmp(text(json_object_get(p, "code")), "thread.partner-dropped") == 0)
			return true;
	return false;
}

static json_t *
common(const struct queue_letters *l, const struct letters_person *persons)
{
	const char *mid = l->m->message_id != NULL ? l->m->message_id : "", *partner = l->v->has_partner ? l->v->partner.name : "";

	return json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:b}", "ticket", ticket_of(&l->v->t), "subject",
	    l->v->t.subject, "from_name", l->m->sender_name, "in_reply_to", mid, "references", references(l), "understood", understood(l),
	    "missing", json_incref(json_object_get(member(l, "completeness"), "missing")), "notes", letter_notes(l->people->problems, member(l, "attachments")), "people",
	    people_of(l, persons), "errors", errors(l), "by",
	    *l->m->sender_name != '\0' ? l->m->sender_name : l->m->sender_shown, "partner", partner, "dropped",
	    dropped(l));
}

/* A notice is nobody's text; the others are read by people as what was written. */
static bool
is_notice(enum letter_kind kind)
{
	return kind == LETTER_ACK || kind == LETTER_JOINED || kind == LETTER_REMOVED;
}

/* Commands stand before the text and are not for its readers. */
static const char *
behind_commands(const char *s)
{
	while (*s == '#' && ((s[1] >= 'a' && s[1] <= 'z') || (s[1] >= 'A' && s[1] <= 'Z'))) {
		s += strcspn(s, "\n");
		s += strspn(s, "\n");
	}
	return s;
}

static char *
letter_text(const struct queue_letters *l, json_t *base, enum letter_kind kind, enum participant_role role)
{
	json_t *files = letter_attachments(member(l, "attachments"), kind, role, l->in->conf->letter_files);
	json_t *o = json_copy(base);
	char *out = NULL;

	if (o != NULL && json_object_set_new(o, "attachments", files) == 0 && json_object_set_new(o, "automatic", json_boolean(is_notice(kind))) == 0 &&
	    json_object_set_new(o, "text", json_string(is_notice(kind) ? "" : behind_commands(text(json_object_get(member(l, "body"), "text"))))) == 0)
		out = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return out;
}

/* ---- queueing ---- */

static int
add(const struct queue_letters *l, json_t *base, const struct letter_to *to, bool contact_had)
{
	const struct store_participant *p = &l->v->t.participants[to->person];
	struct outbox_row row = { .ticket = l->v->t.number, .message = l->m->id, .kind = to->kind, .recipient = p->address,
		.shown = p->shown, .name = p->name, .role = p->role, .participant = p->id, .contact_had = contact_had };
	int err;

	row.letter = letter_text(l, base, to->kind, p->role);
	err = row.letter == NULL ? VG_ERR_MEMORY : store_outbox_add(l->env->store, &row, l->in->now);
	free(row.letter);
	return err;
}

static int
add_all(const struct queue_letters *l, json_t *audience)
{
	struct letters_message m = { .sender = l->m->sender, .role = l->m->role, .opens = l->opens,
		.automatic = l->m->quiet || *l->m->automatic != '\0', .visibility = l->people->visibility, .by_us = l->by_us };
	struct letters_person *persons = calloc(l->v->t.n_participants + 1, sizeof(*persons));
	struct letter_to to[LETTERS_MAX];
	json_t *base = NULL;
	size_t count = 0;
	bool contact_had = false;
	int err = persons == NULL ? VG_ERR_MEMORY : VG_OK;

	if (err == VG_OK) {
		read_people(l, audience, persons);
		count = letters_plan(to, &m, persons, l->v->t.n_participants);
		contact_had = letters_contact_had(&m, persons, l->v->t.n_participants);
		if (count > 0 && (base = common(l, persons)) == NULL)
			err = VG_ERR_MEMORY;
	}
	for (size_t i = 0; i < count && err == VG_OK; i++)
		err = add(l, base, &to[i], contact_had);
	json_decref(base);
	free(persons);
	return err;
}

int
queue_letters(const struct queue_letters *l)
{
	json_t *audience;
	int err;

	if (l->in->conf->n_smarthosts == 0)
		return VG_OK;
	audience = json_loadb((const char *)l->people->audience.data, l->people->audience.len, 0, NULL);
	err = add_all(l, audience);
	json_decref(audience);
	return err;
}

/* ---- the notice that somebody is out ---- */

static char *
removed_text(struct store *s, const struct store_ticket *t, const char *address)
{
	struct buf last;
	json_t *o = NULL, *thread = json_array();
	char *out;

	buf_init(&last, 1024);
	if (store_outbox_last_id(s, t->number, address, &last) == VG_OK) {
		if (last.len > 0)
			json_array_append_new(thread, json_string(buf_str(&last)));
		o = json_pack("{s:o, s:s, s:s, s:s, s:O, s:[], s:[], s:[], s:[], s:[], s:[], s:s, s:s, s:b, s:b, s:s}", "ticket",
		    ticket_of(t), "subject", t->subject, "from_name", "", "in_reply_to", last.len > 0 ? buf_str(&last) : "", "references", thread,
		    "understood", "missing", "notes", "people", "errors", "attachments", "by", "", "partner", "", "dropped", 0, "automatic", 1,
		    "text", "");
	}
	json_decref(thread);
	out = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	buf_free(&last);
	return out;
}

static int
tell_removed(struct store *s, const struct store_ticket *t, const struct store_participant *p, int64_t message, int64_t now)
{
	struct outbox_row row = { .ticket = t->number, .message = message, .kind = LETTER_REMOVED, .recipient = p->address,
		.shown = p->shown, .name = p->name, .role = p->role, .participant = p->id };
	int err;

	row.letter = removed_text(s, t, p->address);
	err = row.letter == NULL ? VG_ERR_MEMORY : store_outbox_add(s, &row, now);
	free(row.letter);
	return err;
}

int
queue_letters_removed(struct store *s, const struct conf *conf, const struct store_ticket *t, const char *address, int64_t message,
    int64_t now)
{
	int err = store_outbox_cancel(s, t->number, address, "they no longer take part", now);

	for (unsigned i = 0; i < t->n_participants && err == VG_OK && conf->n_smarthosts > 0; i++) {
		const struct store_participant *p = &t->participants[i];

		if ((p->role == PART_CUSTOMER || p->role == PART_OBSERVER) && strcmp(p->address, address) == 0)
			return tell_removed(s, t, p, message, now);
	}
	return err;
}

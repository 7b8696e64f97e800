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
#include "letter_context.h"
#include "letter_notes.h"
#include "letters.h"
#include "outbox.h"

#define ERRORS_SHOWN 5u
#define REFERENCES_MAX 20u /* of the message; our own one comes behind */
#define ADDRESSES_MAX 500u
#define OBJECT_TEXT_MAX (IPC_HUGE + (1u << 20))

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

json_t *
queue_letters_ticket(const struct store_ticket *t)
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

/* The ticket itself is the root of every thread: nobody's mailbox holds all that was written, and some programs name only the mail
 * that they answer. It is no mail's Message-ID, and proves nothing. */
int
queue_letters_root(json_t *out, uint64_t ticket, const char *hostname)
{
	char id[ADDR_MAX + 40];
	int n = snprintf(id, sizeof(id), "ticket.%llu@%s", (unsigned long long)ticket, hostname);

	return n < 0 || (size_t)n >= sizeof(id) || json_array_append_new(out, json_string(id)) != 0 ? VG_ERR_MEMORY : VG_OK;
}

/* The Message-ID of an agent's own mail names their host, and perhaps them. Of what an agent's mail refers to, only what others know
 * is for others. */
static int
may_name(const struct queue_letters *l, const char *id, bool *out)
{
	bool agent, known;
	int err = VG_OK;

	*out = true;
	if (l->in->conf->agents_shown)
		return VG_OK;
	err = store_message_id_of(l->env->store, l->v->t.number, id, &agent, &known);
	*out = err == VG_OK && !agent && (known || l->m->role != PART_AGENT);
	return err;
}

/* The thread as the recipients' programs know it: by the Message-IDs of those who wrote (RFC 5322 3.6.4). all: for agents. */
static int
put_references(const struct queue_letters *l, json_t *out, bool all)
{
	json_t *list = member(l, json_array_size(member(l, "references")) > 0 ? "references" : "in_reply_to");
	const char *own = l->m->message_id != NULL ? l->m->message_id : "";
	size_t n = json_array_size(list);
	bool may = true;
	int err = queue_letters_root(out, l->v->t.number, l->in->conf->hostname);

	for (size_t i = n > REFERENCES_MAX ? n - REFERENCES_MAX : 0; i < n && err == VG_OK; i++) {
		const char *id = text(json_array_get(list, i));

		if (!all)
			err = may_name(l, id, &may);
		if (may && err == VG_OK && strcmp(id, json_string_value(json_array_get(out, 0))) != 0)
			json_array_append(out, json_array_get(list, i));
	}
	if (err == VG_OK && *own != '\0' && (all || l->m->role != PART_AGENT || l->in->conf->agents_shown))
		json_array_append_new(out, json_string(own));
	return err;
}

/* Sets references and in_reply_to, which is the last of them that is a mail's. */
static int
set_thread(const struct queue_letters *l, json_t *letter, bool all)
{
	json_t *refs = json_array();
	size_t n;
	int err = refs == NULL ? VG_ERR_MEMORY : put_references(l, refs, all);

	n = json_array_size(refs);
	if (err == VG_OK && (json_object_set(letter, "references", refs) != 0 ||
	    json_object_set_new(letter, "in_reply_to", n > 1 ? json_incref(json_array_get(refs, n - 1)) : json_string("")) != 0))
		err = VG_ERR_MEMORY;
	json_decref(refs);
	return err;
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

/* An agent's address and host are nobody's but agents' business, unless the operator says otherwise. */
static bool
is_hidden(const struct queue_letters *l)
{
	return l->m->role == PART_AGENT && !l->in->conf->agents_shown;
}

/* The writer's name as others read it; out: 256 bytes. An agent's is the registry's: a mail program may take the address for one. */
static int
writer_name(const struct queue_letters *l, char out[256])
{
	struct registry_sender who = { .name = "" };
	int err = l->m->role == PART_AGENT ? registry_sender(l->env->registry, l->m->sender, &who) : VG_OK;
	const char *name = *who.name != '\0' ? who.name : l->m->sender_name;

	snprintf(out, 256, "%s", l->m->role == PART_AGENT && strchr(name, '@') != NULL ? "" : name);
	return err;
}

/* The partner's; their customers are written to in it as well. */
const char *
queue_letters_language(const struct ticket_view *v)
{
	return v->has_partner ? v->partner.language : "";
}

static json_t *
common(const struct queue_letters *l, const struct letters_person *persons)
{
	const char *partner = l->v->has_partner ? l->v->partner.name : "";
	const char *by = is_hidden(l) ? "" : l->m->sender_shown;
	char name[256];
	json_t *o;

	if (writer_name(l, name) != VG_OK)
		return NULL;

	o = json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:b, s:b}", "ticket",
	    queue_letters_ticket(&l->v->t), "language", queue_letters_language(l->v), "subject",
	    l->v->t.subject, "from_name", name, "understood", understood(l),
	    "missing", json_incref(json_object_get(member(l, "completeness"), "missing")), "notes",
	    letter_notes(l->people->problems, member(l, "attachments")), "people", people_of(l, persons), "errors", errors(l),
	    "by", *name != '\0' ? name : by, "partner", partner, "dropped", dropped(l), "closed", l->people->plan.close);
	if (o != NULL && set_thread(l, o, false) != VG_OK) {
		json_decref(o);
		o = NULL;
	}
	return o;
}

/* A notice is nobody's text; the others are read by people as what was written. */
static bool
is_notice(enum letter_kind kind)
{
	return kind == LETTER_ACK || kind == LETTER_JOINED || kind == LETTER_REMOVED;
}

/* What the readers read; *hidden (owned, for the caller to free) where it had to be changed. NULL on no memory. An agent's own address
 * is not for participants, wherever they or their mail program wrote it. */
static const char *
written(const struct queue_letters *l, enum letter_kind kind, struct buf *hidden)
{
	const char *s = letters_behind_commands(text(json_object_get(member(l, "body"), "text")));
	const char *own[] = { l->m->sender, l->m->sender_shown };

	for (size_t i = 0; i < 2 && kind != LETTER_AGENT && is_hidden(l); i++) {
		struct buf next;

		buf_init(&next, OBJECT_TEXT_MAX);
		if (letters_hide(&next, s, own[i], l->in->conf->support_name) != VG_OK) {
			buf_free(&next);
			return NULL;
		}
		buf_free(hidden);
		*hidden = next;
		s = buf_str(hidden);
	}
	return s;
}

static char *
letter_text(const struct queue_letters *l, json_t *base, enum letter_kind kind, enum participant_role role)
{
	json_t *files = letter_attachments(member(l, "attachments"), kind, role, l->in->conf->letter_files);
	json_t *o = json_copy(base);
	struct buf hidden;
	const char *s = "";
	char *out = NULL;

	buf_init(&hidden, OBJECT_TEXT_MAX);
	if (!is_notice(kind))
		s = written(l, kind, &hidden);
	if (o != NULL && s != NULL && json_object_set_new(o, "attachments", files) == 0 &&
	    json_object_set_new(o, "automatic", json_boolean(is_notice(kind))) == 0 && json_object_set_new(o, "text", json_string(s)) == 0)
		out = json_dumps(o, JSON_COMPACT);
	buf_free(&hidden);
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

/* Nothing but commands: what they did is no answer that anybody could read. */
static bool
only_commands(const struct queue_letters *l)
{
	const char *s = text(json_object_get(member(l, "body"), "text"));
	const char *behind = letters_behind_commands(s);

	return behind > s && behind[strspn(behind, " \t\r\n")] == '\0' && !l->people->plan.close &&
	    json_array_size(member(l, "attachments")) == 0;
}

static int
add_participants(const struct queue_letters *l, const struct letters_message *m, const struct letters_person *persons, json_t *base)
{
	size_t n = l->v->t.n_participants, count;
	bool had = letters_contact_had(m, persons, n), empty = only_commands(l);
	struct letter_to to[LETTERS_MAX];
	int err = VG_OK;

	count = letters_plan(to, m, persons, n);
	for (size_t i = 0; i < count && err == VG_OK; i++) {
		if (empty && !is_notice(to[i].kind))
			continue;
		err = add(l, base, &to[i], had);
	}
	return err;
}

/* ---- L2 ---- */

json_t *
queue_letters_who(const char *name, const char *address)
{
	return json_sprintf(*name != '\0' ? "%s <%s>" : "%s%s", name, address);
}

/* What agents read more than others: who wrote, with the address, for whom, what was found and where. */
static json_t *
for_agents(const struct queue_letters *l, json_t *base)
{
	json_t *o = json_copy(base), *more;

	if (o == NULL)
		return NULL;
	more = json_pack("{s:o, s:b, s:b, s:s}", "by", queue_letters_who(text(json_object_get(base, "from_name")), l->m->sender_shown), "internal",
	    l->people->visibility == PEOPLE_INTERNAL, "partner_only", l->people->visibility == PEOPLE_PARTNER, "id", l->m->ulid);
	if (more == NULL || json_object_update(o, more) != 0 || letter_context(o, l->in->object, l->v, l->in->conf) != VG_OK || set_thread(l, o, true) != VG_OK) {
		json_decref(o);
		o = NULL;
	}
	json_decref(more);
	return o;
}

static int
add_agent(const struct queue_letters *l, const char *address, const char *letter)
{
	struct outbox_row row = { .ticket = l->v->t.number, .message = l->m->id, .kind = LETTER_AGENT, .recipient = (char *)(uintptr_t)address,
		.shown = (char *)(uintptr_t)address, .name = (char *)(uintptr_t)"", .role = PART_AGENT,
		.letter = (char *)(uintptr_t)letter };

	return store_outbox_add(l->env->store, &row, l->in->now);
}

static int
add_agents(const struct queue_letters *l, const struct letters_message *m, json_t *base)
{
	const struct conf *c = l->in->conf;
	struct letters_list lists[CONF_NOTIFIES_MAX];
	size_t to[LETTERS_MAX], n = 0, count;
	json_t *o;
	char *letter;
	int err = VG_OK;

	for (; n < c->n_notifies && n < CONF_NOTIFIES_MAX; n++)
		lists[n] = (struct letters_list){ c->notifies[n].route, c->notifies[n].address,
			stands_in(member(l, "to"), c->notifies[n].address) || stands_in(member(l, "cc"), c->notifies[n].address) };
	if ((count = letters_agents(to, m, l->v->t.route, lists, n)) == 0)
		return VG_OK;
	o = for_agents(l, base);
	letter = o != NULL ? letter_text(l, o, LETTER_AGENT, PART_AGENT) : NULL;
	if (letter == NULL)
		err = VG_ERR_MEMORY;
	for (size_t i = 0; i < count && err == VG_OK; i++)
		err = add_agent(l, lists[to[i]].address, letter);
	free(letter);
	json_decref(o);
	return err;
}

static int
add_all(const struct queue_letters *l, json_t *audience)
{
	struct letters_message m = { .sender = l->m->sender, .role = l->m->role, .opens = l->opens,
		.automatic = l->m->quiet || *l->m->automatic != '\0', .quiet = l->m->quiet, .visibility = l->people->visibility,
		.by_us = l->by_us };
	struct letters_person *persons = calloc(l->v->t.n_participants + 1, sizeof(*persons));
	json_t *base = NULL;
	int err = persons == NULL ? VG_ERR_MEMORY : VG_OK;

	if (err == VG_OK) {
		read_people(l, audience, persons);
		if ((base = common(l, persons)) == NULL)
			err = VG_ERR_MEMORY;
	}
	if (err == VG_OK)
		err = add_participants(l, &m, persons, base);
	if (err == VG_OK)
		err = add_agents(l, &m, base);
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

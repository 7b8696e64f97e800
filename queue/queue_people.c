/*
 * queue_people.c - POLICY T1-T9 for one message: facts from message object, registry and store go to people.h and
 * commands.h; what these decide is written. Writer thread, inside its transaction. The object was checked; what it says is
 * still only what the sender wrote.
 */
#include "queue_people.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "err.h"
#include "queue_letters.h"

#define NAMED_MAX 50u         /* addresses in To and Cc that are looked up */
#define KNOWN_MAX (NAMED_MAX + COMMANDS_CUSTOMERS)
#define PARTICIPANTS_MAX 100u
#define ANSWERED_MAX 101u     /* In-Reply-To and 100 References */

/* An address that the message names, and what we know of it. */
struct known {
	struct addr a;
	const char *name;
	struct registry_sender who;
	struct people_class cls;
	struct people_member *member;
};

struct gathering {
	struct queue_people *p;
	struct people_ticket t;
	struct people_message m;
	struct people_member *members;
	struct known *known;
	unsigned n_known, taking_part;
	struct people_named named[NAMED_MAX];
	struct known *of[NAMED_MAX];  /* whose named[i] is */
	json_t *facts, *audience;     /* audience: of the message that this one answers */
	const char **heard;
	bool changed, too_many;
};

/* ---- facts ---- */

static struct people_member *
member(struct gathering *g, const char *address)
{
	for (size_t i = 0; i < g->t.n; i++)
		if (strcmp(g->members[i].address, address) == 0)
			return &g->members[i];
	return NULL;
}

/* A row for somebody who does not take part: perhaps they did, or are asked for. */
static int
add_member(struct gathering *g, struct known *k)
{
	struct people_member *row = member(g, k->a.normal);
	int err = VG_OK;

	if (row == NULL) {
		row = &g->members[g->t.n];
		*row = (struct people_member){ .address = k->a.normal };
		err = store_person(g->p->env->store, g->p->v->t.number, k->a.normal, &row->removed, &row->asked);
		g->t.n += err == VG_OK;
	}
	k->member = row;
	return err;
}

/* *out NULL: no address that can take part. */
static int
know(struct gathering *g, const char *address, const char *name, struct known **out)
{
	struct known *k = &g->known[g->n_known];
	const char *why;
	int err;

	*out = NULL;
	if (g->n_known == KNOWN_MAX || addr_parse(&k->a, address, strlen(address), 0, &why) != VG_OK)
		return VG_OK;
	if ((err = queue_people_class(g->p->env->registry, g->p->in->conf, g->t.partner, k->a.normal, &k->who, &k->cls)) != VG_OK)
		return err;
	k->name = *k->who.name != '\0' ? k->who.name : name;
	if ((err = add_member(g, k)) == VG_OK) {
		g->n_known++;
		*out = k;
	}
	return err;
}

static int
gather_field(struct gathering *g, const char *list, enum people_field field)
{
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(g->p->in->object, list), i, one)
	{
		const char *address = json_string_value(json_object_get(one, "address"));
		const char *name = json_string_value(json_object_get(one, "name"));
		struct known *k;
		int err;

		g->too_many |= address != NULL && g->m.n == NAMED_MAX;
		if (address == NULL || g->m.n == NAMED_MAX)
			continue;
		if ((err = know(g, address, name != NULL ? name : "", &k)) != VG_OK)
			return err;
		/* A group of agents is nobody who could take part; answers to all name it. */
		if (k == NULL || (k->cls.cls == CLASS_UNKNOWN && queue_people_is_list(g->p->in->conf, k->a.normal)))
			continue;
		g->of[g->m.n] = k;
		g->named[g->m.n++] = (struct people_named){ .address = k->a.normal, .field = field, .who = k->cls };
	}
	return VG_OK;
}

/* The message of this ticket that it answers: the first of In-Reply-To and, from the last, References that is one. */
static int
find_answered(struct gathering *g)
{
	static const char *const lists[] = { "in_reply_to", "references" };
	struct buf text;
	unsigned visibility = 0;
	int err = VG_ERR_NOTFOUND;

	buf_init(&text, 1 << 20);
	for (unsigned l = 0, tries = 0; l < 2 && err == VG_ERR_NOTFOUND; l++) {
		json_t *list = json_object_get(g->p->in->object, lists[l]);
		size_t n = json_array_size(list);

		for (size_t i = 0; i < n && err == VG_ERR_NOTFOUND && tries++ < ANSWERED_MAX; i++) {
			const char *mid = json_string_value(json_array_get(list, l == 0 ? i : n - 1 - i));

			if (mid != NULL)
				err = store_answered(g->p->env->store, g->p->v->t.number, mid, &visibility, &text);
		}
	}
	if (err == VG_OK) {
		json_t *one;
		size_t i;

		g->audience = json_loads(buf_str(&text), 0, NULL);
		g->heard = calloc(json_array_size(g->audience) + 1, sizeof(*g->heard));
		g->m.answers = (struct people_answered){ .known = true, .visibility = (enum people_visibility)visibility,
			.audience = g->heard };
		if (g->heard == NULL)
			err = VG_ERR_MEMORY;
		else
			json_array_foreach(g->audience, i, one)
				g->heard[g->m.answers.n++] = json_string_value(one) != NULL ? json_string_value(one) : "";
	}
	buf_free(&text);
	return err == VG_ERR_NOTFOUND ? VG_OK : err;
}

/* What the gate found out about the sender; without it nothing is proved. */
static void
read_proof(struct gathering *g)
{
	json_t *auth;
	const char *result, *covers;
	const struct store_message *m = g->p->m;

	g->facts = json_loads(m->facts, 0, NULL);
	auth = json_object_get(g->facts, "authentication");
	result = json_string_value(json_object_get(auth, "result"));
	covers = json_string_value(json_object_get(auth, "covers"));
	g->m.authenticated = result != NULL && (strcmp(result, "authenticated") == 0 || strcmp(result, "operator") == 0);
	g->m.covers = covers != NULL ? covers : "";
	g->m.automatic = m->quiet || strcmp(m->automatic, "auto-reply") == 0 || strcmp(m->automatic, "auto-generated") == 0;
}

static int
gather(struct gathering *g)
{
	struct queue_people *p = g->p;
	const struct store_ticket *t = &p->v->t;
	int err;

	g->members = calloc(t->n_participants + KNOWN_MAX, sizeof(*g->members));
	g->known = calloc(KNOWN_MAX + 1, sizeof(*g->known));
	if (g->members == NULL || g->known == NULL)
		return VG_ERR_MEMORY;
	for (unsigned i = 0; i < t->n_participants; i++)
		g->members[g->t.n++] = (struct people_member){ .address = t->participants[i].address, .role = t->participants[i].role,
			.in = true };
	g->taking_part = t->n_participants;
	g->t.partner = t->partner;
	g->t.holder = t->holder;
	g->t.partner_active = p->v->has_partner && p->v->partner.status == PARTNER_ACTIVE;
	g->t.members = g->members;
	g->m.sender = p->m->sender;
	g->m.role = p->m->role;
	g->m.named = g->named;
	read_proof(g);
	if ((err = gather_field(g, "to", PEOPLE_TO)) == VG_OK && (err = gather_field(g, "cc", PEOPLE_CC)) == VG_OK &&
	    g->m.role == PART_AGENT)
		err = find_answered(g);
	return err;
}

/* ---- writing ---- */

static int
audit(struct gathering *g, const struct known *k, const char *what, const struct people_change *c)
{
	const struct store_message *m = g->p->m;
	struct store_audit a = { .actor = "mail", .what = what, .rule = c->rule, .reason = people_cause_word(c->cause),
		.text = k->a.normal, .sender = m->sender, .message = m->ulid, .ticket = g->p->v->t.number, .at = g->p->in->now };
	char reference[ULID_LEN + 1];

	return store_audit_add(g->p->env->store, &a, reference);
}

__attribute__((format(printf, 3, 4))) static void
add_problem(struct gathering *g, const char *code, const char *fmt, ...)
{
	char detail[COMMANDS_DETAIL + ADDR_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	json_array_append_new(g->p->problems, json_pack("{s:s,s:s}", "code", code, "detail", detail));
}

/* T2: one reason for every cause that would tell something of the registry. */
static int
not_taken_up(struct gathering *g, const struct known *k, const struct people_change *c)
{
	if (c->cause == PEOPLE_NOT_ASKED)
		add_problem(g, "command.refused", "#customer confirm %s: nobody asked for them", k->a.shown);
	else if (c->cause == PEOPLE_NOT_THERE)
		add_problem(g, "command.refused", "#customer remove %s: they do not take part", k->a.shown);
	else
		add_problem(g, "participant.not-added", "%s was not taken up into the ticket", k->a.shown);
	return audit(g, k, "participant.refused", c);
}

static int
let_in(struct gathering *g, struct known *k, const struct people_change *c)
{
	struct store *s = g->p->env->store;
	const struct store_message *m = g->p->m;
	char name[256];
	struct store_participant row = { .role = c->role, .by_contact = m->role == PART_CONTACT, .address = k->a.normal,
		.shown = k->a.shown, .name = name, .added_by = m->sender, .added_at = m->received_at, .message = m->id };
	bool added;
	int err;

	snprintf(name, sizeof(name), "%s", k->name);
	if (g->taking_part >= PARTICIPANTS_MAX) {
		struct people_change full = { .what = PEOPLE_REFUSE, .cause = PEOPLE_FULL, .rule = people_cause_rule(PEOPLE_FULL) };

		return not_taken_up(g, k, &full);
	}
	if ((err = store_participant_add(s, g->p->v->t.number, &row, &added)) != VG_OK ||
	    (err = store_person_unask(s, g->p->v->t.number, k->a.normal)) != VG_OK)
		return err;
	*k->member = (struct people_member){ .address = k->a.normal, .role = c->role, .in = true };
	g->taking_part++;
	g->changed = true;
	return audit(g, k, "participant.added", c);
}

static int
let_go(struct gathering *g, struct known *k, const struct people_change *c)
{
	bool removed;
	int err = store_participant_remove(g->p->env->store, g->p->v->t.number, k->a.normal, g->p->m->sender, g->p->in->now,
	    &removed);

	/* v still holds who took part before. */
	if (err == VG_OK && removed)
		err = queue_letters_removed(g->p->env->store, g->p->in->conf, g->p->v, k->a.normal, g->p->m->id, g->p->in->now);
	if (err != VG_OK)
		return err;
	k->member->removed |= k->member->in;
	k->member->in = k->member->asked = false;
	g->taking_part -= removed;
	g->p->left += removed;
	g->changed = true;
	return audit(g, k, removed ? "participant.removed" : "participant.not-asked", c);
}

static int
follow(struct gathering *g, struct known *k, const struct people_change *c)
{
	int err;

	switch (c->what) {
	case PEOPLE_JOIN:
		return let_in(g, k, c);
	case PEOPLE_LEAVE:
		return let_go(g, k, c);
	case PEOPLE_ASK:
		k->member->asked = true;
		err = store_person_ask(g->p->env->store, g->p->v->t.number, k->a.normal, g->p->m->sender, g->p->in->now, g->p->m->id);
		add_problem(g, "participant.asked", "%s takes part when a contact confirms it", k->a.shown);
		return err != VG_OK ? err : audit(g, k, "participant.asked", c);
	case PEOPLE_REFUSE:
		return not_taken_up(g, k, c);
	case PEOPLE_NOTHING:
		break;
	}
	return VG_OK;
}

/* ---- the message ---- */

static int
follow_named(struct gathering *g)
{
	int err = VG_OK;

	for (size_t i = 0; i < g->m.n && err == VG_OK; i++) {
		struct people_change c = people_named(&g->t, &g->m, &g->named[i]);

		err = follow(g, g->of[i], &c);
	}
	return err;
}

static int
follow_commands(struct gathering *g)
{
	const struct command_plan *plan = &g->p->plan;
	int err = VG_OK;

	for (unsigned i = 0; i < plan->n_problems; i++)
		add_problem(g, plan->problems[i].code, "%s", plan->problems[i].detail);
	for (unsigned i = 0; i < plan->n_customers && err == VG_OK; i++) {
		const struct command_customer *command = &plan->customers[i];
		struct known *k;

		if ((err = know(g, command->shown, "", &k)) == VG_OK && k != NULL) {
			struct people_change c = people_command(&g->t, &g->m, command->what, k->a.normal, &k->cls);

			err = follow(g, k, &c);
		}
	}
	return err;
}

/* From the participants as they are now. */
static int
put_audience(struct gathering *g)
{
	const struct store_ticket *t = &g->p->v->t;
	int err = buf_adds(&g->p->audience, "[");
	bool first = true;

	for (unsigned i = 0; i < t->n_participants && err == VG_OK; i++) {
		struct people_member row = { .address = t->participants[i].address, .role = t->participants[i].role, .in = true };

		if (!people_hears(&g->m, &row))
			continue;
		err = first ? VG_OK : buf_adds(&g->p->audience, ",");
		if (err == VG_OK)
			err = event_string(&g->p->audience, row.address);
		first = false;
	}
	return err == VG_OK ? buf_adds(&g->p->audience, "]") : err;
}

/* What the partner is told of a customer's message (T4). */
static void
note_customer(struct gathering *g)
{
	if (people_dropped_partner(&g->t, &g->m))
		add_problem(g, "thread.partner-dropped", "the customer wrote without the partner in To or Cc (T4)");
	if (g->m.role == PART_CUSTOMER && g->p->v->t.status == TICKET_CLOSED)
		add_problem(g, "thread.closed", "a customer wrote to the closed ticket; only a contact reopens it");
}

static int
judge(struct gathering *g)
{
	struct queue_people *p = g->p;
	const char *text = json_string_value(json_object_get(json_object_get(p->in->object, "body"), "text"));
	int err = gather(g);

	if (err != VG_OK)
		return err;
	p->trusted = g->m.authenticated && !g->m.automatic;
	commands_plan(&p->plan, json_object_get(p->in->object, "commands"), text, g->m.role, p->trusted);
	g->m.note = p->plan.note;
	g->m.open = p->plan.open;
	note_customer(g);
	if (g->too_many)
		add_problem(g, "participant.too-many", "only the first %u addresses in To and Cc were looked at", NAMED_MAX);
	if ((err = follow_named(g)) != VG_OK || (err = follow_commands(g)) != VG_OK)
		return err;
	p->visibility = people_visibility(&g->m);
	if (g->changed && (err = ticket_reload(p->v, p->env->store)) != VG_OK)
		return err;
	return put_audience(g);
}

int
queue_people(struct queue_people *p)
{
	struct gathering *g = calloc(1, sizeof(*g));
	int err = VG_ERR_MEMORY;

	buf_init(&p->audience, 1 << 20);
	p->problems = json_array();
	if (g != NULL && p->problems != NULL) {
		g->p = p;
		err = judge(g);
		json_decref(g->facts);
		json_decref(g->audience);
		free(g->heard);
		free(g->members);
		free(g->known);
	}
	free(g);
	return err;
}

void
queue_people_free(struct queue_people *p)
{
	buf_free(&p->audience);
	json_decref(p->problems);
}

/*
 * event.c - writes events and tickets as JSON text. Runs in the queue process, in the writer and in the reader. Text that came
 * from mail is escaped here, whatever it holds.
 */
#include "event.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "people.h"
#include "utf8.h"

/* ---- words ---- */

static const char *const roles[] = {
	[PART_NONE] = "none", [PART_CONTACT] = "contact", [PART_OBSERVER] = "observer", [PART_CUSTOMER] = "customer",
	[PART_AGENT] = "agent", [PART_HOLDER] = "holder"
};
static const char *const classes[] = {
	[CLASS_UNKNOWN] = "unknown", [CLASS_AGENT] = "agent", [CLASS_CONTACT] = "contact", [CLASS_DIRECT] = "direct",
	[CLASS_CUSTOMER] = "customer", [CLASS_PARTNER_DOMAIN] = "partner-domain"
};
static const char *const statuses[] = {
	[TICKET_NONE] = "", [TICKET_OPEN] = "open", [TICKET_WAITING] = "waiting-partner", [TICKET_CLOSED] = "closed"
};
static const char *const slas[] = {
	[SLA_NONE] = "none", [SLA_RUNNING] = "running", [SLA_WARNED] = "warned", [SLA_BREACHED] = "breached", [SLA_MET] = "met"
};
static const char *const visibilities[] = { [PEOPLE_PUBLIC] = "public", [PEOPLE_PARTNER] = "partner", [PEOPLE_INTERNAL] = "internal" };
#define WORD(table, i) ((size_t)(i) < sizeof(table) / sizeof((table)[0]) ? (table)[i] : (table)[0])

const char *
event_role_word(enum participant_role role)
{
	return WORD(roles, role);
}

const char *
event_class_word(enum sender_class cls)
{
	return WORD(classes, cls);
}

const char *
event_status_word(enum ticket_status status)
{
	return WORD(statuses, status);
}

const char *
event_sla_word(enum store_sla_state state)
{
	return WORD(slas, state);
}

enum ticket_status
event_status(const char *word)
{
	for (int i = TICKET_OPEN; i <= TICKET_CLOSED; i++)
		if (strcmp(word, statuses[i]) == 0)
			return (enum ticket_status)i;
	return TICKET_NONE;
}

/* ---- JSON text ---- */

/* Bytes from s that need no escape. */
static size_t
plain_run(const char *s)
{
	size_t n = 0;

	while ((unsigned char)s[n] >= 0x20 && (unsigned char)s[n] < 0x7f && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

static int
escape_one(struct buf *out, const char **s)
{
	unsigned char c = (unsigned char)**s;
	uint32_t cp;
	unsigned n;

	if (c < 0x80) {
		(*s)++;
		return c == '"' || c == '\\' ? buf_addf(out, "\\%c", c) : buf_addf(out, "\\u%04x", c);
	}
	n = utf8_next(*s, strnlen(*s, 4), &cp);
	if (n == 0) {
		(*s)++;
		return buf_adds(out, "\\ufffd");
	}
	*s += n;
	return buf_add(out, *s - n, n);
}

int
event_string(struct buf *out, const char *s)
{
	int err;

	if (s == NULL)
		return buf_adds(out, "null");
	err = buf_adds(out, "\"");
	while (err == VG_OK && *s != '\0') {
		size_t n = plain_run(s);

		if (n > 0 && (err = buf_add(out, s, n)) != VG_OK)
			break;
		s += n;
		if (*s != '\0')
			err = escape_one(out, &s);
	}
	return err == VG_OK ? buf_adds(out, "\"") : err;
}

/* One `"name":"value"` with what stands before it. */
static int
member(struct buf *out, const char *before, const char *name, const char *value)
{
	int err = buf_adds(out, before);

	if (err == VG_OK && (err = buf_adds(out, "\"")) == VG_OK && (err = buf_adds(out, name)) == VG_OK &&
	    (err = buf_adds(out, "\":")) == VG_OK)
		err = event_string(out, value);
	return err;
}

static int
member_time(struct buf *out, const char *before, const char *name, int64_t ms)
{
	char text[32];

	if (ms > 0)
		id_rfc3339(text, ms, 0);
	return member(out, before, name, ms > 0 ? text : NULL);
}

/* ---- tickets ---- */

static const char *
null_if_empty(const char *s)
{
	return s == NULL || *s == '\0' ? NULL : s;
}

static int
put_owner(struct buf *out, const struct event_owner *o)
{
	int err;

	if (o->partner == NULL) {
		err = buf_adds(out, ",\"partner\":null,\"holder\":");
		if (err == VG_OK && null_if_empty(o->holder) == NULL)
			return buf_adds(out, "null");
		if (err == VG_OK && (err = member(out, "{", "id", o->holder)) == VG_OK)
			err = member(out, ",", "name", o->holder_name);
		return err == VG_OK ? buf_adds(out, "}") : err;
	}
	if ((err = member(out, ",\"partner\":{", "id", o->partner->id)) != VG_OK ||
	    (err = member(out, ",", "name", o->partner->name)) != VG_OK ||
	    (err = member(out, ",", "vcsp_id", null_if_empty(o->partner->vcsp_id))) != VG_OK ||
	    (err = member(out, ",", "region", null_if_empty(o->partner->region))) != VG_OK)
		return err;
	return buf_adds(out, "},\"holder\":null");
}

static int
put_participants(struct buf *out, const struct store_ticket *t)
{
	int err = buf_adds(out, ",\"participants\":[");

	for (unsigned i = 0; i < t->n_participants && err == VG_OK; i++) {
		const struct store_participant *p = &t->participants[i];

		if ((err = member(out, i == 0 ? "{" : ",{", "role", event_role_word(p->role))) != VG_OK ||
		    (err = member(out, ",", "name", p->name)) != VG_OK ||
		    (err = member(out, ",", "address", p->address)) != VG_OK ||
		    (err = member(out, ",", "added_by", p->added_by)) != VG_OK ||
		    (err = member_time(out, ",", "added_at", p->added_at)) != VG_OK ||
		    (err = member(out, ",", "added_with", null_if_empty(p->message_ulid))) != VG_OK)
			return err;
		err = buf_adds(out, "}");
	}
	return err == VG_OK ? buf_adds(out, "]") : err;
}

static int
put_related(struct buf *out, const struct event_ticket *t)
{
	int err = buf_adds(out, ",\"related\":[");

	for (unsigned i = 0; i < t->n_related && err == VG_OK; i++) {
		err = buf_addf(out, "%s{\"number\":%llu", i == 0 ? "" : ",", (unsigned long long)t->related[i].number);
		if (err == VG_OK)
			err = member(out, ",", "fingerprint", null_if_empty(t->related[i].fingerprint));
		if (err == VG_OK)
			err = buf_adds(out, "}");
	}
	return err == VG_OK ? buf_addf(out, "],\"related_elsewhere\":%u", t->elsewhere) : err;
}

int
event_ticket(struct buf *out, const struct event_ticket *e)
{
	const struct store_ticket *t = e->ticket;
	int err;

	if ((err = buf_addf(out, "{\"number\":%llu", (unsigned long long)t->number)) != VG_OK ||
	    (err = member(out, ",", "route", t->route)) != VG_OK ||
	    (err = buf_addf(out, ",\"severity\":%u", t->severity)) != VG_OK ||
	    (err = member(out, ",", "status", event_status_word(t->status))) != VG_OK ||
	    (err = member(out, ",", "subject", t->subject)) != VG_OK ||
	    (err = member(out, ",", "reference", null_if_empty(t->reference))) != VG_OK ||
	    (err = put_owner(out, &e->owner)) != VG_OK || (err = put_participants(out, t)) != VG_OK ||
	    (err = member_time(out, ",\"sla\":{", "first_response_due", t->first_response_due)) != VG_OK ||
	    (err = member(out, ",", "state", t->sla_state == SLA_NONE ? NULL : event_sla_word(t->sla_state))) != VG_OK ||
	    (err = buf_adds(out, "}")) != VG_OK || (err = put_related(out, e)) != VG_OK ||
	    (err = member_time(out, ",", "opened_at", t->opened_at)) != VG_OK ||
	    (err = member_time(out, ",", "updated_at", t->updated_at)) != VG_OK ||
	    (err = member_time(out, ",", "closed_at", t->closed_at)) != VG_OK)
		return err;
	if (t->merged_into > 0 && (err = buf_addf(out, ",\"merged_into\":%llu", (unsigned long long)t->merged_into)) != VG_OK)
		return err;
	return buf_adds(out, "}");
}

int
event_head(struct buf *out, const struct event *e)
{
	char at[32];
	int err;

	id_rfc3339(at, e->at, 1);
	err = buf_addf(out, "{\"schema\":\"vcspgate/event/1\",\"event_id\":\"%s\",\"seq\":%llu,\"event\":\"%s\",\"at\":\"%s\",\"changed\":[",
	    e->ulid, (unsigned long long)e->seq, e->kind, at);
	for (unsigned i = 0; err == VG_OK && e->changed != NULL && e->changed[i] != NULL; i++)
		err = buf_addf(out, "%s\"%s\"", i == 0 ? "" : ",", e->changed[i]);
	if (err == VG_OK)
		err = buf_adds(out, "],\"ticket\":");
	if (err != VG_OK)
		return err;
	return e->ticket == NULL ? buf_adds(out, "null") : event_ticket(out, e->ticket);
}

/* ---- messages ---- */

/* End of the JSON value at s: behind its last byte. The text is our own process's, but a broken one must not lead astray. */
static const char *
value_end(const char *s)
{
	unsigned depth = 0;

	for (; *s != '\0'; s++) {
		if (*s == '"') {
			for (s++; *s != '\0' && *s != '"'; s++)
				s += *s == '\\' && s[1] != '\0';
			if (*s == '\0')
				return NULL;
		} else if (*s == '{' || *s == '[') {
			depth++;
		} else if (*s == '}' || *s == ']') {
			if (--depth == 0)
				return s + 1;
		}
		if (depth == 0)
			return NULL; /* objects only */
	}
	return NULL;
}

/* The gate's evidence under `authentication` goes to the backend as it stands; the gate writes it first. */
static int
put_authentication(struct buf *out, const char *facts)
{
	static const char first[] = "{\"authentication\":{";
	const char *start = strncmp(facts, first, sizeof(first) - 1) == 0 ? facts + sizeof(first) - 2 : NULL;
	const char *end = start != NULL ? value_end(start) : NULL;
	json_t *all;
	char *text;
	int err;

	if (end != NULL)
		return buf_add(out, start, (size_t)(end - start));
	all = json_loads(facts, 0, NULL);
	text = json_dumps(json_object_get(all, "authentication"), JSON_COMPACT);
	err = buf_adds(out, text != NULL ? text : "null");
	free(text);
	json_decref(all);
	return err;
}

int
event_message(struct buf *out, const char *json, size_t len, const struct store_message *m, const char *audience)
{
	int err;

	while (len > 0 && strchr(" \t\r\n", json[len - 1]) != NULL)
		len--;
	if (len < 3 || json[len - 1] != '}')
		return VG_ERR_SYNTAX;
	if ((err = buf_add(out, json, len - 1)) != VG_OK ||
	    (err = buf_addf(out, ",\"id\":\"%s\",\"raw_url\":\"/v1/messages/%s/raw\",\"direction\":\"%s\",\"visibility\":\"%s\","
	        "\"audience\":%s", m->ulid, m->ulid, m->outgoing ? "out" : "in", WORD(visibilities, m->visibility), audience)) != VG_OK ||
	    (err = member(out, ",\"sender\":{", "class", event_class_word(m->cls))) != VG_OK ||
	    (err = member(out, ",", "role", m->role == PART_NONE ? NULL : event_role_word(m->role))) != VG_OK ||
	    (err = member(out, ",", "address", m->sender)) != VG_OK ||
	    (err = buf_adds(out, ",\"authentication\":")) != VG_OK || (err = put_authentication(out, m->facts)) != VG_OK ||
	    (err = member(out, "},\"verdict\":{", "rule", m->rule)) != VG_OK ||
	    (err = member(out, ",", "text", *m->reason != '\0' ? m->reason : m->text)) != VG_OK)
		return err;
	return buf_adds(out, "}}");
}

void
event_message_strip(json_t *object)
{
	static const char *const ours[] = { "id", "raw_url", "direction", "visibility", "audience", "sender", "verdict" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		json_object_del(object, ours[i]);
}

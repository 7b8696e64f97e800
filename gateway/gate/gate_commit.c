/*
 * gate_commit.c - a decided case to the COMMIT message. Runs in the gate, once a mail.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "gate_commit.h"
#include "gate_evidence.h"
#include "gate_prefix.h"

#define PREFIX_MAX 32768u /* ten signatures with the longest names fit */

static void from_submit(struct commit *m, const struct submit *s)
{
	m->channel = s->channel;
	m->sess = s->sess;
	m->real_peer = s->real_peer;
	m->client = s->client;
	m->helo = s->helo;
	m->tls = s->tls;
	m->login = s->login;
	m->reverse_path = s->reverse_path;
	m->rcpts = s->rcpts;
	m->received_at = s->received_at;
	m->size = s->size;
	m->spool = s->spool;
	m->key = s->key;
	m->bytes = s->bytes;
}

static void from_header(struct commit *m, const struct gate_facts *f)
{
	m->sender = f->from.addr.normal;
	m->sender_shown = f->from.addr.shown;
	m->sender_name = f->from.name;
	m->message_id = f->message_id;
	m->subject = f->subject;
	m->automatic = automatic_name(f->automatic);
}

/* What the registry says of the sender; its name goes before the one that the sender wrote. */
static void from_registry(struct commit *m, const struct facts_say *s)
{
	if (s == NULL)
		return;
	m->cls = s->cls;
	m->partner = s->partner;
	m->holder = s->holder;
	m->message_id_seen = s->message_id_seen;
	if (s->sender_name[0] != '\0')
		m->sender_name = s->sender_name;
}

static void from_verdict(struct commit *m, const struct verdict *v, const struct gate_case *c)
{
	m->action = (uint8_t)v->action;
	m->outcome = (uint8_t)v->outcome;
	m->rule = v->rule;
	m->reason = v->reason;
	m->text = v->text;
	m->ticket = v->ticket;
	m->related = v->related;
	m->outgoing = v->action == COMMIT_RETURN ? c->rcpts->bounce_number : 0;
	m->role = (uint8_t)v->role;
	m->quiet = v->quiet;
	m->reopen = v->reopen;
	m->route = v->route_direct ? "direct" : c->rcpts->route;
	m->after_queue = c->submit->after_queue && v->quiet_after_queue;
}

int gate_commit_make(struct gate_commit *out, const struct gate_case *c, const struct blob *digest)
{
	memset(out, 0, sizeof(*out));
	buf_init(&out->prefix, PREFIX_MAX);
	out->evidence = gate_evidence(c);
	if (out->evidence == NULL)
		return VG_ERR_MEMORY;
	from_submit(&out->msg, c->submit);
	from_header(&out->msg, c->facts);
	from_registry(&out->msg, c->say);
	from_verdict(&out->msg, &c->verdict, c);
	out->msg.facts = out->evidence;
	out->msg.digest = *digest;
	/* A refusal is an audit record, a deferral a note: no message, so nothing to put before it. */
	if (c->verdict.action == COMMIT_REFUSE || c->verdict.action == COMMIT_DEFER) {
		out->msg.bytes = (struct blob){0};
		return VG_OK;
	}
	/* Ours on top: who reads the message later believes the topmost. */
	if (gate_prefix_results(&out->prefix, c->sender, c->submit, c->conf->hostname) != VG_OK ||
	    gate_prefix(&out->prefix, c->submit, c->conf->hostname) != VG_OK)
		return VG_ERR_MEMORY;
	out->msg.prefix = (struct blob){out->prefix.data, out->prefix.len};
	return VG_OK;
}

void gate_commit_free(struct gate_commit *c)
{
	free(c->evidence);
	c->evidence = NULL;
	buf_free(&c->prefix);
}

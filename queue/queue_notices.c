/*
 * queue_notices.c - letters that no message causes (queue_letters.h): somebody is out, a copy did not arrive.
 */
#include "queue_letters.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "letters.h"
#include "outbox.h"

/* A letter without a text to somebody who had letters of this ticket before. */
static json_t *
notice(struct store *s, const struct ticket_view *v, const char *address, const char *hostname)
{
	struct buf last;
	const struct store_ticket *t = &v->t;
	json_t *o = NULL, *thread = json_array();

	buf_init(&last, 1024);
	if (thread != NULL && queue_letters_root(thread, t->number, hostname) == VG_OK &&
	    store_outbox_last_id(s, t->number, address, &last) == VG_OK) {
		if (last.len > 0)
			json_array_append_new(thread, json_string(buf_str(&last)));
		o = json_pack("{s:o, s:s, s:s, s:s, s:O, s:[], s:[], s:[], s:[], s:[], s:[], s:s, s:s, s:b, s:b, s:s, s:s}", "ticket",
		    queue_letters_ticket(t), "subject", t->subject, "from_name", "", "in_reply_to", last.len > 0 ? buf_str(&last) : "", "references", thread,
		    "understood", "missing", "notes", "people", "errors", "attachments", "by", "", "partner", "", "dropped", 0, "automatic", 1,
		    "text", "", "language", queue_letters_language(v));
	}
	json_decref(thread);
	buf_free(&last);
	return o;
}

int
queue_letters_add(struct store *s, struct outbox_row *row, json_t *letter, int64_t now)
{
	int err;

	row->letter = letter != NULL ? json_dumps(letter, JSON_COMPACT) : NULL;
	err = row->letter != NULL ? store_outbox_add(s, row, now) : VG_ERR_MEMORY;
	free(row->letter);
	json_decref(letter);
	return err;
}

static int
tell_removed(struct store *s, const struct conf *conf, const struct ticket_view *v, const struct store_participant *p, int64_t message,
    int64_t now)
{
	struct outbox_row row = { .ticket = v->t.number, .message = message, .kind = LETTER_REMOVED, .recipient = p->address,
		.shown = p->shown, .name = p->name, .role = p->role, .participant = p->id };

	return queue_letters_add(s, &row, notice(s, v, p->address, conf->hostname), now);
}

int
queue_letters_removed(struct store *s, const struct conf *conf, const struct ticket_view *v, const char *address, int64_t message,
    int64_t now)
{
	const struct store_participant *p = ticket_participant(&v->t, address);
	int err = store_outbox_cancel(s, v->t.number, address, "they no longer take part", now);

	if (err != VG_OK || conf->n_smarthosts == 0 || p == NULL || (p->role != PART_CUSTOMER && p->role != PART_OBSERVER))
		return err;
	return tell_removed(s, conf, v, p, message, now);
}

size_t
queue_letters_agents(size_t *out, const struct conf *conf, const char *route)
{
	const struct letters_message nobody = { .sender = "" };
	struct letters_list lists[CONF_NOTIFIES_MAX];
	size_t n = 0;

	for (; n < conf->n_notifies && n < CONF_NOTIFIES_MAX; n++)
		lists[n] = (struct letters_list){ conf->notifies[n].route, conf->notifies[n].address, false };
	return letters_agents(out, &nobody, route, lists, n);
}

/* What an agent reads of it. */
static json_t *
failed_text(json_t *o, const struct outbox_row *r, const char *why, bool stopped)
{
	json_t *more = json_pack("{s:o, s:s, s:s, s:b, s:s}", "by", queue_letters_who(r->name, r->shown), "sender", r->recipient, "reason", why,
	    "stopped", stopped, "language", "");

	if (o == NULL || more == NULL || json_object_update(o, more) != 0) {
		json_decref(o);
		o = NULL;
	}
	json_decref(more);
	return o;
}

int
queue_letters_failed(struct store *s, const struct conf *conf, const struct ticket_view *v, const struct outbox_row *r, const char *why,
    bool stopped, int64_t now)
{
	size_t to[LETTERS_MAX], n;
	int err = VG_OK;

	/* what agents do not get is no news for agents */
	if (conf->n_smarthosts == 0 || r->role == PART_AGENT)
		return VG_OK;
	n = queue_letters_agents(to, conf, v->t.route);
	for (size_t i = 0; i < n && err == VG_OK; i++) {
		char *address = conf->notifies[to[i]].address;
		struct outbox_row row = { .ticket = v->t.number, .message = r->message, .kind = LETTER_FAILED, .recipient = address,
			.shown = address, .name = (char *)(uintptr_t)"", .role = PART_AGENT };

		err = queue_letters_add(s, &row, failed_text(notice(s, v, address, conf->hostname), r, why, stopped), now);
	}
	return err;
}

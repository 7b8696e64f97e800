/*
 * calls_store_tickets.c - tickets and their messages for the backend and the tool. Reader thread, changes in the writer. All of a
 * ticket may be shown here: who may ask is the API's business.
 */
#include "calls_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blob.h"
#include "content.h"
#include "err.h"
#include "ticket.h"

#define ROUTE_MAX 64u

/* ---- reading ---- */

bool
calls_ticket_number(json_t *args, struct call_result *res, uint64_t *number)
{
	const char *text = call_param(args, "n");
	int64_t n;

	if (text == NULL || strspn(text, "0123456789") != strlen(text) || !calls_number(res, "n", text, 0, 1, INT64_MAX, &n) ||
	    n == 0) {
		call_problem(res, 404, "not found", NULL, "there is no such ticket");
		return false;
	}
	*number = (uint64_t)n;
	return true;
}

/* Beside what events say: who waits for a contact's confirmation (T1). */
static int
put_asked(struct call_env *env, uint64_t number, struct buf *out)
{
	json_t *asked;
	char *text;
	int err = store_persons_asked(env->store, number, &asked);

	text = json_dumps(asked, JSON_COMPACT);
	if (err == VG_OK && text == NULL)
		err = VG_ERR_MEMORY;
	if (err == VG_OK) {
		out->len--; /* the closing brace */
		err = buf_addf(out, ",\"asked\":%s}", text);
	}
	free(text);
	json_decref(asked);
	return err;
}

int
calls_put_ticket(struct call_env *env, uint64_t number, struct buf *out)
{
	struct ticket_view v;
	int err = ticket_load(&v, env->store, env->registry, number);

	if (err == VG_OK && v.t.pending)
		err = VG_ERR_NOTFOUND;
	if (err == VG_OK) {
		struct event_ticket view = ticket_event_view(&v);

		err = event_ticket(out, &view);
	}
	if (err == VG_OK)
		err = put_asked(env, number, out);
	ticket_close(&v);
	return err;
}

void
calls_tickets_show(struct call_env *env, json_t *args, struct call_result *res)
{
	struct buf out;
	uint64_t number;

	if (!calls_ticket_number(args, res, &number))
		return;
	buf_init(&out, CALLS_ANSWER_MAX);
	calls_text(res, &out, calls_put_ticket(env, number, &out));
}

static bool
read_filter(json_t *args, struct call_result *res, struct store_ticket_filter *f)
{
	const char *status = call_query(args, "status");
	int64_t cursor;

	*f = (struct store_ticket_filter){ .partner = call_query(args, "partner"), .query = call_query(args, "q") };
	if (!calls_page(args, res, &f->max, &cursor))
		return false;
	f->before = (uint64_t)cursor;
	if (f->query != NULL && (*f->query == '\0' || strlen(f->query) > 500))
		f->query = *f->query == '\0' ? NULL : "";
	if (status != NULL && *status != '\0' && (f->status = event_status(status)) == TICKET_NONE) {
		call_problem(res, 400, "invalid value", "status", "status: open, waiting-partner or closed is wanted");
		return false;
	}
	return true;
}

/* Puts items until the answer is full. */
static void
put_tickets(struct call_env *env, const uint64_t *numbers, int n, bool full_page, struct call_result *res)
{
	struct buf out;
	int i, err = calls_list(&out);
	bool cut = false;

	for (i = 0; i < n && err == VG_OK && !cut; i++) {
		size_t before = out.len;

		if (i > 0)
			err = buf_adds(&out, ",");
		if (err == VG_OK)
			err = calls_put_ticket(env, numbers[i], &out);
		if ((cut = (err == VG_ERR_LIMIT && i > 0) || out.len > CALLS_ANSWER_MAX / 2)) {
			if (err == VG_ERR_LIMIT) {
				out.len = before;
				i--;
			}
			err = VG_OK;
		}
	}
	if (err != VG_OK)
		calls_text(res, &out, err);
	else
		calls_list_end(res, &out, i > 0 && (full_page || i < n), i > 0 ? (int64_t)numbers[i - 1] : 0);
}

void
calls_tickets_list(struct call_env *env, json_t *args, struct call_result *res)
{
	struct store_ticket_filter f;
	uint64_t numbers[200];
	int n;

	if (!read_filter(args, res, &f))
		return;
	n = store_tickets(env->store, &f, numbers);
	if (n < 0)
		calls_failed(res, n);
	else
		put_tickets(env, numbers, n, (unsigned)n == f.max, res);
}

void
calls_tickets_messages(struct call_env *env, json_t *args, struct call_result *res)
{
	int64_t ids[200], cursor, last = 0;
	uint64_t number, shown = 0;
	struct ticket_view v;
	struct buf out;
	unsigned limit;
	int n, err;

	if (!calls_ticket_number(args, res, &number) || !calls_page(args, res, &limit, &cursor))
		return;
	err = ticket_load(&v, env->store, env->registry, number);
	if (err == VG_OK && v.t.pending)
		err = VG_ERR_NOTFOUND;
	ticket_close(&v);
	n = err != VG_OK ? err : store_ticket_messages(env->store, number, cursor, ids, limit);
	if (n < 0) {
		calls_failed(res, n);
		return;
	}
	err = calls_list(&out);
	/* Objects may be large: a page ends where the answer is half full. */
	for (int i = 0; i < n && err == VG_OK && out.len < CALLS_ANSWER_MAX / 2; i++) {
		size_t before = out.len;

		if (shown > 0)
			err = buf_adds(&out, ",");
		if (err == VG_OK)
			err = store_object(env->store, ids[i], &out);
		if (err == VG_ERR_LIMIT && shown > 0) {
			out.len = before;
			err = VG_OK;
			break;
		}
		last = ids[i];
		shown++;
	}
	if (err != VG_OK)
		calls_text(res, &out, err);
	else
		calls_list_end(res, &out, shown > 0 && (shown < (uint64_t)n || (unsigned)n == limit), last);
}

/* ---- changing ---- */

static bool
route_ok(const char *route)
{
	size_t n = strlen(route);

	return n > 0 && n <= ROUTE_MAX &&
	    strspn(route, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == n;
}

/* What PATCH asks for; names of the fields that really change are noted. */
struct change {
	struct store_ticket *t;
	const char *changed[4];
	unsigned n;
	bool closes;
};

static bool
change_severity(struct change *c, json_t *v, struct call_result *res)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v) || n < 1 || n > 4) {
		call_problem(res, 422, "invalid value", "severity", "severity: a whole number from 1 to 4 is wanted");
		return false;
	}
	if ((unsigned)n != c->t->severity)
		c->changed[c->n++] = "severity";
	c->t->severity = (unsigned)n;
	return true;
}

static bool
change_status(struct change *c, json_t *v, int64_t now, struct call_result *res)
{
	enum ticket_status s = json_is_string(v) ? event_status(json_string_value(v)) : TICKET_NONE;

	if (s == TICKET_NONE) {
		call_problem(res, 422, "invalid value", "status", "status: open, waiting-partner or closed is wanted");
		return false;
	}
	if (s == c->t->status)
		return true;
	if (c->t->merged_into > 0) {
		call_problem(res, 409, "was merged", "status", "the ticket went into another one and stays closed");
		return false;
	}
	c->changed[c->n++] = "status";
	c->closes = s == TICKET_CLOSED;
	c->t->status = s;
	c->t->closed_at = c->closes ? now : 0;
	return true;
}

static bool
change_route(struct change *c, json_t *v, struct call_result *res)
{
	const char *route = json_string_value(v);
	char *copy;

	if (route == NULL || !route_ok(route) || (copy = strdup(route)) == NULL) {
		call_problem(res, 422, "invalid value", "route", "route: 1 to %u letters, digits, - _ or . are wanted", ROUTE_MAX);
		return false;
	}
	if (strcmp(route, c->t->route) != 0)
		c->changed[c->n++] = "route";
	free(c->t->route);
	c->t->route = copy;
	return true;
}

static bool
read_change(struct change *c, json_t *body, int64_t now, struct call_result *res)
{
	const char *name;
	json_t *v;

	if (!json_is_object(body)) {
		call_problem(res, 422, "invalid value", NULL, "the body must be an object");
		return false;
	}
	json_object_foreach(body, name, v)
	{
		bool ok;

		if (strcmp(name, "severity") == 0) {
			ok = change_severity(c, v, res);
		} else if (strcmp(name, "status") == 0) {
			ok = change_status(c, v, now, res);
		} else if (strcmp(name, "route") == 0) {
			ok = change_route(c, v, res);
		} else {
			call_problem(res, 422, "unknown member", name, "only severity, status and route can be changed");
			ok = false;
		}
		if (!ok)
			return false;
	}
	return true;
}

static int
write_change(struct call_env *env, struct ticket_view *v, struct change *c)
{
	struct store_audit a = { .actor = env->actor, .what = "ticket.updated", .ticket = v->t.number, .at = env->now_ms };
	char reference[ULID_LEN + 1], text[64];
	int err;

	snprintf(text, sizeof(text), "%s%s%s%s%s", c->changed[0], c->n > 1 ? " " : "", c->n > 1 ? c->changed[1] : "",
	    c->n > 2 ? " " : "", c->n > 2 ? c->changed[2] : "");
	a.text = text;
	v->t.updated_at = env->now_ms;
	if (strstr(text, "severity") != NULL)
		ticket_clock(&v->t, env->conf);
	err = ticket_event(env->store, v, c->closes ? "ticket.closed" : "ticket.updated", c->changed, 0, env->now_ms);
	if (err == VG_OK)
		err = store_ticket_save(env->store, &v->t);
	return err == VG_OK ? store_audit_add(env->store, &a, reference) : err;
}

void
calls_tickets_update(struct call_env *env, json_t *args, struct call_result *res)
{
	struct ticket_view v = { .n_related = 0 };
	struct change c = { .t = &v.t };
	struct buf out;
	uint64_t number;
	int err;

	if (!calls_ticket_number(args, res, &number))
		return;
	err = ticket_load(&v, env->store, env->registry, number);
	if (err == VG_OK && v.t.pending)
		err = VG_ERR_NOTFOUND;
	if (err != VG_OK) {
		calls_failed(res, err);
	} else if (read_change(&c, call_body(args), env->now_ms, res)) {
		buf_init(&out, CALLS_ANSWER_MAX);
		if (c.n > 0)
			err = write_change(env, &v, &c);
		calls_text(res, &out, err != VG_OK ? err : calls_put_ticket(env, number, &out));
	}
	ticket_close(&v);
}

/* ---- the mail as received ---- */

void
calls_messages_raw(struct call_env *env, json_t *args, struct call_result *res)
{
	const char *ulid = call_param(args, "id"), *as = call_query(args, "as");
	bool received = as != NULL && strcmp(as, "received") == 0; /* without what we put before it */
	struct store_message m = { .id = 0 };
	struct buf text;
	int err = ulid == NULL ? VG_ERR_NOTFOUND : store_message_by_ulid(env->store, ulid, &m);

	buf_init(&text, 2 * MSG_INLINE_MAX);
	if (err == VG_OK && !received)
		err = store_message_prefix(env->store, m.id, &text);
	if (err == VG_OK)
		err = content_open(env->store, env->blobs, env->wrap_key, &m, &res->fd, res->key, &text);
	if (err == VG_ERR_NOTFOUND) {
		call_problem(res, 404, "not found", NULL, "there is no such message, or its content was removed");
	} else if (err != VG_OK) {
		call_problem(res, 500, "not readable", NULL, "the stored message cannot be read: %s", vg_strerror(err));
	} else {
		res->content_type = "message/rfc822";
		snprintf(res->file_name, sizeof(res->file_name), "%s.eml", m.ulid);
		res->size = res->fd >= 0 ? m.size : 0;
		if ((res->text = buf_take(&text, &res->text_len)) == NULL)
			calls_failed(res, VG_ERR_MEMORY);
	}
	buf_free(&text);
	store_message_free(&m);
}

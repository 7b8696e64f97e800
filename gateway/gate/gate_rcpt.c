/*
 * gate_rcpt.c - recipients to routing facts. Runs in the gate. Tags in addresses are hostile until their MAC holds.
 */
#include <string.h>
#include <strings.h>

#include "addr.h"
#include "err.h"
#include "gate_rcpt.h"
#include "token.h"

struct rcpt {
	enum conf_rcpt kind;
	size_t which;
	char ext[ADDR_LOCAL_MAX + 1]; /* behind '+', "" without */
	bool has_ext;
};

static void look_up(struct rcpt *r, const struct conf *conf, const char *address)
{
	struct addr a;
	const char *ext;
	size_t n;

	*r = (struct rcpt){.kind = RCPT_NOT_OURS, .which = SIZE_MAX};
	/* RFC 5321 4.5.1: postmaster needs no domain. */
	if (strcasecmp(address, "postmaster") == 0) {
		r->kind = RCPT_POSTMASTER;
		return;
	}
	if (addr_parse(&a, address, strlen(address), ADDR_UTF8 | ADDR_QUOTED, NULL) != VG_OK)
		return;
	r->kind = conf_rcpt(conf, a.normal, &r->which, &ext);
	if (ext == NULL)
		return;
	n = strcspn(ext, "@");
	r->has_ext = n < sizeof(r->ext);
	if (r->has_ext)
		memcpy(r->ext, ext, n);
}

static bool check(struct token *t, enum token_purpose purpose, const struct rcpt *r, const struct token_keys *keys)
{
	return r->has_ext && token_check(t, purpose, r->ext, keys) == VG_OK;
}

static void take_token(struct gate_rcpts *out, const struct rcpt *r, const struct token_keys *keys)
{
	struct token t;

	if (!r->has_ext)
		return;
	if (!check(&t, TOKEN_CASE, r, keys)) {
		out->forged++;
	} else if (out->token_ticket == 0) {
		out->token_ticket = t.number;
		out->token_participant = t.participant;
	} else if (out->token_ticket != t.number) {
		out->two_tokens = true;
	}
}

static void take_return_path(struct gate_rcpts *out, const struct rcpt *r, const struct token_keys *keys)
{
	struct token t;

	if (check(&t, TOKEN_BOUNCE, r, keys)) {
		out->bounce = true;
		out->bounce_number = t.number;
	} else {
		out->forged++;
	}
}

void gate_rcpts_read(struct gate_rcpts *out, const struct conf *conf, const struct token_keys *keys, const struct wlist *rcpts)
{
	size_t pos = 0, first = SIZE_MAX, n = 0, postmasters = 0;
	const char *address;

	*out = (struct gate_rcpts){.route = ""};
	while (wlist_next_str(rcpts, &pos, &address) == 1) {
		struct rcpt r;

		n++;
		look_up(&r, conf, address);
		if (r.kind == RCPT_INTAKE && r.which < first)
			first = r.which;
		else if (r.kind == RCPT_CASE)
			take_token(out, &r, keys);
		else if (r.kind == RCPT_BOUNCE)
			take_return_path(out, &r, keys);
		postmasters += r.kind == RCPT_POSTMASTER;
	}
	out->postmaster_only = n > 0 && postmasters == n;
	if (first != SIZE_MAX && conf->addresses[first].route != NULL)
		out->route = conf->addresses[first].route;
}

bool gate_rcpt_ok(const struct conf *conf, const struct token_keys *keys, const char *address, bool *forged)
{
	struct rcpt r;
	struct token t;

	*forged = false;
	look_up(&r, conf, address);
	if (r.kind == RCPT_NOT_OURS || r.kind == RCPT_NO_SUCH)
		return false;
	if (r.kind != RCPT_BOUNCE)
		return true;
	*forged = !check(&t, TOKEN_BOUNCE, &r, keys);
	return !*forged;
}

/*
 * ctl_hook.c - release with registration, and the explanation of what is stored.
 */
#include "ctl_hook.h"

#include <string.h>
#include <sysexits.h>

#include "ctl_ask.h"
#include "ctl_case.h"
#include "ctl_run.h"

#define ID_LEN 26u

static int path_of(struct buf *path, const char *before, const char *id)
{
	int rc;

	buf_init(path, 4096);
	rc = buf_adds(path, before);
	return rc == 0 ? ctl_escape(path, id) : rc;
}

static long get(const struct ctl_hooked *h, const char *before, const char *id, json_t **answer)
{
	struct buf path;
	long status = 0;

	*answer = NULL;
	if (path_of(&path, before, id) == 0)
		status = ctl_ask(h->socket, "GET", buf_str(&path), NULL, answer, NULL);
	buf_free(&path);
	return status;
}

/* ---- held release --register ---- */

/* The contact that the sender of a held mail becomes; NULL with the error said. */
static json_t *contact_of(const struct ctl_hooked *h, const json_t *held)
{
	const json_t *partner = json_object_get(h->body, "partner");
	json_t *o;

	if (!json_is_string(partner))
		partner = json_object_get(held, "partner");
	if (!json_is_string(partner))
		partner = json_object_get(json_object_get(json_object_get(held, "evidence"), "registry"), "partner");
	if (!json_is_string(partner)) {
		ctl_fail(0, "held release", "the sender is in no partner's domain: name the partner with --partner ID");
		return NULL;
	}
	o = json_pack("{s:s,s:O*}", "partner", json_string_value(partner), "address", json_object_get(held, "sender"));
	if (json_string_length(json_object_get(held, "sender_name")) > 0)
		json_object_set(o, "name", json_object_get(held, "sender_name"));
	if (json_is_true(json_object_get(h->body, "external")))
		json_object_set_new(o, "external", json_true());
	return o;
}

static int add_contact(const struct ctl_hooked *h, const json_t *contact)
{
	json_t *answer = NULL;
	long status = ctl_ask_json(h->socket, "POST", "/v1/contacts", contact, &answer);
	int rc = status == 0 || status >= 400 ? ctl_refused("held release", status, answer) : CTL_GO_ON;

	json_decref(answer);
	return rc;
}

int ctl_register_first(const struct ctl_hooked *h)
{
	json_t *held = NULL, *contact = NULL;
	int rc = CTL_GO_ON;

	if (json_is_true(json_object_get(h->body, "register"))) {
		long status = get(h, "/v1/held/", h->operand, &held);

		if (status != 200)
			rc = ctl_refused("held release", status, held);
		else if ((contact = contact_of(h, held)) == NULL)
			rc = EX_USAGE;
		else
			rc = add_contact(h, contact);
	} else if (json_object_get(h->body, "partner") != NULL || json_object_get(h->body, "external") != NULL) {
		rc = ctl_fail(EX_USAGE, "held release", "--partner and --external go with --register");
	}
	json_object_del(h->body, "register");
	json_object_del(h->body, "partner");
	json_object_del(h->body, "external");
	json_decref(held);
	json_decref(contact);
	return rc;
}

/* ---- explain ID ---- */

static bool is_id(const char *s)
{
	return s != NULL && strlen(s) == ID_LEN && strspn(s, "0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz") == ID_LEN;
}

int ctl_explain_stored(const struct ctl_hooked *h)
{
	static const char *const places[] = { "/v1/held/", "/v1/messages/", "/v1/audit/" };
	json_t *answer = NULL;
	long status = 404;
	int rc = 0;

	if (!is_id(h->operand))
		return CTL_GO_ON;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && status == 404; i++) {
		json_decref(answer);
		status = get(h, places[i], h->operand, &answer);
	}
	if (status == 404)
		rc = ctl_fail(EX_NOINPUT, "explain", "no message and no audit record has this id");
	else if (status != 200)
		rc = ctl_refused("explain", status, answer);
	else if (h->json)
		rc = json_dumpf(answer, stdout, JSON_COMPACT) == 0 && puts("") >= 0 ? 0 : EX_IOERR;
	else
		ctl_print_case(stdout, answer);
	json_decref(answer);
	return rc;
}

/*
 * calls_store_reply.c - L2 writes to a ticket through the API. The text becomes a mail of the agent to the case address and goes the
 * way of every mail from there: parsed, its audience found (T9), told to the backend, copied to the participants. The writer.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "calls_store.h"
#include "err.h"
#include "id.h"
#include "people.h"
#include "ticket.h"

#define TEXT_MAX (160u * 1024u) /* the mail stays inline */

struct reply {
	struct call_env *env;
	struct ticket_view v;
	struct addr from;
	struct registry_sender who;
	const char *text, *visibility;
	char ulid[ULID_LEN + 1], message_id[400];
	char answered[1000];         /* Message-ID of the newest public message, "" none */
	struct buf mail, sealed;
	unsigned char key[SEAL_KEY], wrapped[SEAL_WRAPPED], digest[32];
};

/* ---- what is asked ---- */

static bool
read_from(struct reply *r, const char *from, struct call_result *res)
{
	const char *why = "an agent's address is wanted";
	int err = from == NULL ? VG_ERR_SYNTAX : addr_parse(&r->from, from, strlen(from), ADDR_UTF8, &why);

	if (err == VG_OK && (err = registry_sender(r->env->registry, r->from.normal, &r->who)) != VG_OK) {
		calls_failed(res, err);
		return false;
	}
	if (err != VG_OK || r->who.cls != CLASS_AGENT) {
		call_problem(res, 422, "invalid value", "from", "from: %s", err != VG_OK ? why : "not a registered agent");
		return false;
	}
	return true;
}

static bool
read_body(struct reply *r, json_t *body, struct call_result *res)
{
	r->text = json_string_value(json_object_get(body, "text"));
	r->visibility = json_string_value(json_object_get(body, "visibility"));
	if (r->text == NULL || *r->text == '\0' || strlen(r->text) > TEXT_MAX) {
		call_problem(res, 422, "invalid value", "text", "text: 1 to %u bytes are wanted", TEXT_MAX);
		return false;
	}
	if (r->visibility == NULL)
		r->visibility = "public";
	if (strcmp(r->visibility, "public") != 0 && strcmp(r->visibility, "internal") != 0) {
		call_problem(res, 422, "invalid value", "visibility", "visibility: public or internal is wanted");
		return false;
	}
	if (json_array_size(json_object_get(body, "attachments")) > 0) {
		call_problem(res, 422, "not possible", "attachments", "attachments cannot be sent; name a place where they lie");
		return false;
	}
	return read_from(r, json_string_value(json_object_get(body, "from")), res);
}

/* An answer reaches those whom the message that it answers reached (T9): the newest one that is not internal. */
static int
find_answered(struct reply *r)
{
	int64_t ids[200], after = 0;
	int n, err = VG_OK;

	while (err == VG_OK && (n = store_ticket_messages(r->env->store, r->v.t.number, after, ids, 200)) > 0) {
		for (int i = 0; i < n && err == VG_OK; i++) {
			struct store_message m;

			err = store_message(r->env->store, ids[i], &m);
			if (err == VG_OK && m.visibility == PEOPLE_PUBLIC && !m.quiet && m.message_id != NULL && *m.message_id != '\0')
				snprintf(r->answered, sizeof(r->answered), "%s", m.message_id);
			store_message_free(&m);
		}
		after = ids[n - 1];
	}
	return n < 0 ? n : err;
}

/* ---- the mail ---- */

static const char *
case_address(const struct conf *c)
{
	const char *address = conf_address(c, ADDRESS_CASE);

	return address != NULL ? address : c->n_addresses > 0 ? c->addresses[0].address : "";
}

static int
put_base64(struct buf *out, const char *text, size_t len)
{
	char line[128];
	int err = VG_OK;

	for (size_t at = 0; at < len && err == VG_OK; at += 54) {
		size_t n = len - at < 54 ? len - at : 54;

		sodium_bin2base64(line, sizeof(line), (const unsigned char *)text + at, n, sodium_base64_VARIANT_ORIGINAL);
		err = buf_addf(out, "%s\r\n", line);
	}
	return err;
}

static int
write_mail(struct reply *r)
{
	char date[32];
	struct buf text;
	int err;

	id_rfc3339(date, r->env->now_ms, 0);
	buf_init(&text, TEXT_MAX + 100);
	err = buf_addf(&text, "%s\n%s", strcmp(r->visibility, "internal") == 0 ? "#note" : "#public", r->text);
	if (err == VG_OK)
		err = buf_addf(&r->mail, "From: <%s>\r\nTo: <%s>\r\nSubject: [#%llu]\r\nMessage-ID: <%s>\r\n", r->from.normal,
		    case_address(r->env->conf), (unsigned long long)r->v.t.number, r->message_id);
	if (err == VG_OK && r->answered[0] != '\0')
		err = buf_addf(&r->mail, "In-Reply-To: <%s>\r\n", r->answered);
	if (err == VG_OK)
		err = buf_adds(&r->mail, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
	if (err == VG_OK)
		err = put_base64(&r->mail, buf_str(&text), text.len);
	buf_free(&text);
	return err;
}

static int
seal_mail(struct reply *r)
{
	int err;

	randombytes_buf(r->key, sizeof(r->key));
	crypto_generichash(r->digest, sizeof(r->digest), r->mail.data, r->mail.len, NULL, 0);
	err = seal_bytes(&r->sealed, r->key, r->mail.data, r->mail.len);
	if (err == VG_OK)
		err = seal_wrap_key(r->wrapped, r->key, r->env->wrap_key, r->ulid);
	sodium_memzero(r->key, sizeof(r->key));
	return err;
}

static int
store_mail(struct reply *r)
{
	char facts[300];
	struct commit c = { .action = COMMIT_APPEND, .rule = "V7", .reason = "", .text = "", .outcome = OUT_ACCEPTED, .ticket = r->v.t.number,
		.role = PART_AGENT, .cls = CLASS_AGENT, .partner = "", .holder = "", .route = "", .sender = r->from.normal,
		.sender_shown = r->from.normal, .sender_name = r->who.name, .message_id = r->message_id, .subject = "", .automatic = "",
		.digest = { r->digest, sizeof(r->digest) }, .channel = CHANNEL_INJECT, .sess = "", .real_peer = "", .client = "", .helo = "",
		.tls = "", .login = "", .reverse_path = r->from.normal, .received_at = r->env->now_ms, .size = r->mail.len };
	struct store_body body = { .ulid = r->ulid, .envelope = "{\"channel\":\"api\"}", .key = r->wrapped, .sealed = r->sealed.data,
		.sealed_len = r->sealed.len };
	struct store_accepted out;
	int err;

	snprintf(facts, sizeof(facts), "{\"authentication\":{\"result\":\"operator\",\"method\":\"operator\",\"operator\":\"api\",\"spf\":\"none\","
	    "\"dkim\":\"none\",\"dmarc\":\"none\",\"arc\":\"none\",\"covers\":\"*\"}}");
	c.facts = facts;
	err = store_accept(r->env->store, &c, &body, r->env->now_ms, 0, &out);
	return err == VG_OK ? store_message_outgoing(r->env->store, out.id) : err;
}

static int
make(struct reply *r)
{
	int err;

	id_ulid(r->ulid, r->env->now_ms);
	snprintf(r->message_id, sizeof(r->message_id), "%s@%s", r->ulid, r->env->conf->hostname);
	err = find_answered(r);
	if (err == VG_OK)
		err = write_mail(r);
	if (err == VG_OK)
		err = seal_mail(r);
	return err == VG_OK ? store_mail(r) : err;
}

void
calls_tickets_reply(struct call_env *env, json_t *args, struct call_result *res)
{
	struct reply r = { .env = env };
	uint64_t number;
	int err;

	if (!calls_ticket_number(args, res, &number))
		return;
	buf_init(&r.mail, 2 * MSG_INLINE_MAX);
	buf_init(&r.sealed, 2 * MSG_INLINE_MAX);
	err = ticket_load(&r.v, env->store, env->registry, number);
	if (err == VG_OK && r.v.t.pending)
		err = VG_ERR_NOTFOUND;
	if (err != VG_OK) {
		calls_failed(res, err);
	} else if (read_body(&r, call_body(args), res)) {
		if ((err = make(&r)) != VG_OK) {
			calls_failed(res, err);
		} else {
			res->status = 202;
			res->body = json_pack("{s:s, s:I}", "id", r.ulid, "ticket", (json_int_t)number);
		}
	}
	ticket_close(&r.v);
	buf_free(&r.mail);
	buf_free(&r.sealed);
}

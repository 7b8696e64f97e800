/*
 * calls_store_reply.c - L2 writes to a ticket through the API. The text becomes a mail of the agent to the case address and goes the
 * way of every mail from there: parsed, its audience found (T9), told to the backend, copied to the participants. A reader's thread
 * checks it and writes the mail; the writer commits it.
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
#include "reply_files.h"
#include "reply_mail.h"
#include "ticket.h"

#define TEXT_MAX (160u * 1024u)

struct reply {
	struct call_env *env;
	struct ticket_view v;
	struct addr from;
	struct registry_sender who;
	json_t *body;                /* owned */
	uint64_t number;
	const char *text, *visibility;
	struct reply_files files;
	bool looked;                 /* all is checked, files may be missing */
	char ulid[ULID_LEN + 1], message_id[400];
	char answered[1000];         /* Message-ID of the newest public message, "" none */
	struct reply_mail mail;
	unsigned char wrapped[SEAL_WRAPPED];
};

/* ---- what is asked ---- */

struct body_reader {
	struct seal_reader *r;
	uint64_t at;
};

static size_t
read_some(void *out, size_t n, void *arg)
{
	struct body_reader *b = arg;
	long got = seal_read(b->r, b->at, out, n);

	if (got < 0)
		return (size_t)-1;
	b->at += (uint64_t)got;
	return (size_t)got;
}

/* The request: within the arguments, or where it is large in a sealed file, which is never in memory as a whole. */
static bool
load_body(struct reply *r, json_t *args, struct call_result *res)
{
	struct body_reader b = { NULL, 0 };
	json_error_t why;

	if (r->env->body_fd < 0) {
		r->body = json_incref(call_body(args));
	} else if (seal_reader_new(r->env->body_fd, r->env->body_key, &b.r) != VG_OK ||
	    (r->body = json_load_callback(read_some, &b, JSON_REJECT_DUPLICATES, &why)) == NULL) {
		call_problem(res, 400, "not JSON", NULL, "line %d, column %d: %s", b.r != NULL ? why.line : 0, b.r != NULL ? why.column : 0,
		    b.r != NULL ? why.text : "it cannot be read");
	}
	seal_reader_free(&b.r);
	return r->body != NULL;
}


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
	if (!read_from(r, json_string_value(json_object_get(body, "from")), res))
		return false;
	return reply_files_read(&r->files, json_object_get(body, "attachments"), r->env->store, r->number, res);
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

/* The fields, and what opens the text. */
static int
write_head(struct reply *r, const char *boundary)
{
	struct buf head;
	int err;

	buf_init(&head, 8192);
	err = buf_addf(&head, "From: <%s>\r\nTo: <%s>\r\nSubject: [#%llu]\r\nMessage-ID: <%s>\r\n", r->from.normal, case_address(r->env->conf),
	    (unsigned long long)r->number, r->message_id);
	if (err == VG_OK && r->answered[0] != '\0')
		err = buf_addf(&head, "In-Reply-To: <%s>\r\n", r->answered);
	if (err == VG_OK)
		err = buf_adds(&head, "MIME-Version: 1.0\r\n");
	if (err == VG_OK && r->files.n > 0)
		err = buf_addf(&head, "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n--%s\r\n", boundary, boundary);
	if (err == VG_OK)
		err = buf_adds(&head, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
	if (err == VG_OK)
		err = reply_mail_add(&r->mail, head.data, head.len);
	buf_free(&head);
	return err;
}

static int
write_text(struct reply *r)
{
	struct buf text;
	int err;

	buf_init(&text, TEXT_MAX + 100);
	err = buf_addf(&text, "%s\n%s", strcmp(r->visibility, "internal") == 0 ? "#note" : "#public", r->text);
	if (err == VG_OK)
		err = reply_mail_base64(&r->mail, text.data, text.len);
	buf_free(&text);
	return err;
}

/* Bytes of files: what the mail has room for, and what reaches people where it is written for them. */
static uint64_t
files_max(const struct reply *r)
{
	uint64_t max = r->env->conf->message_size / 4 * 3;

	if (strcmp(r->visibility, "public") == 0 && r->env->conf->n_smarthosts > 0 && r->env->conf->letter_files < max)
		max = r->env->conf->letter_files;
	return max;
}

static int
write_mail(struct reply *r, struct call_result *res)
{
	char boundary[48], end[60];
	int n, err;

	snprintf(boundary, sizeof(boundary), "=_%s", r->ulid);
	err = reply_mail_open(&r->mail, r->env->blobs, r->env->conf->message_size);
	if (err == VG_OK)
		err = write_head(r, boundary);
	if (err == VG_OK)
		err = write_text(r);
	if (err == VG_OK && r->files.n > 0) {
		if (!reply_files_write(&r->files, &r->mail, boundary, files_max(r), &err, res))
			return err == VG_ERR_SYNTAX || err == VG_ERR_LIMIT ? VG_OK : err;
		n = snprintf(end, sizeof(end), "\r\n--%s--\r\n", boundary);
		err = reply_mail_add(&r->mail, end, (size_t)n);
	}
	if (err == VG_OK)
		err = reply_mail_end(&r->mail);
	return err == VG_OK ? seal_wrap_key(r->wrapped, r->mail.key, r->env->wrap_key, r->ulid) : err;
}

/* ---- a reader's thread ---- */

static int
look(struct reply *r, json_t *args, struct call_result *res)
{
	int err;

	if (!calls_ticket_number(args, res, &r->number))
		return VG_OK;
	err = ticket_load(&r->v, r->env->store, r->env->registry, r->number);
	if (err == VG_OK && r->v.t.pending)
		err = VG_ERR_NOTFOUND;
	if (err != VG_OK) {
		calls_failed(res, err);
		return VG_OK;
	}
	id_ulid(r->ulid, r->env->now_ms);
	snprintf(r->message_id, sizeof(r->message_id), "%s@%s", r->ulid, r->env->conf->hostname);
	r->looked = load_body(r, args, res) && read_body(r, r->body, res);
	return r->looked ? find_answered(r) : VG_OK;
}

/* The attachment that was asked for, or the next to be. False: it could not be taken out, and the problem says so. */
static bool
take_wanted(struct reply *r, struct call_wanted *wanted, struct call_result *res)
{
	struct reply_file *f = reply_files_missing(&r->files);

	if (wanted->fd >= 0) {
		f->blob.fd = wanted->fd;
		memcpy(f->blob.key, wanted->key, SEAL_KEY);
		wanted->fd = -1;
		return true;
	}
	call_problem(res, 422, "not readable", "attachments", "attachments[%zu].blake2b: it cannot be taken out of its mail",
	    (size_t)(f - r->files.list));
	return false;
}

int
calls_tickets_reply_prepare(struct call_env *env, json_t *args, void **prepared, struct call_wanted *wanted, struct call_result *res)
{
	struct reply *r = *prepared;
	struct reply_file *f;
	int err = VG_OK;

	if (r == NULL) {
		if ((r = *prepared = calloc(1, sizeof(*r))) == NULL)
			return VG_ERR_MEMORY;
		r->env = env;
		if ((err = look(r, args, res)) != VG_OK || !r->looked)
			return err;
	} else if (!take_wanted(r, wanted, res)) {
		return VG_OK;
	}
	r->env = env;
	if ((f = reply_files_missing(&r->files)) != NULL) {
		*wanted = f->blob;
		return VG_ERR_AGAIN;
	}
	return write_mail(r, res);
}

void
calls_tickets_reply_free(void *prepared, bool kept)
{
	struct reply *r = prepared;

	ticket_close(&r->v);
	reply_files_free(&r->files);
	reply_mail_close(&r->mail, kept);
	json_decref(r->body);
	free(r);
}

/* ---- the writer ---- */

static int
store_mail(struct reply *r, struct call_env *env)
{
	char facts[300];
	struct commit c = { .action = COMMIT_APPEND, .rule = "V7", .reason = "", .text = "", .outcome = OUT_ACCEPTED, .ticket = r->number,
		.role = PART_AGENT, .cls = CLASS_AGENT, .partner = "", .holder = "", .route = "", .sender = r->from.normal,
		.sender_shown = r->from.normal, .sender_name = r->who.name, .message_id = r->message_id, .subject = "", .automatic = "",
		.digest = { r->mail.digest, sizeof(r->mail.digest) }, .channel = CHANNEL_INJECT, .sess = "", .real_peer = "", .client = "",
		.helo = "", .tls = "", .login = "", .reverse_path = r->from.normal, .received_at = env->now_ms, .size = r->mail.size };
	struct store_body body = { .ulid = r->ulid, .envelope = "{\"channel\":\"api\"}", .key = r->wrapped, .blob = r->mail.blob };
	struct store_accepted out;
	int err;

	snprintf(facts, sizeof(facts), "{\"authentication\":{\"result\":\"operator\",\"method\":\"operator\",\"operator\":\"api\",\"spf\":\"none\","
	    "\"dkim\":\"none\",\"dmarc\":\"none\",\"arc\":\"none\",\"covers\":\"*\"}}");
	c.facts = facts;
	err = store_accept(env->store, &c, &body, env->now_ms, 0, &out);
	return err == VG_OK ? store_message_outgoing(env->store, out.id) : err;
}

/* What was looked at a moment ago may be gone. */
void
calls_tickets_reply(struct call_env *env, json_t *args, struct call_result *res)
{
	struct reply *r = env->prepared;
	struct ticket_view v;
	struct addr from = r->from;
	int err;

	(void)args;
	r->env = env;
	err = ticket_load(&v, env->store, env->registry, r->number);
	ticket_close(&v);
	if (err == VG_OK && !read_from(r, from.normal, res))
		return;
	if (err == VG_OK)
		err = store_mail(r, env);
	if (err != VG_OK) {
		calls_failed(res, err);
		return;
	}
	res->status = 202;
	res->body = json_pack("{s:s, s:I}", "id", r->ulid, "ticket", (json_int_t)r->number);
}

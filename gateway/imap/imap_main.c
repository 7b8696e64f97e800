/*
 * imap_main.c - the role `imap`: one mailbox, fetched for ever. Its main program waits for one thing after the other; the
 * loop that it turns meanwhile serves the links to queue and gate. No files; sockets out, to the resolver and the mailbox.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <libetpan/mmapstring.h>
#include <sodium.h>

#include "err.h"
#include "id.h"
#include "imap.h"
#include "log.h"
#include "net_stream.h"

/* Above this, libetpan would put strings into files. */
#define STRING_MAX (64u * 1024u * 1024u)

static int
prepare(struct role_ctx *ctx)
{
	struct imap *m = calloc(1, sizeof(*m));
	const char *why = "";

	if (!m || ctx->index >= ctx->conf->n_imaps) {
		free(m);
		return EX_OSERR;
	}
	m->ctx = ctx;
	m->conf = &ctx->conf->imaps[ctx->index];
	m->wait.loop = ctx->loop;
	snprintf(m->ids, sizeof(m->ids), "box=%s", m->conf->name);
	snprintf(m->ledger, sizeof(m->ledger), "%s@%s:%u/%s", m->conf->user, m->conf->host, m->conf->port, m->conf->folder);
	ctx->state = m;
	mmap_string_set_ceil(STRING_MAX);
	/* Files that can be read now only. */
	if (net_trust_new(&m->system_trust, NULL, 0, &why) != VG_OK && !m->conf->ca && m->conf->tls != TLS_NONE)
		log_error(m->ids, "imap-trust", "error=%s", log_q(why));
	return 0;
}

static void
take_password(struct imap *m, const unsigned char *data, size_t len)
{
	char *fresh = malloc(len + 1);

	if (!fresh)
		return;
	memcpy(fresh, data, len);
	fresh[len] = '\0';
	if (m->password)
		sodium_memzero(m->password, m->password_len);
	free(m->password);
	m->password = fresh;
	m->password_len = len;
}

static void
on_secret(struct role_ctx *ctx, enum secret_kind kind, const unsigned char *data, size_t len)
{
	struct imap *m = ctx->state;
	struct net_trust *trust = NULL;
	const char *why = "";

	if (kind == SECRET_TOKEN) {
		imap_token_take(&m->token, data, len, id_now_ms());
		m->token_came = true;
		return;
	}
	m->fresh = true;
	if (kind == SECRET_PASSWORD)
		take_password(m, data, len);
	if (kind == SECRET_CLIENT)
		imap_token_secret(&m->token.client_secret, data, len);
	if (kind == SECRET_REFRESH)
		imap_token_secret(&m->token.refresh, data, len);
	if (kind != SECRET_CA)
		return;
	if (net_trust_new(&trust, data, len, &why) != VG_OK) {
		log_error(m->ids, "imap-trust", "file=%s error=%s", log_q(m->conf->ca), log_q(why));
		return;
	}
	net_trust_unref(&m->trust);
	m->trust = trust;
}

static void
on_stop(struct role_ctx *ctx)
{
	struct imap *m = ctx->state;

	m->wait.stop = true;
	role_exit(ctx);
}

/* ---- for ever ---- */

static void
rest(struct imap *m, int64_t ms)
{
	m->fresh = false;
	net_loop_until(&m->wait, &m->fresh, ms);
}

/* Returns what to hold against the server, or against us; *worked: it was a good connection before. */
static enum imap_trouble
one_connection(struct imap *m, bool *worked)
{
	struct imap_conn c;
	int rc = imap_conn_open(&c, m);

	m->progress = false;
	if (rc == VG_OK) {
		log_info(m->ids, "imap-open", "server=%s:%u folder=%s validity=%u tls=%s move=%d uidplus=%d idle=%d",
		    log_q(m->conf->host), m->conf->port, log_q(m->conf->folder), c.validity,
		    log_q(net_stream_tls_text(c.stream)), c.move, c.uidplus, c.idle);
		rc = imap_sync(&c, worked);
		if (rc != VG_OK && rc != VG_ERR_CLOSED && rc != VG_ERR_DENIED) {
			c.trouble = TROUBLE_OURS;
			c.step = "work";
			snprintf(c.why, sizeof(c.why), "%s", vg_strerror(rc));
		}
	}
	if (rc != VG_OK && !m->wait.stop) {
		metrics_add(m->ctx->metrics, MT_IMAP_ERRORS, 1);
		log_warn(m->ids, "imap-trouble", "kind=%s step=%s error=%s", imap_trouble_name(c.trouble), c.step ? c.step : "-",
		    log_q(c.why));
	}
	/* One mail after the other that breaks the connection must not make the pauses long for those between. */
	*worked = *worked || m->progress;
	imap_conn_close(&c);
	return c.trouble;
}

static int
run(struct role_ctx *ctx)
{
	struct imap *m = ctx->state;
	unsigned failures = 0;

	/* A mailbox that was never reached must raise the alarm as well; the page outlives the process. */
	if (metrics_get(ctx->metrics, MT_IMAP_SUCCESS_AGE) == 0)
		metrics_set(ctx->metrics, MT_IMAP_SUCCESS_AGE, (uint64_t)id_now_ms());

	while (!m->wait.stop) {
		enum imap_trouble t = TROUBLE_OURS;
		bool worked = false;

		if (imap_linked(m))
			t = one_connection(m, &worked);
		failures = worked || m->fresh ? 1 : failures + 1;
		if (!m->wait.stop)
			rest(m, imap_backoff_ms(t, failures, randombytes_random()));
	}
	return VG_OK;
}

const struct role_ops imap_role = {
	.role = ROLE_IMAP,
	.prepare = prepare,
	.on_secret = on_secret,
	.on_peer = imap_on_peer,
	.run = run,
	.on_stop = on_stop,
};

/*
 * imap_conn.c - a connection to the mailbox: from its name to a selected folder. libetpan speaks IMAP over our own stream. The
 * server is believed in nothing before its certificate held, and in little after.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "err.h"
#include "id.h"
#include "imap.h"
#include "imap_utf7.h"
#include "log.h"
#include "net_resolve.h"

#define COMMAND_MS 40000 /* more than the supervisor gives it */
#define TALK_BYTES (256u * 1024u) /* greeting, capabilities, login, select: far less is usual */

void
imap_conn_limit(struct imap_conn *c, uint64_t bytes_max)
{
	int64_t ms = c->m->conf->timeout_ms;
	const struct net_limits l = { ms, ms < IMAP_SILENT_MS ? ms : IMAP_SILENT_MS, bytes_max };

	net_stream_limit(c->stream, &l);
}

const char *
imap_conn_code(const struct imap_conn *c)
{
	const struct mailimap_response_info *info = c->im ? c->im->imap_response_info : NULL;

	return info && info->rsp_atom ? info->rsp_atom : "";
}

static int
fail(struct imap_conn *c, enum imap_trouble trouble, const char *step, const char *why)
{
	c->trouble = trouble;
	c->step = step;
	snprintf(c->why, sizeof(c->why), "%s", why);
	return VG_ERR_CLOSED;
}

static enum imap_trouble
trouble_of_stream(const struct imap_conn *c)
{
	switch (net_stream_error(c->stream)) {
	case VG_ERR_CRYPTO:
		return TROUBLE_TLS;
	case VG_ERR_PROTO:
	case VG_ERR_LIMIT:
		return TROUBLE_PROTOCOL;
	default:
		return TROUBLE_NETWORK;
	}
}

int
imap_conn_failed(struct imap_conn *c, const char *step, int rc)
{
	const char *text = c->im->imap_response ? c->im->imap_response : "";
	const char *code = imap_conn_code(c);
	enum imap_trouble t;

	if (net_stream_error(c->stream) != VG_OK) {
		const char *bye = NULL;

		/* A server that says why it hangs up is better heard than its hanging up. */
		t = trouble_of_stream(c);
		c->excused = false;
		if (net_stream_error(c->stream) == VG_ERR_CLOSED) {
			t = imap_trouble_of_bye(net_stream_last_line(c->stream), t, &bye);
			c->excused = imap_bye_excuses(net_stream_last_line(c->stream));
		}
		return fail(c, t, step, bye ? bye : net_stream_why(c->stream));
	}
	snprintf(c->why, sizeof(c->why), "%s%s%s", code, *code ? " " : "", *text ? text : "no answer that can be understood");
	c->step = step;
	c->excused = imap_code_excuses(code);
	c->trouble = imap_trouble_of_code(code,
	    rc == MAILIMAP_ERROR_FATAL || rc == MAILIMAP_ERROR_DONT_ACCEPT_CONNECTION ? TROUBLE_UNAVAILABLE : TROUBLE_PROTOCOL);
	/* These end what can be said to each other; what is left is a command that was refused. */
	switch (rc) {
	case MAILIMAP_ERROR_PARSE:
	case MAILIMAP_ERROR_STREAM:
	case MAILIMAP_ERROR_PROTOCOL:
	case MAILIMAP_ERROR_FATAL:
	case MAILIMAP_ERROR_MEMORY:
	case MAILIMAP_ERROR_DONT_ACCEPT_CONNECTION:
	case MAILIMAP_ERROR_BAD_STATE:
		return VG_ERR_CLOSED;
	default:
		return VG_ERR_DENIED;
	}
}

bool
imap_conn_again(struct imap_conn *c)
{
	if (net_stream_error(c->stream) != VG_OK || strcmp(imap_conn_code(c), "EXPUNGEISSUED") != 0)
		return false;
	imap_conn_limit(c, TALK_BYTES);
	return mailimap_noop(c->im) == MAILIMAP_NO_ERROR;
}

int
imap_conn_same(struct imap_conn *c)
{
	const struct mailimap_selection_info *now = c->im->imap_selection_info;

	/* RFC 3501, 2.3.1.1: not within a session, but some say it all the same; a number may mean another mail from then on. */
	if (now && now->sel_uidvalidity == c->validity)
		return VG_OK;
	c->excused = true;
	return fail(c, TROUBLE_PROTOCOL, "select", "the folder's UIDVALIDITY has changed");
}

/* ---- steps ---- */

static int
reach(struct imap_conn *c)
{
	const struct conf_imap *conf = c->m->conf;
	struct net_address addresses[NET_ADDRESSES_MAX];
	const char *why = "";
	size_t n = 0;
	int rc = net_resolve(c->m->ctx->conf, conf->host, conf->port, net_loop_wait, &c->m->wait, addresses, &n, &why);

	if (rc != VG_OK)
		return fail(c, TROUBLE_NETWORK, "resolve", why);
	rc = VG_ERR_CLOSED;
	for (size_t i = 0; i < n && rc != VG_OK && !c->m->wait.stop; i++) {
		imap_conn_limit(c, TALK_BYTES);
		rc = net_stream_connect(c->stream, (const struct sockaddr *)&addresses[i].addr, addresses[i].len);
	}
	return rc == VG_OK ? VG_OK : fail(c, TROUBLE_NETWORK, "connect", net_stream_why(c->stream));
}

static int
tls(struct imap_conn *c)
{
	struct net_trust *trust = c->m->trust ? c->m->trust : c->m->system_trust;

	if (!trust)
		return fail(c, TROUBLE_TLS, "tls", "no certificate authorities");
	imap_conn_limit(c, TALK_BYTES);
	if (net_stream_tls(c->stream, trust, c->m->conf->host) != VG_OK)
		return fail(c, trouble_of_stream(c), "tls", net_stream_why(c->stream));
	return VG_OK;
}

static int
greet(struct imap_conn *c)
{
	mailstream *mail = net_stream_mail(c->stream);
	int rc;

	/* libetpan keeps the codes of a greeting only where there is a place for them. */
	c->im->imap_response_info = mailimap_response_info_new();
	if (!mail || !c->im->imap_response_info)
		return fail(c, TROUBLE_OURS, "greeting", "no memory");
	imap_conn_limit(c, TALK_BYTES);
	rc = mailimap_connect(c->im, mail);
	if (rc == MAILIMAP_NO_ERROR_NON_AUTHENTICATED)
		return VG_OK;
	/* Logged in before TLS, or as somebody else: who could that be? */
	if (rc == MAILIMAP_NO_ERROR_AUTHENTICATED)
		return fail(c, TROUBLE_PROTOCOL, "greeting", "the server has us logged in already");
	imap_conn_failed(c, "greeting", rc);
	return VG_ERR_CLOSED;
}

static int
capabilities(struct imap_conn *c)
{
	struct mailimap_capability_data *caps = NULL;
	int rc;

	imap_conn_limit(c, TALK_BYTES);
	rc = mailimap_capability(c->im, &caps);
	if (rc != MAILIMAP_NO_ERROR) {
		imap_conn_failed(c, "capability", rc);
		return VG_ERR_CLOSED;
	}
	mailimap_capability_data_free(caps);
	c->move = mailimap_has_extension(c->im, "MOVE");
	c->uidplus = mailimap_has_extension(c->im, "UIDPLUS");
	c->idle = mailimap_has_extension(c->im, "IDLE");
	c->sasl_ir = mailimap_has_extension(c->im, "SASL-IR");
	return VG_OK;
}

static int
start_tls(struct imap_conn *c)
{
	int rc;

	if (!mailimap_has_extension(c->im, "STARTTLS"))
		return fail(c, TROUBLE_TLS, "starttls", "the server does not offer it");
	imap_conn_limit(c, TALK_BYTES);
	rc = mailimap_starttls(c->im);
	if (rc != MAILIMAP_NO_ERROR) {
		imap_conn_failed(c, "starttls", rc);
		return VG_ERR_CLOSED;
	}
	return tls(c);
}

/* ---- logging in ---- */

/* RFC 4616, in one line (RFC 4959): what libetpan would take a SASL library with plug-ins for. Returns libetpan's result. */
static int
by_plain(struct imap_conn *c)
{
	const struct imap *m = c->m;
	size_t user = strlen(m->conf->user), len = user + m->password_len + 2;
	size_t text = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
	static const char verb[] = "AUTHENTICATE PLAIN ";
	unsigned char *plain = malloc(len);
	char *line = malloc(sizeof(verb) + text);
	int rc = MAILIMAP_ERROR_MEMORY;

	if (plain && line) {
		plain[0] = plain[user + 1] = '\0';
		memcpy(plain + 1, m->conf->user, user);
		memcpy(plain + user + 2, m->password, m->password_len);
		memcpy(line, verb, sizeof(verb));
		sodium_bin2base64(line + sizeof(verb) - 1, text, plain, len, sodium_base64_VARIANT_ORIGINAL);
		rc = mailimap_custom_command(c->im, line);
		sodium_memzero(plain, len);
		sodium_memzero(line, sizeof(verb) + text);
		if (rc == MAILIMAP_NO_ERROR)
			c->im->imap_state = MAILIMAP_STATE_AUTHENTICATED;
	}
	free(plain);
	free(line);
	return rc;
}

static int
by_xoauth2(struct imap_conn *c)
{
	int rc = mailimap_oauth2_authenticate(c->im, c->m->conf->user, c->m->token.access);

	if (rc != MAILIMAP_NO_ERROR && net_stream_error(c->stream) == VG_OK)
		imap_token_refused(&c->m->token);
	return rc;
}

/* By what the supervisor runs for us. */
static int
run_command(struct imap_conn *c)
{
	struct imap *m = c->m;
	int rc;

	if (imap_token_good(&m->token, id_now_ms()))
		return VG_OK;
	m->token_came = false;
	rc = ipc_send(m->ctx->master, IPC_M_TOKEN, 0, NULL);
	if (rc == VG_OK)
		rc = net_loop_until(&m->wait, &m->token_came, COMMAND_MS);
	return rc == VG_OK && m->token.access ? VG_OK : fail(c, TROUBLE_LOGIN, "token", "token-command printed none");
}

/* Before the connection: a server does not wait for us to find a token. */
static int
get_token(struct imap_conn *c)
{
	struct imap *m = c->m;
	enum imap_trouble trouble = TROUBLE_NETWORK;
	char why[200];

	c->old_token = imap_token_good(&m->token, id_now_ms());
	if (m->conf->token_command)
		return run_command(c);
	if (m->conf->auth != AUTH_BY_XOAUTH2 || imap_token_get(&m->token, m->ctx->conf, m->conf,
	    m->trust ? m->trust : m->system_trust, net_loop_wait, &m->wait, &trouble, why, sizeof(why)) == VG_OK)
		return VG_OK;
	return fail(c, trouble, "token", why);
}

static const char *
cannot(const struct imap_conn *c)
{
	switch (c->m->conf->auth) {
	case AUTH_BY_XOAUTH2:
		return mailimap_has_authentication(c->im, "XOAUTH2") ? NULL : "the server does not offer XOAUTH2";
	case AUTH_BY_PLAIN:
		if (!c->sasl_ir || !mailimap_has_authentication(c->im, "PLAIN"))
			return "the server does not offer PLAIN with SASL-IR";
		break;
	default:
		if (mailimap_has_extension(c->im, "LOGINDISABLED"))
			return "the server does not allow LOGIN";
	}
	return c->m->password ? NULL : "no password";
}

static int
log_in(struct imap_conn *c)
{
	const struct imap *m = c->m;
	const char *why = cannot(c);
	int rc;

	if (why)
		return fail(c, TROUBLE_LOGIN, "login", why);
	imap_conn_limit(c, TALK_BYTES);
	rc = m->conf->auth == AUTH_BY_XOAUTH2 ? by_xoauth2(c) : m->conf->auth == AUTH_BY_PLAIN ? by_plain(c)
	    : mailimap_login(c->im, m->conf->user, m->password);
	if (rc == MAILIMAP_NO_ERROR)
		return VG_OK;
	if (imap_conn_failed(c, "login", rc) == VG_ERR_DENIED)
		c->trouble = imap_trouble_of_code(imap_conn_code(c), TROUBLE_LOGIN);
	/* It was good before: expired early, or revoked. One more try with another one, at once. */
	if (c->old_token && c->trouble == TROUBLE_LOGIN)
		c->trouble = TROUBLE_TOKEN;
	return VG_ERR_CLOSED;
}

static int
select_folder(struct imap_conn *c)
{
	char name[IMAP_UTF7_MAX];
	int rc;

	if (imap_utf7(name, sizeof(name), c->m->conf->folder) != VG_OK)
		return fail(c, TROUBLE_OURS, "select", "the folder's name is too long");
	imap_conn_limit(c, TALK_BYTES);
	rc = mailimap_select(c->im, name);
	if (rc != MAILIMAP_NO_ERROR) {
		imap_conn_failed(c, "select", rc);
		return VG_ERR_CLOSED;
	}
	c->validity = c->im->imap_selection_info->sel_uidvalidity;
	if (c->validity == 0)
		return fail(c, TROUBLE_PROTOCOL, "select", "the folder has no UIDVALIDITY");
	if (c->im->imap_selection_info->sel_perm == MAILIMAP_MAILBOX_READONLY)
		log_warn(c->m->ids, "imap-readonly", "folder=%s", log_q(c->m->conf->folder));
	return VG_OK;
}

int
imap_conn_open(struct imap_conn *c, struct imap *m)
{
	enum conf_tls mode = m->conf->tls;
	int rc;

	memset(c, 0, sizeof(*c));
	c->m = m;
	c->stream = net_stream_new(net_loop_wait, &m->wait);
	c->im = mailimap_new(0, NULL);
	if (!c->stream || !c->im)
		return fail(c, TROUBLE_OURS, "connect", "no memory");
	rc = get_token(c);
	if (rc == VG_OK)
		rc = reach(c);
	if (rc == VG_OK && mode == TLS_IMPLICIT)
		rc = tls(c);
	if (rc == VG_OK)
		rc = greet(c);
	if (rc == VG_OK)
		rc = capabilities(c);
	if (rc == VG_OK && mode == TLS_REQUIRED)
		rc = start_tls(c);
	/* What was said in clear does not count, and a login may open more. */
	if (rc == VG_OK && mode == TLS_REQUIRED)
		rc = capabilities(c);
	if (rc == VG_OK)
		rc = log_in(c);
	if (rc == VG_OK)
		rc = capabilities(c);
	return rc == VG_OK ? select_folder(c) : rc;
}

void
imap_conn_close(struct imap_conn *c)
{
	static const struct net_limits short_ones = { 3000, 3000, TALK_BYTES };

	/* mailimap_free() says LOGOUT, over a stream that failed at once in vain. */
	if (c->stream)
		net_stream_limit(c->stream, &short_ones);
	if (c->im)
		mailimap_free(c->im);
	c->im = NULL;
	net_stream_free(&c->stream);
}

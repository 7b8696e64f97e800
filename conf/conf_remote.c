/*
 * conf_remote.c - mailboxes that are fetched, smarthosts that take our mail. Pure; called by conf_parse.c, conf_check.c and conf_load.c.
 */
#include "conf_remote.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_value.h"
#include "err.h"
#include "utf8.h"

#define POLL_MS 60000
#define TIMEOUT_MS 60000

static bool numeric(const char *host)
{
	unsigned char ip[16];

	return inet_pton(AF_INET, host, ip) == 1 || inet_pton(AF_INET6, host, ip) == 1;
}

static bool is_here(const char *host)
{
	struct in_addr in;

	if (inet_pton(AF_INET, host, &in) == 1)
		return ntohl(in.s_addr) >> 24 == 127;
	return strcmp(host, "::1") == 0 || strcmp(host, "localhost") == 0;
}

static int bad(const char **why, const char *text)
{
	*why = text;
	return VG_ERR_SYNTAX;
}

/* Splits HOST:PORT; *host is replaced. */
static int endpoint(const char *s, char **to, unsigned *to_port, const char **why)
{
	const char *colon = strrchr(s, ':');
	char host[256];
	uint64_t port;
	size_t n;
	int rc = VG_OK;

	if (colon == NULL || conf_value_uint(colon + 1, 1, 65535, &port, why) != VG_OK)
		return bad(why, "a port from 1 to 65535 is expected behind the last colon");
	n = (size_t)(colon - s);
	if (n >= sizeof(host))
		return bad(why, "name too long");
	if (n >= 2 && s[0] == '[' && s[n - 1] == ']') {
		s++;
		n -= 2;
	} else if (memchr(s, ':', n) != NULL) {
		return bad(why, "an IPv6 address stands in brackets (\"[::1]:993\")");
	}
	memcpy(host, s, n);
	host[n] = '\0';
	free(*to);
	*to = NULL;
	if (!numeric(host))
		rc = conf_value_host(host, to, why);
	else if ((*to = strdup(host)) == NULL)
		rc = VG_ERR_MEMORY;
	*to_port = (unsigned)port;
	return rc;
}

int conf_remote_endpoint(const char *s, struct conf_imap *out, const char **why)
{
	return endpoint(s, &out->host, &out->port, why);
}

int conf_remote_url(const char *s, struct conf_url *out, const char **why)
{
	bool tls = strncmp(s, "https://", 8) == 0;
	const char *host = s + (tls ? 8 : 7), *slash;
	char authority[300];
	int rc;

	if ((!tls && strncmp(s, "http://", 7) != 0) || (slash = strchr(host, '/')) == NULL)
		return bad(why, "a URL is expected (\"https://login.example/token\")");
	for (const char *p = s; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p > '~' || *p == '#' || *p == '@')
			return bad(why, "a URL has no blanks, no user and no fragment");
	if (strlen(slash) > 1000 || (size_t)snprintf(authority, sizeof(authority), "%.*s%s", (int)(slash - host), host,
	    memchr(host, ':', (size_t)(slash - host)) != NULL ? "" : tls ? ":443" : ":80") >= sizeof(authority))
		return bad(why, "URL too long");
	rc = endpoint(authority, &out->host, &out->port, why);
	if (rc != VG_OK)
		return rc;
	if (!tls && !is_here(out->host))
		return bad(why, "http:// is for a server on this machine only: the secrets would cross the network in clear");
	free(out->path);
	out->tls = tls;
	out->path = strdup(slash);
	return out->path != NULL ? VG_OK : VG_ERR_MEMORY;
}

int conf_remote_smarthost(const char *s, struct conf_smarthost *out, const char **why)
{
	if (strncmp(s, "smtp://", 7) != 0)
		return bad(why, "smtp://HOST:PORT is expected");
	return endpoint(s + 7, &out->host, &out->port, why);
}

int conf_remote_text(const char *s, uint64_t max, char **slot, const char **why)
{
	size_t n = strlen(s);

	if (n == 0 || n > max || !utf8_valid(s, n))
		return bad(why, n > max ? "text too long" : "UTF-8 text is expected");
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return bad(why, "control characters are not allowed here");
	free(*slot);
	*slot = strdup(s);
	return *slot != NULL ? VG_OK : VG_ERR_MEMORY;
}

/* What a mailbox logs in with. */
static const char *login_bad(const struct conf_imap *m)
{
	if (m->token_command != NULL && (m->auth != AUTH_BY_XOAUTH2 || m->token.host != NULL || m->client != NULL ||
	    m->password_file != NULL || m->secret_file != NULL || m->refresh_file != NULL || m->scope != NULL))
		return "token-command needs auth xoauth2, and nothing else to log in with";
	if (m->token_command != NULL)
		return NULL;
	if (m->auth == AUTH_BY_XOAUTH2 && (m->token.host == NULL || m->client == NULL || m->password_file != NULL))
		return "auth xoauth2 needs token and client, and has no password";
	if (m->auth == AUTH_BY_XOAUTH2 && m->refresh_file == NULL && m->secret_file == NULL)
		return "auth xoauth2 needs a refresh file or a secret file";
	if (m->auth != AUTH_BY_XOAUTH2 && m->password_file == NULL)
		return "\"password file FILE\" missing";
	if (m->auth != AUTH_BY_XOAUTH2 && (m->token.host != NULL || m->client != NULL || m->secret_file != NULL ||
	    m->refresh_file != NULL || m->scope != NULL))
		return "token, client, secret, refresh and scope need auth xoauth2";
	return NULL;
}

const char *conf_remote_imap_bad(struct conf_imap *all, size_t n)
{
	struct conf_imap *m = &all[n - 1];
	const char *const targets[] = { m->processed, m->rejected, m->failed };
	const char *why;

	if (m->poll_ms == 0)
		m->poll_ms = POLL_MS;
	if (m->timeout_ms == 0)
		m->timeout_ms = TIMEOUT_MS;
	if (m->folder == NULL && (m->folder = strdup("INBOX")) == NULL)
		return vg_strerror(VG_ERR_MEMORY);
	for (size_t i = 0; i + 1 < n; i++)
		if (strcmp(all[i].name, m->name) == 0)
			return "a mailbox of this name was given already";
		else if (strcmp(all[i].host, m->host) == 0 && all[i].port == m->port && strcmp(all[i].user, m->user) == 0 &&
		    strcmp(all[i].folder, m->folder) == 0)
			return "this folder is fetched already";
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (targets[i] != NULL && strcmp(targets[i], m->folder) == 0)
			return "mail cannot be moved into the folder that it is fetched from";
	if ((why = login_bad(m)) != NULL)
		return why;
	if (m->tls == TLS_NONE && !is_here(m->host))
		return "tls none is for a server on this machine only: the password would cross the network in clear";
	if (m->tls == TLS_NONE && m->ca != NULL)
		return "ca needs tls implicit or required";
	return NULL;
}

const char *conf_remote_smarthost_bad(const struct conf_smarthost *all, size_t n)
{
	const struct conf_smarthost *m = &all[n - 1];

	for (size_t i = 0; i + 1 < n; i++)
		if (strcmp(all[i].host, m->host) == 0 && all[i].port == m->port)
			return "this smarthost was given already";
	if ((m->user == NULL) != (m->password_file == NULL))
		return "user and password file go together";
	if (m->user != NULL && m->tls != TLS_REQUIRED && !is_here(m->host))
		return "a password needs tls required: it would cross the network in clear";
	return m->tls == TLS_NONE && m->ca != NULL ? "ca needs tls optional or required" : NULL;
}

const char *conf_remote_intake(const struct conf *c, struct conf_imap *m)
{
	for (size_t i = 0; i < c->n_addresses; i++) {
		const struct conf_address *a = &c->addresses[i];

		if (a->kind != ADDRESS_INTAKE)
			continue;
		if (m->intake == NULL)
			m->intake = strdup(a->address);
		if (m->intake != NULL && strcmp(m->intake, a->address) == 0)
			return m->intake;
	}
	/* without any intake address the configuration is refused for that */
	return m->intake == NULL ? "" : NULL;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_token(const struct conf_imap *a, const struct conf_imap *b)
{
	return same(a->token.host, b->token.host) && same(a->token.path, b->token.path) &&
	    same(a->token_command, b->token_command) && a->token.port == b->token.port &&
	    a->token.tls == b->token.tls && same(a->client, b->client) && same(a->secret_file, b->secret_file) &&
	    same(a->refresh_file, b->refresh_file) && same(a->scope, b->scope);
}

static bool same_imap(const struct conf_imap *a, const struct conf_imap *b)
{
	return same(a->name, b->name) && same(a->host, b->host) && a->port == b->port && a->tls == b->tls && same(a->ca, b->ca) &&
	    same(a->user, b->user) && same(a->password_file, b->password_file) && same(a->folder, b->folder) &&
	    same(a->processed, b->processed) && same(a->rejected, b->rejected) && same(a->failed, b->failed) &&
	    same(a->intake, b->intake) && same(a->authserv_id, b->authserv_id) && a->auth == b->auth && same_token(a, b) && a->poll_ms == b->poll_ms && a->timeout_ms == b->timeout_ms && a->idle == b->idle;
}

bool conf_remote_same(const struct conf *a, const struct conf *b)
{
	if (a->n_imaps != b->n_imaps)
		return false;
	for (size_t i = 0; i < a->n_imaps; i++)
		if (!same_imap(&a->imaps[i], &b->imaps[i]))
			return false;
	return true;
}

static void free_outgoing(struct conf *c)
{
	for (size_t i = 0; i < c->n_smarthosts; i++) {
		free(c->smarthosts[i].host);
		free(c->smarthosts[i].ca);
		free(c->smarthosts[i].user);
		free(c->smarthosts[i].password_file);
	}
	for (size_t i = 0; i < c->n_dkims; i++) {
		free(c->dkims[i].domain);
		free(c->dkims[i].selector);
		free(c->dkims[i].key_file);
	}
	for (size_t i = 0; i < c->n_notifies; i++) {
		free(c->notifies[i].route);
		free(c->notifies[i].address);
	}
	free(c->notifies);
	free(c->smarthosts);
	free(c->dkims);
	free(c->support_name);
	free(c->templates);
	free(c->hold_digest);
}

void conf_remote_free(struct conf *c)
{
	free_outgoing(c);
	for (size_t i = 0; i < c->n_imaps; i++) {
		struct conf_imap *m = &c->imaps[i];
		char *const owned[] = { m->name, m->host, m->ca, m->user, m->password_file, m->folder, m->processed, m->rejected,
			m->failed, m->intake, m->authserv_id, m->token.host, m->token.path, m->token_command, m->client, m->secret_file, m->refresh_file, m->scope };

		for (size_t k = 0; k < sizeof(owned) / sizeof(owned[0]); k++)
			free(owned[k]);
	}
	free(c->imaps);
}

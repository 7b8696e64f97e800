/*
 * imap_token.c - from a refresh token, or the client's own credentials, to an access token. A new refresh token in an answer
 * replaces the former one as long as this process lives; the file is the operator's.
 */
#include "imap_token.h"

#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "id.h"

#define EARLY_MS (2 * 60000)
#define UNKNOWN_S 300 /* where no expiry is named */

static void
set(char **slot, const char *data, size_t len)
{
	char *fresh = data ? malloc(len + 1) : NULL;

	if (*slot) {
		sodium_memzero(*slot, strlen(*slot));
		free(*slot);
	}
	*slot = fresh;
	if (!fresh)
		return;
	memcpy(fresh, data, len);
	fresh[len] = '\0';
}

void
imap_token_secret(char **slot, const unsigned char *data, size_t len)
{
	set(slot, (const char *)data, len);
}

void
imap_token_refused(struct imap_token *t)
{
	set(&t->access, NULL, 0);
}

/* Some send it as a text. */
static int64_t
seconds(const json_t *v)
{
	int64_t s = json_is_integer(v) ? json_integer_value(v) : json_is_string(v) ? atoll(json_string_value(v)) : UNKNOWN_S;

	return s < 0 ? 0 : s > 86400 ? 86400 : s;
}

/* A token goes into a command line: printable, no controls. */
static bool
sound(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++) {
		if (s[i] <= ' ' || s[i] > '~')
			return false;
	}
	return n > 0 && n <= 16384;
}

bool
imap_token_good(const struct imap_token *t, int64_t now)
{
	return t->access && now + EARLY_MS < t->until;
}

int
imap_token_take(struct imap_token *t, const unsigned char *data, size_t len, int64_t now)
{
	const unsigned char *end = len ? memchr(data, '\n', len) : NULL;

	set(&t->access, NULL, 0);
	if (!len)
		return VG_ERR_SYNTAX;
	set(&t->access, (const char *)data, end ? (size_t)(end - data) : len);
	t->until = now + UNKNOWN_S * 1000;
	if (t->access && sound(t->access))
		return VG_OK;
	set(&t->access, NULL, 0);
	return VG_ERR_SYNTAX;
}

int
imap_token_read(struct imap_token *t, unsigned status, const char *body, size_t len, int64_t now, char *why, size_t n)
{
	json_t *o = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	const char *access = json_string_value(json_object_get(o, "access_token"));
	const char *refresh = json_string_value(json_object_get(o, "refresh_token"));
	const char *error = json_string_value(json_object_get(o, "error"));
	const char *more = json_string_value(json_object_get(o, "error_description"));
	int rc = VG_OK;

	if (status == 200 && access && sound(access)) {
		set(&t->access, access, strlen(access));
		t->until = now + seconds(json_object_get(o, "expires_in")) * 1000;
		if (refresh && sound(refresh))
			set(&t->refresh, refresh, strlen(refresh));
	} else {
		rc = error || status == 401 ? VG_ERR_DENIED : VG_ERR_PROTO;
		snprintf(why, n, "the token end-point answered %u%s%s%s%.*s", status, error ? " " : "", error ? error : "",
		    more && *more ? ": " : "", more ? (int)strcspn(more, "\r\n") : 0, more ? more : "");
	}
	json_decref(o);
	return rc;
}

static int
form_of(struct buf *form, const struct imap_token *t, const struct conf_imap *m)
{
	int rc = net_http_field(form, "grant_type", m->refresh_file ? "refresh_token" : "client_credentials");

	if (rc == VG_OK && m->refresh_file)
		rc = net_http_field(form, "refresh_token", t->refresh ? t->refresh : "");
	if (rc == VG_OK)
		rc = net_http_field(form, "client_id", m->client);
	if (rc == VG_OK && t->client_secret)
		rc = net_http_field(form, "client_secret", t->client_secret);
	if (rc == VG_OK && m->scope)
		rc = net_http_field(form, "scope", m->scope);
	return rc;
}

int
imap_token_get(struct imap_token *t, const struct conf *c, const struct conf_imap *m, struct net_trust *trust, net_wait_cb *wait,
    void *arg, enum imap_trouble *trouble, char *why, size_t n)
{
	struct buf form, body;
	const char *reason = "";
	unsigned status = 0;
	int rc;

	if (imap_token_good(t, id_now_ms()))
		return VG_OK;
	buf_init(&form, 65536);
	buf_init(&body, NET_HTTP_MAX);
	rc = form_of(&form, t, m);
	if (rc == VG_OK)
		rc = net_http_post(c, &m->token, trust, buf_str(&form), wait, arg, &status, &body, &reason);
	snprintf(why, n, "%s", reason);
	*trouble = rc == VG_ERR_CRYPTO ? TROUBLE_TLS : TROUBLE_NETWORK;
	if (rc == VG_OK) {
		rc = imap_token_read(t, status, buf_str(&body), body.len, id_now_ms(), why, n);
		*trouble = rc == VG_ERR_DENIED ? TROUBLE_LOGIN : TROUBLE_UNAVAILABLE;
	}
	buf_wipe(&form);
	buf_wipe(&body);
	return rc;
}

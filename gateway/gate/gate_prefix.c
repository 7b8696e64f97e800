/*
 * gate_prefix.c - our Received and Authentication-Results fields. Runs in the gate; HELO, names, recipients and
 * what a signature says of itself are hostile: each passes one filter of allowed characters and a length, so that
 * no line is longer than 998 bytes and none can be injected.
 */
#include <string.h>
#include <time.h>

#include "addr.h"
#include "err.h"
#include "gate_prefix.h"

#define WORD_MAX 255u

/* Letters, digits and `more`; everything else becomes '_'. "" becomes none. */
static const char *clean(char out[WORD_MAX + 1], const char *s, const char *more, const char *none)
{
	size_t n = 0;

	for (; s[n] != '\0' && n < WORD_MAX; n++) {
		unsigned char c = (unsigned char)s[n];
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		out[n] = plain || strchr(more, c) != NULL ? s[n] : '_';
	}
	out[n] = '\0';
	return n == 0 ? none : out;
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]", "[local]" for a Unix socket. */
static int put_address(struct buf *out, const char *address)
{
	char word[WORD_MAX + 1];

	if (strcmp(address, "unix") == 0)
		return buf_adds(out, "[local]");
	return buf_addf(out, "[%s%s]", strchr(address, ':') != NULL ? "IPv6:" : "", clean(word, address, ".:", "unknown"));
}

static int put_from(struct buf *out, const struct submit *s)
{
	char helo[WORD_MAX + 1], name[WORD_MAX + 1];
	const char *client = s->client[0] != '\0' ? s->client : s->real_peer;
	int rc = buf_addf(out, "Received: from %s\r\n\t(%s ", clean(helo, s->helo, ".-_:[]", "unknown"),
	    clean(name, s->client_name, ".-_", "unknown"));

	if (rc == VG_OK)
		rc = put_address(out, client);
	if (rc == VG_OK)
		rc = buf_adds(out, ")");
	if (rc != VG_OK || strcmp(client, s->real_peer) == 0)
		return rc;
	rc = buf_adds(out, "\r\n\t(by way of ");
	if (rc == VG_OK)
		rc = put_address(out, s->real_peer);
	return rc == VG_OK ? buf_adds(out, ")") : rc;
}

/* for <address>, only for a single recipient: others must not learn of each other. */
static int put_for(struct buf *out, const struct wlist *rcpts)
{
	const char *address;
	struct addr a;
	size_t pos = 0;

	if (rcpts->n != 1 || wlist_next_str(rcpts, &pos, &address) != 1)
		return VG_OK;
	if (addr_parse(&a, address, strlen(address), 0, NULL) != VG_OK)
		return VG_OK;
	return buf_addf(out, "\r\n\tfor <%s>", a.normal);
}

static int put_date(struct buf *out, int64_t unix_ms)
{
	static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t t = (time_t)(unix_ms / 1000);
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL)
		return VG_ERR_SYNTAX;
	return buf_addf(out, ";\r\n\t%s, %d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

int gate_prefix(struct buf *out, const struct submit *s, const char *hostname)
{
	char tls[WORD_MAX + 1], protocol[WORD_MAX + 1], sess[WORD_MAX + 1];
	int rc = put_from(out, s);

	if (rc == VG_OK && s->tls[0] != '\0')
		rc = buf_addf(out, "\r\n\t(%s)", clean(tls, s->tls, " .-_/", ""));
	if (rc == VG_OK)
		rc = buf_addf(out, "\r\n\tby %s (vcspgate) with %s id %s", hostname, clean(protocol, s->protocol, "", "SMTP"),
		    clean(sess, s->sess, "", "none"));
	if (rc == VG_OK)
		rc = put_for(out, &s->rcpts);
	return rc == VG_OK ? put_date(out, s->received_at) : rc;
}

/* ---- Authentication-Results ---- */

/* A value of RFC 8601: as it is where it is a plain word, else a quoted-string of printable ASCII. */
static int put_value(struct buf *out, const char *s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_+@";
	size_t n = strspn(s, plain);
	int rc;

	if (n > 0 && n <= WORD_MAX && s[n] == '\0')
		return buf_adds(out, s);
	rc = buf_adds(out, "\"");
	for (n = 0; s[n] != '\0' && n < WORD_MAX && rc == VG_OK; n++) {
		char c = s[n] >= ' ' && s[n] <= '~' ? s[n] : '_';

		rc = buf_addf(out, "%s%c", c == '"' || c == '\\' ? "\\" : "", c);
	}
	return rc == VG_OK ? buf_adds(out, "\"") : rc;
}

/* " type.name=value", nothing for an empty value. Hostile only in value. */
static int put_prop(struct buf *out, const char *name, const char *value)
{
	int rc;

	if (value == NULL || value[0] == '\0')
		return VG_OK;
	rc = buf_addf(out, " %s=", name);
	return rc == VG_OK ? put_value(out, value) : rc;
}

/* The start of one result, on a line of its own. */
static int put_method(struct buf *out, const char *method, const char *result)
{
	return buf_addf(out, ";\r\n\t%s=%s", method, result);
}

static int put_spf(struct buf *out, const struct gate_sender *g, const struct submit *s)
{
	int rc = put_method(out, "spf", spf_result_name(g->spf != NULL ? g->spf->result : SPF_NONE));

	if (rc != VG_OK || g->spf == NULL)
		return rc;
	return put_prop(out, s->reverse_path[0] == '\0' ? "smtp.helo" : "smtp.mailfrom", g->spf_domain);
}

static int put_signature(struct buf *out, const struct dkim_signature *d)
{
	int rc = put_method(out, "dkim", dkim_result_name(d->result));

	if (rc == VG_OK && d->why[0] != '\0')
		rc = put_prop(out, "reason", d->why);
	if (rc == VG_OK)
		rc = put_prop(out, "header.d", d->domain);
	if (rc == VG_OK)
		rc = put_prop(out, "header.s", d->selector);
	return rc == VG_OK ? put_prop(out, "header.a", d->algorithm) : rc;
}

static int put_dkim(struct buf *out, const struct gate_sender *g)
{
	int rc = g->n_dkim == 0 ? put_method(out, "dkim", "none") : VG_OK;

	for (size_t i = 0; i < g->n_dkim && rc == VG_OK; i++)
		rc = put_signature(out, g->dkim[i].signature);
	return rc;
}

static int put_dmarc(struct buf *out, const struct gate_sender *g)
{
	int rc = put_method(out, "dmarc", g->dmarc_result);

	if (rc == VG_OK && g->dmarc != NULL && g->dmarc->found)
		rc = buf_addf(out, " (p=%s)", dmarc_policy_name(g->dmarc->policy));
	return rc == VG_OK ? put_prop(out, "header.from", g->author_domain) : rc;
}

static int put_arc(struct buf *out, const struct gate_sender *g)
{
	return g->arc == NULL ? VG_OK : put_method(out, "arc", arc_result_name(g->arc->result));
}

static int put_login(struct buf *out, const struct gate_sender *g)
{
	int rc;

	if (g->login[0] == '\0')
		return VG_OK;
	rc = put_method(out, "auth", "pass");
	return rc == VG_OK ? put_prop(out, "smtp.auth", g->login) : rc;
}

/* RFC 7281 for S/MIME; OpenPGP has no registered method. */
static int put_body_signature(struct buf *out, const struct verify_say *v)
{
	const char *method;

	if (v == NULL || (v->state != SIGNATURE_VALID && v->state != SIGNATURE_INVALID))
		return VG_OK;
	method = strcmp(v->kind, "smime") == 0 ? "smime" : "x-openpgp";
	return put_method(out, method, v->state == SIGNATURE_VALID ? "pass" : "fail");
}

int gate_prefix_results(struct buf *out, const struct gate_sender *sender, const struct submit *s, const char *hostname)
{
	int rc = buf_addf(out, "Authentication-Results: %s", hostname);

	if (rc == VG_OK && sender == NULL)
		rc = buf_adds(out, "; none");
	if (rc == VG_OK && sender != NULL) {
		rc = put_spf(out, sender, s);
		if (rc == VG_OK)
			rc = put_dkim(out, sender);
		if (rc == VG_OK)
			rc = put_dmarc(out, sender);
		if (rc == VG_OK)
			rc = put_arc(out, sender);
		if (rc == VG_OK)
			rc = put_login(out, sender);
		if (rc == VG_OK)
			rc = put_body_signature(out, sender->verify);
	}
	return rc == VG_OK ? buf_adds(out, "\r\n") : rc;
}

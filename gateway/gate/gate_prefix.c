/*
 * gate_prefix.c - our Received field. Runs in the gate; HELO, names and recipients are hostile: each passes one filter of
 * allowed characters and a length, so that no line is longer than 998 bytes and none can be injected.
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

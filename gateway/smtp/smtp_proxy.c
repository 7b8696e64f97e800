/*
 * smtp_proxy.c - reads the PROXY protocol header (versions 1 and 2), sent by a configured proxy before anything else. The
 * address in it says who the client is, never whom we trust. Called by smtp_session.c. Pure.
 */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "dot.h"
#include "err.h"
#include "smtp_proxy.h"
#include "smtp_xclient.h"

#define V1_MAX 107u /* CRLF included */
#define V2_HEAD 16u

static const unsigned char v2_mark[12] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a };
static const char v1_mark[] = "PROXY ";

static int
bad(const char **why, const char *text)
{
	*why = text;
	return VG_ERR_SYNTAX;
}

/* The next word and exactly one space behind it; the last word ends the line. */
static bool
next_word(const char **s, const char *end, char *out, size_t cap)
{
	const char *space = memchr(*s, ' ', (size_t)(end - *s));
	const char *stop = space ? space : end;
	size_t n = (size_t)(stop - *s);

	if (n == 0 || n >= cap || memchr(*s, '\0', n))
		return false;
	memcpy(out, *s, n);
	out[n] = '\0';
	*s = space ? space + 1 : end;
	return true;
}

static bool
is_port(const char *s)
{
	unsigned long n = 0;

	if (*s == '\0' || strlen(s) > 5 || (s[0] == '0' && s[1] != '\0'))
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		n = n * 10 + (unsigned long)(*s - '0');
	}
	return n <= 65535;
}

/* "TCP4 SOURCE DESTINATION PORT PORT" or "UNKNOWN" and anything. */
static int
parse_v1_line(const char *s, size_t len, struct smtp_proxy *out, const char **why)
{
	const char *end = s + len;
	char word[4][INET6_ADDRSTRLEN], family[8];
	unsigned char raw[16];
	int af;

	if (!next_word(&s, end, family, sizeof(family)))
		return bad(why, "no address family");
	if (strcmp(family, "UNKNOWN") == 0) {
		out->kind = PROXY_UNKNOWN;
		return 1;
	}
	af = strcmp(family, "TCP4") == 0 ? AF_INET : AF_INET6;
	if (af == AF_INET6 && strcmp(family, "TCP6") != 0)
		return bad(why, "unknown address family");
	for (int i = 0; i < 4; i++) {
		if (!next_word(&s, end, word[i], sizeof(word[i])))
			return bad(why, "addresses or ports missing");
	}
	if (s != end || end[-1] == ' ')
		return bad(why, "text behind the ports");
	if (inet_pton(af, word[0], raw) != 1 || inet_pton(af, word[1], raw) != 1)
		return bad(why, "bad address");
	if (!is_port(word[2]) || !is_port(word[3]))
		return bad(why, "bad port");
	out->kind = PROXY_CLIENT;
	return smtp_ip_normal(out->client, word[0]) ? 1 : bad(why, "bad address");
}

static int
parse_v1(const unsigned char *in, size_t n, struct smtp_proxy *out, size_t *used, const char **why)
{
	size_t len, mark = sizeof(v1_mark) - 1;
	int rc = dot_line(in, n < V1_MAX ? n : V1_MAX, &len);

	if (rc < 0)
		return bad(why, "bare CR or LF in the header");
	if (rc == 0)
		return n < V1_MAX ? 0 : bad(why, "header too long");
	*used = len + 2;
	if (len < mark)
		return bad(why, "no address family");
	return parse_v1_line((const char *)in + mark, len - mark, out, why);
}

/* Addresses of version 2, for a proxied stream. */
static int
parse_v2_client(unsigned char family, const unsigned char *addr, size_t len, struct smtp_proxy *out, const char **why)
{
	char text[INET6_ADDRSTRLEN];
	size_t need = family >> 4 == 1 ? 12 : 36;
	int af = family >> 4 == 1 ? AF_INET : AF_INET6;

	switch (family >> 4) {
	case 0: /* unspecified */
	case 3: /* a local socket of the proxy's host */
		out->kind = PROXY_UNKNOWN;
		return 1;
	case 1:
	case 2:
		break;
	default:
		return bad(why, "unknown address family");
	}
	if ((family & 0x0f) != 1)
		return bad(why, "not a stream");
	if (len < need)
		return bad(why, "addresses missing");
	out->kind = PROXY_CLIENT;
	if (!inet_ntop(af, addr, text, sizeof(text)) || !smtp_ip_normal(out->client, text))
		return bad(why, "bad address");
	return 1;
}

static int
parse_v2(const unsigned char *in, size_t n, struct smtp_proxy *out, size_t *used, const char **why)
{
	size_t len;

	if (n < V2_HEAD)
		return 0;
	len = (size_t)in[14] << 8 | in[15];
	if (in[12] >> 4 != 2)
		return bad(why, "unknown version");
	if (V2_HEAD + len > SMTP_PROXY_MAX)
		return bad(why, "header too long");
	if (n < V2_HEAD + len)
		return 0;
	*used = V2_HEAD + len;
	switch (in[12] & 0x0f) {
	case 0:
		out->kind = PROXY_LOCAL;
		return 1;
	case 1:
		return parse_v2_client(in[13], in + V2_HEAD, len, out, why);
	default:
		return bad(why, "unknown command");
	}
}

int
smtp_proxy_parse(const unsigned char *in, size_t n, struct smtp_proxy *out, size_t *used, const char **why)
{
	size_t v1 = sizeof(v1_mark) - 1, v2 = sizeof(v2_mark);

	memset(out, 0, sizeof(*out));
	if (n == 0)
		return 0;
	if (memcmp(in, v2_mark, n < v2 ? n : v2) == 0)
		return n < v2 ? 0 : parse_v2(in, n, out, used, why);
	if (memcmp(in, v1_mark, n < v1 ? n : v1) == 0)
		return n < v1 ? 0 : parse_v1(in, n, out, used, why);
	return bad(why, "no PROXY header");
}

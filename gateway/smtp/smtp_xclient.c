/*
 * smtp_xclient.c - what a trusted relay says about its client. The relay was allowed to by its real address; what it
 * says is checked all the same, since it ends in trace fields and in SPF. Called by smtp_cmd_misc.c. Pure.
 */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "err.h"
#include "smtp_xclient.h"

/* Longest value after decoding that any attribute has. */
#define VALUE_MAX SMTP_NAME_MAX

static bool
set_name(struct smtp_xclient *x, const char *v, size_t n)
{
	memcpy(x->name, v, n + 1);
	return n == 0 || smtp_name_ok(v, n);
}

static bool
set_helo(struct smtp_xclient *x, const char *v, size_t n)
{
	memcpy(x->helo, v, n + 1);
	return n == 0 || smtp_name_ok(v, n);
}

static bool
set_addr(struct smtp_xclient *x, const char *v, size_t n)
{
	x->addr[0] = '\0';
	return n == 0 || smtp_ip_normal(x->addr, strncasecmp(v, "IPV6:", 5) == 0 ? v + 5 : v);
}

static bool
set_proto(struct smtp_xclient *x, const char *v, size_t n)
{
	x->esmtp = strcasecmp(v, "ESMTP") == 0;
	return n == 0 || x->esmtp || strcasecmp(v, "SMTP") == 0;
}

static bool
set_port(struct smtp_xclient *x, const char *v, size_t n)
{
	unsigned long port = 0;

	(void)x;
	for (size_t i = 0; i < n; i++) {
		if (n > 5 || v[i] < '0' || v[i] > '9')
			return false;
		port = port * 10 + (unsigned long)(v[i] - '0');
	}
	return port <= 65535;
}

/* A login that a relay reports is no login here (POLICY: proof (d) is our own SMTP AUTH). */
static bool
set_nothing(struct smtp_xclient *x, const char *v, size_t n)
{
	(void)x;
	(void)v;
	(void)n;
	return true;
}

enum { IN_XCLIENT = 1, IN_XFORWARD = 2 };

static const struct attribute {
	const char *key;
	unsigned in, bit;
	bool (*set)(struct smtp_xclient *x, const char *value, size_t n);
} attributes[] = {
	{ "NAME", IN_XCLIENT | IN_XFORWARD, XC_NAME, set_name },
	{ "ADDR", IN_XCLIENT | IN_XFORWARD, XC_ADDR, set_addr },
	{ "PORT", IN_XCLIENT | IN_XFORWARD, XC_OTHER, set_port },
	{ "PROTO", IN_XCLIENT | IN_XFORWARD, XC_PROTO, set_proto },
	{ "HELO", IN_XCLIENT | IN_XFORWARD, XC_HELO, set_helo },
	{ "LOGIN", IN_XCLIENT, XC_OTHER, set_nothing },
	{ "DESTADDR", IN_XCLIENT, XC_OTHER, set_nothing },
	{ "DESTPORT", IN_XCLIENT, XC_OTHER, set_port },
	{ "IDENT", IN_XFORWARD, XC_OTHER, set_nothing },
	{ "SOURCE", IN_XFORWARD, XC_OTHER, set_nothing },
};

bool
smtp_ip_normal(char out[INET6_ADDRSTRLEN], const char *text)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1)
		return inet_ntop(AF_INET, &v4, out, INET6_ADDRSTRLEN) != NULL;
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&v6))
		return inet_ntop(AF_INET, v6.s6_addr + 12, out, INET6_ADDRSTRLEN) != NULL;
	return inet_ntop(AF_INET6, &v6, out, INET6_ADDRSTRLEN) != NULL;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* xtext (RFC 3461 4) of printable ASCII; the length, or -1. */
static long
decode(char out[VALUE_MAX + 1], const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int c = (unsigned char)s[i];

		if (c == '+') {
			if (i + 2 >= len || hex(s[i + 1]) < 0 || hex(s[i + 2]) < 0)
				return -1;
			c = hex(s[i + 1]) * 16 + hex(s[i + 2]);
			i += 2;
		}
		if (c < ' ' || c >= 0x7f || n == VALUE_MAX)
			return -1;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return (long)n;
}

static int
refuse(struct smtp_refusal *no, const char *text, const char *why)
{
	*no = (struct smtp_refusal){ .code = 501, .enhanced = "5.5.4", .text = text, .why = why };
	return VG_ERR_SYNTAX;
}

static int
set_attribute(unsigned in, const char *s, size_t len, struct smtp_xclient *out, struct smtp_refusal *no)
{
	const char *eq = memchr(s, '=', len);
	char value[VALUE_MAX + 1];
	size_t key;
	long n;

	if (!eq)
		return refuse(no, "Bad attribute", "no value");
	key = (size_t)(eq - s);
	n = decode(value, eq + 1, len - key - 1);
	if (n < 0)
		return refuse(no, "Bad attribute", "not xtext");
	if (strcasecmp(value, "[UNAVAILABLE]") == 0 || strcasecmp(value, "[TEMPUNAVAIL]") == 0) {
		value[0] = '\0';
		n = 0;
	}
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		const struct attribute *a = &attributes[i];

		if (!(a->in & in) || strlen(a->key) != key || strncasecmp(s, a->key, key) != 0)
			continue;
		out->given |= a->bit;
		return a->set(out, value, (size_t)n) ? VG_OK : refuse(no, "Bad attribute", a->key);
	}
	return refuse(no, "Bad attribute", "unknown");
}

int
smtp_xclient_parse(bool forward, const char *args, size_t len, struct smtp_xclient *out, struct smtp_refusal *no)
{
	size_t i = 0, start;

	memset(out, 0, sizeof(*out));
	while (i < len) {
		for (start = i; i < len && args[i] != ' '; i++)
			continue;
		if (set_attribute(forward ? IN_XFORWARD : IN_XCLIENT, args + start, i - start, out, no) != VG_OK)
			return VG_ERR_SYNTAX;
		while (i < len && args[i] == ' ')
			i++;
	}
	return out->given ? VG_OK : refuse(no, "Syntax: attribute=value", NULL);
}

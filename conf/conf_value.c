/*
 * conf_value.c - typed values of the configuration. Pure; called by conf_parse.c only.
 */
#include "conf_value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "addr.h"
#include "err.h"
#include "ip.h"

static int bad(const char **why, const char *text)
{
	*why = text;
	return VG_ERR_SYNTAX;
}

/* Reads leading digits; *end is behind them. */
static int digits(const char *s, uint64_t *out, const char **end, const char **why)
{
	uint64_t v = 0;

	if (!isdigit((unsigned char)*s))
		return bad(why, "a number is expected");
	for (; isdigit((unsigned char)*s); s++) {
		unsigned d = (unsigned)(*s - '0');

		if (v > (UINT64_MAX - d) / 10)
			return bad(why, "number too large");
		v = v * 10 + d;
	}
	*out = v;
	*end = s;
	return 0;
}

int conf_value_uint(const char *s, uint64_t min, uint64_t max, uint64_t *out, const char **why)
{
	const char *end;
	int rc = digits(s, out, &end, why);

	if (rc != 0)
		return rc;
	if (*end != '\0')
		return bad(why, "digits only are expected");
	if (*out < min || *out > max) {
		*why = "number out of range";
		return VG_ERR_LIMIT;
	}
	return 0;
}

int conf_value_size(const char *s, uint64_t *out, const char **why)
{
	static const char units[] = "KMG";
	const char *end, *unit;
	int rc = digits(s, out, &end, why);
	unsigned shift;

	if (rc != 0 || *end == '\0')
		return rc;
	unit = strchr(units, toupper((unsigned char)*end));
	if (unit == NULL || end[1] != '\0')
		return bad(why, "a size is digits with an optional K, M or G");
	shift = 10u * (unsigned)(unit - units + 1);
	if (*out > UINT64_MAX >> shift)
		return bad(why, "size too large");
	*out <<= shift;
	return 0;
}

static int64_t unit_ms(const char **s)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
		{ "w", 604800000 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t n = strlen(units[i].name);

		if (strncmp(*s, units[i].name, n) == 0 && !isalpha((unsigned char)(*s)[n])) {
			*s += n;
			return units[i].ms;
		}
	}
	return 0;
}

int conf_value_duration(const char *s, int64_t *out, const char **why)
{
	int64_t sum = 0;

	do {
		uint64_t n;
		int64_t ms;
		int rc = digits(s, &n, &s, why);

		if (rc != 0)
			return rc;
		ms = unit_ms(&s);
		if (ms == 0)
			return bad(why, "a duration needs a unit: ms, s, m, h, d or w (\"90s\", \"1h30m\")");
		if (n > (uint64_t)((INT64_MAX / 4 - sum) / ms))
			return bad(why, "duration too long");
		sum += (int64_t)n * ms;
	} while (*s != '\0');
	*out = sum;
	return 0;
}

static bool host_bits_zero(const unsigned char addr[16], unsigned prefix)
{
	for (unsigned bit = prefix; bit < 128; bit++)
		if ((addr[bit / 8] & (0x80u >> bit % 8)) != 0)
			return false;
	return true;
}

int conf_value_net(const char *s, struct conf_net *out, const char **why)
{
	const char *slash = strchr(s, '/');
	char host[INET6_ADDRSTRLEN];
	size_t n = slash != NULL ? (size_t)(slash - s) : strlen(s);
	uint64_t prefix;
	unsigned bits;

	memset(out, 0, sizeof(*out));
	if (strcmp(s, "unix") == 0) {
		out->is_unix = true;
		return 0;
	}
	if (n >= sizeof(host))
		return bad(why, "not an IP network (\"192.0.2.0/24\", \"2001:db8::/32\" or \"unix\")");
	memcpy(host, s, n);
	host[n] = '\0';
	if (!ip_mapped(host, out->addr, &bits))
		return bad(why, "not an IP network (\"192.0.2.0/24\", \"2001:db8::/32\" or \"unix\")");
	prefix = bits;
	if (slash != NULL && conf_value_uint(slash + 1, 0, bits, &prefix, why) != 0)
		return bad(why, "bad prefix length");
	out->prefix = (unsigned)prefix + (128 - bits);
	if (!host_bits_zero(out->addr, out->prefix))
		return bad(why, "address has bits beyond its prefix length");
	return 0;
}

static int listen_unix(const char *path, struct conf_listen *l, const char **why)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&l->addr;
	size_t n = strlen(path);

	if (path[0] != '/')
		return bad(why, "the path of a unix socket must be absolute");
	if (n >= sizeof(un->sun_path))
		return bad(why, "the path of a unix socket has at most 107 bytes");
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, n + 1);
	l->addr_len = (socklen_t)sizeof(*un);
	l->unix_path = strdup(path);
	return l->unix_path != NULL ? 0 : VG_ERR_MEMORY;
}

static int inet_address(const char *host, uint16_t port, struct sockaddr_storage *out, socklen_t *len, const char **why)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		*len = sizeof(*in);
		return 0;
	}
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		*len = sizeof(*in6);
		return 0;
	}
	return bad(why, "not an IP address with a port (\"192.0.2.1:25\", \"[2001:db8::1]:25\")");
}

int conf_value_inet(const char *s, struct sockaddr_storage *out, socklen_t *len, const char **why)
{
	const char *colon = strrchr(s, ':');
	char host[INET6_ADDRSTRLEN + 2];
	size_t n;
	uint64_t port;

	memset(out, 0, sizeof(*out));
	if (colon == NULL || conf_value_uint(colon + 1, 1, 65535, &port, why) != 0)
		return bad(why, "a port from 1 to 65535 is expected behind the last colon");
	n = (size_t)(colon - s);
	if (n >= sizeof(host))
		return bad(why, "address too long");
	if (n >= 2 && s[0] == '[' && s[n - 1] == ']') {
		s++;
		n -= 2;
	} else if (memchr(s, ':', n) != NULL) {
		return bad(why, "an IPv6 address stands in brackets (\"[::1]:25\")");
	}
	memcpy(host, s, n);
	host[n] = '\0';
	return inet_address(host, (uint16_t)port, out, len, why);
}

int conf_value_listen(const char *s, struct conf_listen *l, const char **why)
{
	memset(&l->addr, 0, sizeof(l->addr));
	if ((l->name = strdup(s)) == NULL)
		return VG_ERR_MEMORY;
	if (strncmp(s, "unix:", 5) == 0)
		return listen_unix(s + 5, l, why);
	return conf_value_inet(s, &l->addr, &l->addr_len, why);
}

int conf_value_mode(const char *s, mode_t *out, const char **why)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(s, &end, 8);
	if (!isdigit((unsigned char)*s) || *end != '\0' || errno != 0 || v > 0777)
		return bad(why, "octal permission bits are expected (\"0660\")");
	*out = (mode_t)v;
	return 0;
}

int conf_value_address(const char *s, char **out, const char **why)
{
	struct addr a;
	int rc = addr_parse(&a, s, strlen(s), 0, why);

	if (rc != 0)
		return rc;
	if (memchr(a.normal, '+', a.at) != NULL)
		return bad(why, "our own addresses carry no '+': it separates the tag");
	*out = strdup(a.normal);
	return *out != NULL ? 0 : VG_ERR_MEMORY;
}

int conf_value_host(const char *s, char **out, const char **why)
{
	char normal[ADDR_DOMAIN_MAX + 1];
	int rc = addr_domain_normal(normal, s, strlen(s), why);

	if (rc != 0)
		return rc;
	*out = strdup(normal);
	return *out != NULL ? 0 : VG_ERR_MEMORY;
}

int conf_value_name(const char *s, char **out, const char **why)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

	if (n == 0 || s[n] != '\0' || n > 64)
		return bad(why, "letters, digits, '-', '_' and '.' are expected (64 at most)");
	*out = strdup(s);
	return *out != NULL ? 0 : VG_ERR_MEMORY;
}

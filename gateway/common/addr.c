/*
 * addr.c - the one address parser: addr-spec and path, and their normal form.
 * Linked into every process; input is hostile. Pure, no DNS.
 */
#include <arpa/inet.h>
#include <idn2.h>
#include <stdint.h>
#include <string.h>

#include "addr.h"
#include "err.h"
#include "utf8.h"

static int bad(const char **why, const char *text)
{
	if (why != NULL)
		*why = text;
	return VG_ERR_SYNTAX;
}

static bool is_alnum(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* atext of RFC 5322 3.2.3. */
static bool is_atext(unsigned char c)
{
	return is_alnum(c) || (c > ' ' && c < 0x7f && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* One character of a local part at s: its length, 0 when it may not stand there. */
static unsigned local_char(const char *s, size_t len, unsigned flags, const char **why)
{
	uint32_t cp = 0;
	unsigned n = utf8_next(s, len, &cp);

	if (n == 0)
		bad(why, "address is not UTF-8");
	else if (n > 1 && (flags & ADDR_UTF8) == 0)
		bad(why, "local part outside ASCII");
	else if (n > 1 && (!utf8_plain(cp) || cp == 0xa0 || cp == 0x3000))
		bad(why, "invisible character in the local part");
	else
		return n;
	return 0;
}

/* dot-atom at s up to len; copies the folded form. */
static int local_atom(char *out, const char *s, size_t len, unsigned flags, const char **why)
{
	bool dot = true;

	for (size_t i = 0; i < len;) {
		unsigned n = local_char(s + i, len - i, flags, why);

		if (n == 0)
			return VG_ERR_SYNTAX;
		if (s[i] == '.') {
			if (dot)
				return bad(why, "misplaced dot in the local part");
			dot = true;
		} else if (n == 1 && !is_atext((unsigned char)s[i])) {
			return bad(why, "character not allowed in the local part");
		} else {
			dot = false;
		}
		for (; n > 0; n--, i++)
			out[i] = lower(s[i]);
	}
	out[len] = '\0';
	return dot ? bad(why, len == 0 ? "empty local part" : "misplaced dot in the local part") : VG_OK;
}

/* Writes the text of a quoted local part in its shortest spelling: as a dot-atom where it is one
 * (RFC 5321 4.1.2: both name the same mailbox), else quoted with no needless backslash. */
static int local_requote(char *out, const char *text, size_t n, unsigned flags, const char **why)
{
	size_t o = 0;

	if (local_atom(out, text, n, flags, NULL) == VG_OK)
		return VG_OK;
	out[o++] = '"';
	for (size_t i = 0; i < n; i++) {
		if (o + 3 > ADDR_LOCAL_MAX)
			return bad(why, "local part too long");
		if (text[i] == '"' || text[i] == '\\')
			out[o++] = '\\';
		out[o++] = lower(text[i]);
	}
	out[o++] = '"';
	out[o] = '\0';
	return VG_OK;
}

/* Quoted-string of RFC 5321 4.1.2, s at its opening, len including both quotes: local_end() saw to it that the last
 * quote is the only bare one inside. */
static int local_quoted(char *out, const char *s, size_t len, unsigned flags, const char **why)
{
	char text[ADDR_LOCAL_MAX + 1];
	size_t n = 0;

	if ((flags & ADDR_QUOTED) == 0)
		return bad(why, "quoted local part");
	for (size_t i = 1; i + 1 < len;) {
		unsigned k;

		if (s[i] == '\\')
			i++;
		k = local_char(s + i, len - i, flags, why);
		if (k == 0)
			return VG_ERR_SYNTAX;
		if (k == 1 && (s[i] < ' ' || s[i] == 0x7f))
			return bad(why, "control character in the local part");
		memcpy(text + n, s + i, k);
		n += k;
		i += k;
	}
	text[n] = '\0';
	return n == 0 ? bad(why, "empty local part") : local_requote(out, text, n, flags, why);
}

/* Where the local part ends: offset of '@', or of what stands in its place. */
static size_t local_end(const char *s, size_t len)
{
	size_t i = 0;

	if (len > 0 && s[0] == '"') {
		for (i = 1; i < len && s[i] != '"'; i++)
			if (s[i] == '\\')
				i++;
		return i < len ? i + 1 : len;
	}
	while (i < len && s[i] != '@')
		i++;
	return i;
}

/* Letters, digits and hyphens in labels of 1-63; the last label not all digits (that would be an address literal). */
static int check_ldh(const char *d, const char **why)
{
	size_t label = 0;
	bool digits = true;

	for (size_t i = 0;; i++) {
		if (d[i] == '.' || d[i] == '\0') {
			if (label == 0)
				return bad(why, "empty label in the domain");
			if (label > 63)
				return bad(why, "label of the domain too long");
			if (d[i - 1] == '-')
				return bad(why, "label of the domain ends in a hyphen");
			if (d[i] == '\0')
				return digits ? bad(why, "domain ends in a number") : VG_OK;
			label = 0;
			digits = true;
			continue;
		}
		if (!is_alnum((unsigned char)d[i]) && d[i] != '-')
			return bad(why, "character not allowed in the domain");
		if (d[i] == '-' && label == 0)
			return bad(why, "label of the domain starts with a hyphen");
		digits = digits && d[i] >= '0' && d[i] <= '9';
		label++;
	}
}

/* IDNA 2008 without the mappings of UTS 46: those would let a full-width dot or letter stand for an ASCII one, which
 * two readers may see differently. A-labels must decode to what they encode. */
static int to_alabel(char out[ADDR_DOMAIN_MAX + 1], const char *u8, const char **why)
{
	uint8_t *a = NULL;
	int rc = idn2_lookup_u8((const uint8_t *)u8, &a, IDN2_NFC_INPUT | IDN2_NO_TR46 | IDN2_ALABEL_ROUNDTRIP);
	size_t n = rc == IDN2_OK ? strlen((const char *)a) : 0;

	if (rc != IDN2_OK || n == 0 || n > ADDR_DOMAIN_MAX) {
		idn2_free(a);
		return bad(why, "domain is not a valid internationalised name");
	}
	memcpy(out, a, n + 1);
	idn2_free(a);
	return VG_OK;
}

int addr_domain_normal(char out[ADDR_DOMAIN_MAX + 1], const char *s, size_t len, const char **why)
{
	char low[ADDR_MAX + 1];
	bool idn = false;
	int rc;

	if (len == 0)
		return bad(why, "no domain");
	if (len > ADDR_MAX)
		return bad(why, "domain too long");
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\0')
			return bad(why, "character not allowed in the domain");
		low[i] = lower(s[i]);
		if ((unsigned char)s[i] >= 0x80)
			idn = true;
	}
	low[len] = '\0';
	if (!utf8_valid(low, len))
		return bad(why, "domain is not UTF-8");
	if (idn || strncmp(low, "xn--", 4) == 0 || strstr(low, ".xn--") != NULL) {
		if ((rc = to_alabel(out, low, why)) != VG_OK)
			return rc;
	} else {
		if (len > ADDR_DOMAIN_MAX)
			return bad(why, "domain too long");
		memcpy(out, low, len + 1);
	}
	return check_ldh(out, why);
}

/* "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321 4.1.3). */
static int domain_literal(char out[ADDR_DOMAIN_MAX + 1], const char *s, size_t len, unsigned flags, const char **why)
{
	char text[64];
	unsigned char raw[16];
	int family = AF_INET;
	const char *ip = text;

	if ((flags & ADDR_LITERAL) == 0)
		return bad(why, "domain literal");
	if (len < 3 || len > sizeof(text) || s[len - 1] != ']')
		return bad(why, "bad domain literal");
	for (size_t i = 1; i < len - 1; i++)
		text[i - 1] = lower(s[i]);
	text[len - 2] = '\0';
	if (strncmp(text, "ipv6:", 5) == 0) {
		family = AF_INET6;
		ip = text + 5;
	}
	if (memchr(text, '\0', len - 2) != NULL || inet_pton(family, ip, raw) != 1)
		return bad(why, "bad domain literal");
	out[0] = '[';
	memcpy(out + 1, text, len - 2);
	out[len - 1] = ']';
	out[len] = '\0';
	return VG_OK;
}

int addr_parse(struct addr *out, const char *s, size_t len, unsigned flags, const char **why)
{
	char local[ADDR_LOCAL_MAX + 1], domain[ADDR_DOMAIN_MAX + 1];
	size_t at = local_end(s, len), n, d;
	int rc;

	memset(out, 0, sizeof(*out));
	if (len == 0)
		return bad(why, "no address");
	if (at >= len || s[at] != '@')
		return bad(why, "no @ in the address");
	if (at > ADDR_LOCAL_MAX)
		return bad(why, "local part too long");
	if (len > ADDR_MAX)
		return bad(why, "address too long");
	rc = s[0] == '"' ? local_quoted(local, s, at, flags, why) : local_atom(local, s, at, flags, why);
	if (rc != VG_OK)
		return rc;
	if (at + 1 < len && s[at + 1] == '[')
		rc = domain_literal(domain, s + at + 1, len - at - 1, flags, why);
	else
		rc = addr_domain_normal(domain, s + at + 1, len - at - 1, why);
	if (rc != VG_OK)
		return rc;
	n = strlen(local);
	d = strlen(domain);
	memcpy(out->normal, local, n);
	out->normal[n] = '@';
	memcpy(out->normal + n + 1, domain, d + 1);
	memcpy(out->shown, s, len);
	out->at = n;
	return VG_OK;
}

const char *addr_domain(const struct addr *a)
{
	return a->normal[0] == '\0' ? "" : a->normal + a->at + 1;
}

int addr_parse_path(struct addr *out, const char *s, size_t len, unsigned flags, size_t *used, const char **why)
{
	size_t end;

	memset(out, 0, sizeof(*out));
	if (len == 0 || s[0] != '<')
		return bad(why, "no < before the address");
	if (len > 1 && s[1] == '@')
		return bad(why, "source route");
	/* A '>' inside a quoted local part does not end the path. */
	end = len > 1 && s[1] == '"' ? 1 + local_end(s + 1, len - 1) : 1;
	while (end < len && s[end] != '>')
		end++;
	if (end >= len)
		return bad(why, "no > behind the address");
	*used = end + 1;
	return end == 1 ? VG_OK : addr_parse(out, s + 1, end - 1, flags, why);
}

bool addr_domain_within(const char *domain, const char *parent)
{
	size_t d = strlen(domain), p = strlen(parent);

	if (p == 0 || d < p || strcmp(domain + d - p, parent) != 0)
		return false;
	return d == p || domain[d - p - 1] == '.';
}

size_t addr_base(const char *normal, size_t at, const char **ext)
{
	const char *plus = at > 1 ? memchr(normal + 1, '+', at - 1) : NULL;

	*ext = plus == NULL ? NULL : plus + 1;
	return plus == NULL ? at : (size_t)(plus - normal);
}

/*
 * pgp_key.c - armor and packet framing of an OpenPGP public key, as far as its fingerprint needs. Runs in the queue process,
 * registry thread; the text is an operator's and may be anything. Pure.
 */
#include "pgp_key.h"

#include <gnutls/crypto.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "err.h"

#define KEY_MAX 16384u
#define BEGIN "-----BEGIN PGP PUBLIC KEY BLOCK-----"
#define END "-----END PGP PUBLIC KEY BLOCK-----"

enum tag { TAG_SECRET = 5, TAG_PUBLIC = 6, TAG_SECRET_SUBKEY = 7 };

struct packet {
	unsigned tag;
	const unsigned char *body;
	size_t len;
};

static int
no(const char **why, const char *text)
{
	*why = text;
	return VG_ERR_SYNTAX;
}

static bool
blank(const char *s, size_t n)
{
	while (n > 0 && strchr(" \t\r\n", s[n - 1]) != NULL && s[n - 1] != '\0')
		n--;
	return n == 0;
}

/* Passes the armor's headers, which end in an empty line; NULL without one. */
static const char *
behind_headers(const char *s, const char *end)
{
	while (s < end) {
		const char *eol = memchr(s, '\n', (size_t)(end - s));

		if (eol == NULL)
			return NULL;
		if (blank(s, (size_t)(eol - s)))
			return eol + 1;
		s = eol + 1;
	}
	return NULL;
}

/* Where the base64 ends: at the line of the checksum, or at the end. */
static const char *
body_end(const char *s, const char *end)
{
	for (const char *at = s; at < end; at++)
		if (*at == '\n' && at + 1 < end && at[1] == '=')
			return at;
	return end;
}

static int
dearmor(const char *text, size_t len, unsigned char *out, size_t *n, const char **why)
{
	const char *s = text, *end, *stop;

	if (memchr(text, '\0', len) != NULL)
		return no(why, "it is no text");
	s += strspn(s, " \t\r\n");
	if (strncmp(s, BEGIN, sizeof(BEGIN) - 1) != 0 || (end = strstr(s + sizeof(BEGIN) - 1, END)) == NULL)
		return no(why, "it is no armored OpenPGP public key");
	if (!blank(end + sizeof(END) - 1, strlen(end + sizeof(END) - 1)))
		return no(why, "something stands behind the key; give one key at a time");
	s += sizeof(BEGIN) - 1;
	if ((s = memchr(s, '\n', (size_t)(end - s))) == NULL || (s = behind_headers(s + 1, end)) == NULL)
		return no(why, "the armor has no empty line before the key");
	if (sodium_base642bin(out, KEY_MAX, s, (size_t)(body_end(s, end) - s), " \t\r\n", n, &stop,
	    sodium_base64_VARIANT_ORIGINAL) != 0 || stop != body_end(s, end) || *n == 0)
		return no(why, "the armor is damaged, or the key is too large");
	return VG_OK;
}

/* Big-endian number of n bytes. */
static size_t
number(const unsigned char *p, size_t n)
{
	size_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

/* The header at *at: 0 with *p and *at behind the packet (RFC 9580 4.2). */
static int
next_packet(const unsigned char *data, size_t len, size_t *at, struct packet *p)
{
	const unsigned char *s = data + *at;
	size_t left = len - *at, head;

	if (left < 2 || (s[0] & 0x80) == 0)
		return VG_ERR_SYNTAX;
	if ((s[0] & 0x40) != 0) {
		p->tag = s[0] & 0x3f;
		head = s[1] < 192 ? 2 : s[1] < 224 ? 3 : s[1] == 255 ? 6 : 0; /* 0: partial lengths are for data, not for keys */
		if (head == 0 || left < head)
			return VG_ERR_SYNTAX;
		p->len = head == 2 ? s[1] : head == 3 ? ((size_t)(s[1] - 192) << 8) + s[2] + 192 : number(s + 2, 4);
	} else {
		p->tag = s[0] >> 2 & 0x0f;
		head = (s[0] & 3) == 3 ? 0 : 1 + ((size_t)1 << (s[0] & 3));
		if (head == 0 || left < head)
			return VG_ERR_SYNTAX;
		p->len = number(s + 1, head - 1);
	}
	if (p->len > left - head)
		return VG_ERR_SYNTAX;
	p->body = s + head;
	*at += head + p->len;
	return VG_OK;
}

/* RFC 9580 5.5.4. */
static int
hash_key(const struct packet *p, char hex[PGP_FINGERPRINT + 1], const char **why)
{
	static const unsigned char prefix[7] = { [4] = 0x99, [5] = 0x9a, [6] = 0x9b };
	unsigned version = p->len > 0 ? p->body[0] : 0, n = version == 4 ? 2 : 4;
	gnutls_digest_algorithm_t digest = version == 4 ? GNUTLS_DIG_SHA1 : GNUTLS_DIG_SHA256;
	unsigned char in[5 + KEY_MAX], out[32];

	if (version < 4 || version > 6)
		return no(why, "its version is neither 4, 5 nor 6");
	in[0] = prefix[version];
	for (unsigned i = 0; i < n; i++)
		in[1 + i] = (unsigned char)(p->len >> 8 * (n - 1 - i));
	memcpy(in + 1 + n, p->body, p->len);
	if (gnutls_hash_fast(digest, in, 1 + n + p->len, out) < 0)
		return no(why, "its fingerprint cannot be computed here");
	sodium_bin2hex(hex, PGP_FINGERPRINT + 1, out, gnutls_hash_get_len(digest));
	return VG_OK;
}

int
pgp_fingerprint(const char *text, size_t len, char hex[PGP_FINGERPRINT + 1], const char **why)
{
	unsigned char data[KEY_MAX];
	struct packet first = { .tag = 0 }, p;
	size_t n = 0, at = 0;
	int err = dearmor(text, len, data, &n, why);

	while (err == VG_OK && at < n) {
		if (next_packet(data, n, &at, &p) != VG_OK)
			return no(why, "its packets are malformed");
		if (p.tag == TAG_SECRET || p.tag == TAG_SECRET_SUBKEY)
			return no(why, "it is a secret key; export the public one");
		if (p.tag == TAG_PUBLIC && first.tag != 0)
			return no(why, "there are several keys in it; give one at a time");
		if (p.tag != TAG_PUBLIC && first.tag == 0)
			return no(why, "it does not begin with a public key");
		if (first.tag == 0)
			first = p;
	}
	return err == VG_OK ? hash_key(&first, hex, why) : err;
}

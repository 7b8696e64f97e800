/*
 * token.c - signed tags in addresses and Message-IDs. The gate mints and checks them; what is checked was typed by anybody.
 * TAG: one character that names the key, 16 characters of MAC (80 bits), then in base 32 what the text before
 * the dot does not say: for a case the participant; for all others the number, and `-participant` where there
 * is one. The alphabet leaves out i, l, o and u, and mail systems may change the case.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "err.h"
#include "token.h"

#define MAC_BYTES 10u
#define MAC_CHARS 16u
#define NUMBER_CHARS 13u
#define MESSAGE_PREFIX "vg."

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* One character that is the key's own, so that after a rotation the right key is found. */
static char
key_mark(const unsigned char key[TOKEN_KEY])
{
	unsigned char h[crypto_generichash_BYTES_MIN];

	crypto_generichash(h, sizeof(h), (const unsigned char *)"key id", 6, key, TOKEN_KEY);
	return alphabet[h[0] & 31];
}

static void
put_u64(unsigned char out[8], uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (unsigned char)(v >> 8 * i);
}

static void
mac(char out[MAC_CHARS + 1], const struct token *t, const unsigned char key[TOKEN_KEY])
{
	unsigned char in[17], h[crypto_generichash_BYTES_MIN];
	unsigned acc = 0, bits = 0, n = 0;

	in[0] = (unsigned char)t->purpose;
	put_u64(in + 1, t->number);
	put_u64(in + 9, t->participant);
	crypto_generichash(h, sizeof(h), in, sizeof(in), key, TOKEN_KEY);
	for (unsigned i = 0; i < MAC_BYTES; i++) {
		acc = (acc << 8 | h[i]) & 0xfff;
		for (bits += 8; bits >= 5; bits -= 5)
			out[n++] = alphabet[acc >> (bits - 5) & 31];
	}
	out[n] = '\0';
}

/* Shortest form; nothing for 0. */
static void
put_base32(char out[NUMBER_CHARS + 1], uint64_t v)
{
	unsigned n = 0;

	for (uint64_t rest = v; rest; rest >>= 5)
		n++;
	out[n] = '\0';
	while (n > 0) {
		out[--n] = alphabet[v & 31];
		v >>= 5;
	}
}

static int
digit(char c)
{
	const char *p;

	if (c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	p = c ? strchr(alphabet, c) : NULL;
	return p ? (int)(p - alphabet) : -1;
}

/* Reads n characters in the shortest form. False for anything else, also for what 64 bits do not hold. */
static bool
get_base32(const char *s, size_t n, uint64_t *v)
{
	*v = 0;
	if (n > 0 && digit(s[0]) == 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		int d = digit(s[i]);
		if (d < 0 || *v >> 59)
			return false;
		*v = *v << 5 | (unsigned)d;
	}
	return true;
}

/* Decimal without leading zeros, not 0. */
static bool
get_decimal(const char *s, size_t n, uint64_t *v)
{
	*v = 0;
	if (n == 0 || n > 19 || s[0] == '0')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		*v = *v * 10 + (unsigned)(s[i] - '0');
	}
	return true;
}

bool
token_keys_read(struct token_keys *keys, const unsigned char *data, size_t len)
{
	if (len == 0 || len % TOKEN_KEY || len > sizeof(keys->key))
		return false;
	sodium_memzero(keys, sizeof(*keys));
	memcpy(keys->key, data, len);
	keys->n = len / TOKEN_KEY;
	return true;
}

int
token_mint(char out[TOKEN_MAX + 1], const struct token *t, const struct token_keys *keys)
{
	char tag[MAC_CHARS + 1], number[NUMBER_CHARS + 1], participant[NUMBER_CHARS + 1];
	const unsigned char *key = keys->key[0];

	if (keys->n == 0)
		return VG_ERR_DENIED;
	if (t->number == 0 || (t->purpose == TOKEN_CASE && t->number > UINT64_C(9999999999999999999)))
		return VG_ERR_LIMIT;
	mac(tag, t, key);
	put_base32(number, t->number);
	put_base32(participant, t->participant);
	if (t->purpose == TOKEN_CASE)
		snprintf(
		    out, TOKEN_MAX + 1, "%" PRIu64 ".%c%s%s", t->number, key_mark(key), tag, participant);
	else
		snprintf(out, TOKEN_MAX + 1, "%c%s%s%s%s", key_mark(key), tag, number,
		    t->participant ? "-" : "", participant);
	return VG_OK;
}

/* The numbers that ext claims, and where its tag begins; NULL where it has not the form of a token. */
static const char *
claims(struct token *t, enum token_purpose purpose, const char *ext)
{
	const char *tag = ext, *dot, *dash;
	size_t n = strlen(ext);

	*t = (struct token){ .purpose = purpose };
	if (n > TOKEN_MAX)
		return NULL;
	if (purpose == TOKEN_CASE) {
		dot = strchr(ext, '.');
		if (!dot || !get_decimal(ext, (size_t)(dot - ext), &t->number))
			return NULL;
		tag = dot + 1;
	}
	n = strlen(tag);
	if (n < 1 + MAC_CHARS)
		return NULL;
	n -= 1 + MAC_CHARS;
	if (purpose == TOKEN_CASE)
		return get_base32(tag + 1 + MAC_CHARS, n, &t->participant) ? tag : NULL;
	dash = memchr(tag + 1 + MAC_CHARS, '-', n);
	if (dash) {
		const char *end = tag + 1 + MAC_CHARS + n;
		if (!get_base32(dash + 1, (size_t)(end - dash - 1), &t->participant) || t->participant == 0)
			return NULL;
		n = (size_t)(dash - tag) - 1 - MAC_CHARS;
	}
	return get_base32(tag + 1 + MAC_CHARS, n, &t->number) && t->number ? tag : NULL;
}

/* Every key that the id may mean is tried, whatever the outcome of the others. */
static bool
is_signed(const struct token *t, const char *tag, const struct token_keys *keys)
{
	char want[MAC_CHARS + 1], have[MAC_CHARS];
	bool valid = false;

	for (unsigned i = 0; i < MAC_CHARS; i++) {
		int d = digit(tag[1 + i]);
		have[i] = d < 0 ? '-' : alphabet[d];
	}
	for (size_t i = 0; i < keys->n; i++) {
		if (digit(tag[0]) != digit(key_mark(keys->key[i])))
			continue;
		mac(want, t, keys->key[i]);
		valid |= sodium_memcmp(want, have, MAC_CHARS) == 0;
	}
	return valid;
}

int
token_check(struct token *out, enum token_purpose purpose, const char *ext, const struct token_keys *keys)
{
	const char *tag;
	struct token t;

	if (!ext || !*ext || (purpose == TOKEN_CASE && !strchr(ext, '.')))
		return VG_ERR_SYNTAX;
	tag = claims(&t, purpose, ext);
	if (!tag || !is_signed(&t, tag, keys))
		return VG_ERR_DENIED;
	*out = t;
	return VG_OK;
}

int
token_message_id(char out[TOKEN_MESSAGE_ID_MAX + 1], uint64_t ticket, uint64_t message, const char *hostname,
    const struct token_keys *keys)
{
	struct token t = { .purpose = TOKEN_MESSAGE, .number = ticket, .participant = message };
	char tag[TOKEN_MAX + 1];
	int rc = message ? token_mint(tag, &t, keys) : VG_ERR_LIMIT, n;

	if (rc != VG_OK)
		return rc;
	n = snprintf(out, TOKEN_MESSAGE_ID_MAX + 1, MESSAGE_PREFIX "%s@%s", tag, hostname);
	if (n < 0 || n > TOKEN_MESSAGE_ID_MAX)
		return VG_ERR_LIMIT;
	for (; *out; out++)
		*out = *out >= 'A' && *out <= 'Z' ? (char)(*out - 'A' + 'a') : *out;
	return VG_OK;
}

int
token_message_check(struct token *out, const char *id, size_t len, const char *hostname, const struct token_keys *keys)
{
	size_t prefix = sizeof(MESSAGE_PREFIX) - 1, host = strlen(hostname), n;
	char tag[TOKEN_MAX + 1];
	struct token t;

	if (len < prefix + 1 + host || strncasecmp(id, MESSAGE_PREFIX, prefix) != 0 || id[len - host - 1] != '@' ||
	    strncasecmp(id + len - host, hostname, host) != 0)
		return VG_ERR_SYNTAX;
	n = len - host - 1 - prefix;
	if (n == 0 || n > TOKEN_MAX)
		return VG_ERR_DENIED;
	memcpy(tag, id + prefix, n);
	tag[n] = '\0';
	if (token_check(&t, TOKEN_MESSAGE, tag, keys) != VG_OK || t.participant == 0)
		return VG_ERR_DENIED;
	*out = t;
	return VG_OK;
}

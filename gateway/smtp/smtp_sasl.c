/*
 * smtp_sasl.c - reads what clients answer in an AUTH exchange. The bytes are hostile. Pure.
 */
#include "smtp_sasl.h"

#include <sodium.h>
#include <string.h>

#include "err.h"

/* libsodium (1.0.18) takes some bytes of 0x80 and above for digits. */
static bool
is_ascii(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)s[i] >= 0x80)
			return false;
	}
	return true;
}

int
sasl_decode(unsigned char out[SASL_MAX], size_t *n, const char *text, size_t len)
{
	const char *end;

	*n = 0;
	if (!is_ascii(text, len) || sodium_base642bin(out, SASL_MAX - 1, text, len, NULL, n, &end,
	    sodium_base64_VARIANT_ORIGINAL) != 0 || end != text + len)
		return VG_ERR_SYNTAX;
	out[*n] = '\0';
	return VG_OK;
}

int
sasl_plain(struct sasl_plain *out, const unsigned char *data, size_t len)
{
	const unsigned char *end = data + len, *user = memchr(data, '\0', len), *password;

	memset(out, 0, sizeof(*out));
	if (!user)
		return VG_ERR_SYNTAX;
	user++;
	password = memchr(user, '\0', (size_t)(end - user));
	if (!password)
		return VG_ERR_SYNTAX;
	password++;
	if (memchr(password, '\0', (size_t)(end - password)))
		return VG_ERR_SYNTAX;
	*out = (struct sasl_plain){ .user = (const char *)user, .password = password, .n = (size_t)(end - password) };
	return data[0] == '\0' || strcmp((const char *)data, out->user) == 0 ? VG_OK : VG_ERR_DENIED;
}

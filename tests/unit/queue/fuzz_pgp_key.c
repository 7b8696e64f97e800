/*
 * fuzz_pgp_key.c - any bytes as an armored OpenPGP key: a fingerprint of 40 or 64 hex digits, or a reason. Bytes that do not
 * begin with armor are put into one, so that the packets are reached.
 */
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "pgp_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const char *text, size_t len)
{
	char hex[PGP_FINGERPRINT + 1] = "";
	const char *why = NULL;
	int err = pgp_fingerprint(text, len, hex, &why);

	if (err == VG_OK ? strspn(hex, "0123456789abcdef") != strlen(hex) || (strlen(hex) != 40 && strlen(hex) != 64)
	    : err != VG_ERR_SYNTAX || why == NULL || *why == '\0')
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char begin[] = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n", end[] = "\n-----END PGP PUBLIC KEY BLOCK-----\n";
	size_t n, room = sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_ORIGINAL);
	char *text = malloc(size + 1), *armored = malloc(sizeof(begin) + room + sizeof(end));

	if (text == NULL || armored == NULL)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	check(text, size);
	n = sizeof(begin) - 1;
	memcpy(armored, begin, n);
	sodium_bin2base64(armored + n, room, data, size, sodium_base64_VARIANT_ORIGINAL);
	n += strlen(armored + n);
	memcpy(armored + n, end, sizeof(end));
	check(armored, strlen(armored));
	free(text);
	free(armored);
	return 0;
}

/*
 * fuzz_sasl.c - any line as a response of AUTH: what is taken is canonical base64, and what PLAIN finds in it gives the message
 * back when put together.
 */
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "smtp_sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_plain(const unsigned char *data, size_t n)
{
	struct sasl_plain p;
	int err = sasl_plain(&p, data, n);

	if (err == VG_ERR_SYNTAX)
		return;
	if (strlen((const char *)data) + strlen(p.user) + p.n + 2 != n || memchr(p.password, '\0', p.n) != NULL ||
	    (err != VG_OK && err != VG_ERR_DENIED))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char out[SASL_MAX];
	char *again, *text;
	size_t n, room;

	if (size > SMTP_LINE_MAX)
		size = SMTP_LINE_MAX;
	/* As a line, and, so that PLAIN is reached, as a message. */
	text = malloc(size + 1);
	if (text == NULL)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (sasl_decode(out, &n, text, size) == VG_OK) {
		room = sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_ORIGINAL);
		if ((again = malloc(room)) == NULL)
			abort();
		sodium_bin2base64(again, room, out, n, sodium_base64_VARIANT_ORIGINAL);
		if (strlen(again) != size || memcmp(again, text, size) != 0)
			abort();
		free(again);
		check_plain(out, n);
	}
	check_plain((unsigned char *)text, size);
	free(text);
	return 0;
}

/* fuzz_token.c - any bytes as the answer of a token end-point: HTTP, then JSON, then a token that may stand in a command line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "imap_token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *body = NULL, why[200];
	struct imap_token t = { 0 };
	unsigned status = 0;
	size_t n = 0;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (net_http_answer(text, size, size % 2, &status, &body, &n) == VG_OK) {
		if (body < text || n > size - (size_t)(body - text))
			abort();
		if (imap_token_read(&t, status, body, n, 0, why, sizeof(why)) == VG_OK && (!t.access || strpbrk(t.access, " \r\n")))
			abort();
	}
	imap_token_refused(&t);
	imap_token_secret(&t.refresh, NULL, 0);
	free(text);
	return 0;
}

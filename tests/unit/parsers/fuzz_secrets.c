/*
 * fuzz_secrets.c - any bytes as a text with secrets: spans in order and in bounds, the masked text is short enough and holds no more of
 * them than the mask itself could bring about.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "secrets_places.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct secrets_places places = {.n = 0};
	struct secrets_span span;
	char *text = malloc(size > 0 ? size : 1), said[200];
	size_t from = 0, n = 0;
	unsigned masked;
	struct buf out;

	if (text == NULL)
		abort();
	if (size > 0)
		memcpy(text, data, size);
	for (; secrets_next(text, size, from, &span); n++) {
		if (span.at < from || span.len == 0 || span.at + span.len > size || span.kind >= SECRETS_KINDS)
			abort();
		from = span.at + span.len;
	}
	buf_init(&out, 30 * size + 100);
	if (secrets_mask(&out, text, size, &masked) != 0 || masked != n)
		abort();
	secrets_places_text(&places, "the text", text, size);
	if (secrets_places_say(&places, said, sizeof(said)) >= sizeof(said) || (n > 0) != (places.n > 0))
		abort();
	secrets_glance(text, size);
	buf_free(&out);
	free(text);
	return 0;
}

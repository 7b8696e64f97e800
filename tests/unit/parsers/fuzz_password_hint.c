/*
 * fuzz_password_hint.c - any bytes as the text of a mail: candidates are bounded, and masking takes nothing but them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "password_hint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct password_hints h = {.n = 0};
	struct buf out;

	password_hints_find(&h, (const char *)data, size);
	if (h.n > PASSWORD_HINTS_MAX)
		abort();
	for (size_t i = 0; i < h.n; i++)
		if (h.list[i].text[0] == '\0' || memmem(data, size, h.list[i].text, strlen(h.list[i].text)) == NULL)
			abort();
	buf_init(&out, size * 8 + 100);
	if (!password_hints_mask(&h, ~0u, &out, (const char *)data, size) &&
	    (out.len != size || (size > 0 && memcmp(out.data, data, size) != 0)))
		abort();
	buf_free(&out);
	return 0;
}

/* Any text as an address extension: never beyond its end, and what is accepted is exactly what is minted for it. */
#include <assert.h>
#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct token_keys key = { .key = { "0123456789abcdef0123456789abcde" }, .n = 1 };
	char *ext = malloc(size + 1), minted[TOKEN_MAX + 1];
	struct token t;

	if (!ext)
		abort();
	memcpy(ext, data, size);
	ext[size] = '\0';
	for (int purpose = TOKEN_CASE; purpose <= TOKEN_MESSAGE; purpose++) {
		int rc = token_check(&t, (enum token_purpose)purpose, ext, &key);
		assert(rc == VG_OK || rc == VG_ERR_SYNTAX || rc == VG_ERR_DENIED);
		if (rc)
			continue;
		assert(token_mint(minted, &t, &key) == VG_OK);
		assert(strcasecmp(minted, ext) == 0);
	}
	free(ext);
	return 0;
}

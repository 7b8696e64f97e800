/* Any bytes: addr_parse and addr_parse_path stay in bounds, and what they accept has a stable normal form. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "addr.h"
#include "err.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr a, b;
	const char *why, *s = (const char *)data, *ext;
	size_t used;

	for (unsigned flags = 0; flags < 8; flags++) {
		if (addr_parse(&a, s, size, flags, &why) == VG_OK) {
			assert(a.normal[a.at] == '@' && utf8_valid(a.normal, strlen(a.normal)));
			assert(strpbrk(a.normal, "\r\n\t") == NULL);
			assert(addr_parse(&b, a.normal, strlen(a.normal), flags, &why) == VG_OK);
			assert(strcmp(a.normal, b.normal) == 0);
			assert(addr_base(a.normal, a.at, &ext) <= a.at);
		}
		if (addr_parse_path(&a, s, size, flags, &used, &why) == VG_OK)
			assert(used <= size && s[used - 1] == '>');
	}
	return 0;
}

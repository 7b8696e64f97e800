/* fuzz_rcpt.c - any bytes as a header: identifiers are few, recipients are addresses of ours, in normal form, each once. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "imap_ids.h"
#include "imap_rcpt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char intake[] = "support@support.example", cases[] = "case@support.example";
	struct conf_address ours[] = { { ADDRESS_INTAKE, intake, NULL }, { ADDRESS_CASE, cases, NULL } };
	const struct conf c = { .addresses = ours, .n_addresses = 2 };
	static struct imap_rcpts r;
	static struct imap_ids ids;

	imap_ids_read(&ids, (const char *)data, size);
	if (ids.n > IMAP_REFS_MAX || (ids.own && !imap_ids_follow(&ids, ids.own)))
		abort();
	if (imap_rcpts_read(&r, &c, (const char *)data, size) != VG_OK)
		return 0;
	if (r.n > IMAP_RCPTS_MAX)
		abort();
	for (size_t i = 0; i < r.n; i++) {
		const char *at = strrchr(r.address[i], '@');

		if (!at || strcmp(at, "@support.example") != 0)
			abort();
		for (size_t k = 0; k < i; k++) {
			if (strcmp(r.address[i], r.address[k]) == 0)
				abort();
		}
	}
	return 0;
}

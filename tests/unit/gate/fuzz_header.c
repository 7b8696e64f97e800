/* Any bytes as a header: reader, sender, facts and digest stay in bounds, and a sender without fault has an address. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "err.h"
#include "gate_digest.h"
#include "gate_facts.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char zero[DIGEST_LEN];
	static const struct token_keys keys = {.n = 1};
	struct blob body = {zero, sizeof(zero)};
	unsigned char digest[DIGEST_LEN];
	struct gate_header h;
	struct gate_facts f;
	struct gate_facts_input in = {.header = &h, .hostname = "support.example", .keys = &keys, .smtputf8 = size & 1,
	    .null_path = size & 2};

	if (gate_header_read(&h, (const char *)data, size) != VG_OK)
		return 0;
	for (size_t i = 0; i < h.n; i++)
		assert(h.fields[i].raw >= (const char *)data && h.fields[i].raw + h.fields[i].raw_len <= (const char *)data + size);
	if (gate_facts_read(&f, &in) == VG_OK) {
		assert((f.from.fault.code == NULL) == (f.from.addr.normal[0] != '\0'));
		assert(utf8_valid(f.from.name, strlen(f.from.name)) && utf8_valid(f.subject, strlen(f.subject)));
		assert(strpbrk(f.from.name, "\r\n\t") == NULL && strpbrk(f.subject, "\r\n\t") == NULL);
		assert(f.n_mids <= GATE_MIDS_MAX);
	}
	gate_facts_free(&f);
	gate_digest(digest, &h, &body);
	gate_header_free(&h);
	return 0;
}

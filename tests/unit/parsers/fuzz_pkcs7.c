/*
 * fuzz_pkcs7.c - any bytes as CMS: what is taken out is never more than went in.
 */
#include <stdint.h>
#include <stdlib.h>

#include "err.h"
#include "pkcs7.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out;

	buf_init(&out, 1u << 26);
	if (pkcs7_content(&out, data, size) == VG_OK && !pkcs7_is_signed(data, size))
		abort();
	if (out.len > size)
		abort();
	buf_free(&out);
	return 0;
}

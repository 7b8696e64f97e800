/*
 * fuzz_log.c - any bytes as a log, at once and in pieces: the same errors, valid JSON, within the bounds. The first byte
 * chooses the size of the pieces.
 */
#include <stdint.h>

#include "log_pieces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data + 1;
	char *whole, *pieces;

	if (size < 2)
		return 0;
	log_looks_like("x.txt", data + 1, size - 1);
	whole = log_in_pieces(bytes, size - 1, size);
	pieces = log_in_pieces(bytes, size - 1, (size_t)data[0] + 1);
	if (strcmp(whole, pieces) != 0)
		abort();
	free(whole);
	free(pieces);
	return 0;
}

/*
 * fuzz_evtx.c - any bytes as the records of a chunk of an event log, at once and in pieces: the same errors, valid JSON, and no more
 * written than the budget of a chunk allows. The first byte chooses the size of the pieces.
 */
#include <stdint.h>

#include "log_binxml.h"
#include "log_pieces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RECORDS ((size_t)4096 + 512)
#define RECORD ((size_t)512 + 24) /* its binary XML */
#define BUDGET ((size_t)4096)

static void count(void *arg, const char *s, size_t n)
{
	size_t *written = arg;

	for (size_t i = 0; i < n; i++)
		*written += s[i] != '\0' || i < n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *file, *whole, *pieces;
	size_t written = 0;
	struct binxml x = {.out = count, .arg = &written, .budget = BUDGET};

	if (size < 2 || size > 61000)
		return 0;
	file = calloc(1, RECORDS + size);
	memcpy(file, "ElfFile", 8);
	memcpy(file + 4096, "ElfChnk", 8);
	memcpy(file + RECORDS, data + 1, size - 1);
	whole = log_in_pieces(file, RECORDS + size - 1, RECORDS + size);
	pieces = log_in_pieces(file, RECORDS + size - 1, (size_t)data[0] * 16 + 1);
	x.chunk = (const unsigned char *)file + 4096;
	x.size = 512 + size - 1;
	if (x.size > RECORD)
		binxml_write(&x, RECORD, x.size);
	if (strcmp(whole, pieces) != 0 || written > BUDGET)
		abort();
	free(whole);
	free(pieces);
	free(file);
	return 0;
}

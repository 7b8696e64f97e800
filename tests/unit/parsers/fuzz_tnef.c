/*
 * fuzz_tnef.c - any bytes as a winmail.dat: the walk ends, and every member that it lists can be taken out again.
 */
#include "unpack_help.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	help_unpack_any(data, size, UNPACK_TNEF);
	return 0;
}

/*
 * fuzz_outlook_msg.c - any bytes as a .msg: the walk ends, and every member that it lists can be taken out again; and no memory is
 * lost, which libgsf does with entries beside the root (root-siblings).
 */
#include "unpack_help.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	help_unpack_any(data, size, UNPACK_MSG);
	return 0;
}

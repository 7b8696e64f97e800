/*
 * fuzz_outlook_msg.c - any bytes as a .msg: the walk ends, and every member that it lists can be taken out again.
 */
#include "unpack_help.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);

/* libgsf forgets the names in a damaged directory; a worker is replaced long before that matters. Our own memory is watched by
 * test_unpack. */
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	help_unpack_any(data, size, UNPACK_MSG);
	return 0;
}

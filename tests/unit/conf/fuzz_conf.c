/*
 * fuzz_conf.c - any bytes as a configuration: errors or a configuration, never a crash or a leak.
 */
#include <stddef.h>
#include <stdint.h>

#include "conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hear(const char *file, unsigned line, unsigned column, const char *why, void *arg)
{
	(void)file;
	(void)line;
	(void)column;
	*(const char **)arg = why;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *last = NULL;
	struct conf *c = NULL;

	if (conf_parse("fuzz", (const char *)data, size, &c, hear, &last) == 0)
		conf_free(&c);
	return 0;
}

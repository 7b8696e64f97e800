/*
 * fuzz_outlook_msg.c - any bytes as a .msg: the walk ends, and every member that it lists can be taken out again.
 */
#include "unpack_help.h"

#include "message.h"

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
	struct help_unpacked *u;
	struct buf text;
	const char *why;
	unsigned problems;

	if (message_warm(&why) != VG_OK)
		abort();
	u = help_unpack(data, size, UNPACK_MSG, &problems);
	for (size_t i = 0; i < u->n && i < 4; i++) {
		buf_init(&text, 1u << 26);
		help_unpack_one(data, size, UNPACK_MSG, u->members[i].path, &text);
		buf_free(&text);
	}
	help_unpacked_free(u);
	buf_init(&text, 1u << 20);
	if (size > 0) {
		struct source src;

		source_memory(&src, data, size);
		unpack_text(&text, &src, UNPACK_MSG);
	}
	buf_free(&text);
	return 0;
}

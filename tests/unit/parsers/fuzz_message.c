/*
 * fuzz_message.c - any bytes as a mail: an object that message_check accepts, the same from memory and from a file, and
 * extraction that ends.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "err.h"
#include "message.h"
#include "message_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count(void *arg, const void *data, size_t n)
{
	(void)data;
	*(size_t *)arg += n;
	return VG_OK;
}

static void must(int ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parse_source memory = {.data = data, .len = size, .fd = -1}, file = {.fd = memfd_create("fuzz", MFD_CLOEXEC)};
	struct message_part_info info;
	char sender[2][ADDR_MAX + 1];
	struct buf a, b;
	const char *why;
	size_t n = 0;
	json_t *m;
	int err;

	must(file.fd >= 0 && (size == 0 || write(file.fd, data, size) == (ssize_t)size));
	buf_init(&a, MESSAGE_JSON_MAX);
	buf_init(&b, MESSAGE_JSON_MAX);
	err = message_parse(&memory, NULL, &a, sender[0]);
	must(err == (size == 0 ? VG_ERR_SYNTAX : VG_OK));
	must(message_parse(&file, NULL, &b, sender[1]) == err && strcmp(sender[0], sender[1]) == 0);
	must(a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0));
	if (err == VG_OK) {
		m = message_check(a.data, a.len, &why);
		must(m != NULL);
		if (json_array_size(json_object_get(m, "attachments")) > 0) {
			must(message_extract(&memory, "a1", NULL, count, &n, &info) == VG_OK);
			must((json_int_t)n == json_integer_value(json_object_get(json_array_get(json_object_get(m, "attachments"), 0), "size")));
		}
		json_decref(m);
	}
	buf_free(&a);
	buf_free(&b);
	close(file.fd);
	return 0;
}

/*
 * fuzz_quotes.c - any text through the body cleaner: the three parts together hold every byte of full that is no blank,
 * and none begins or ends with an empty line.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "err.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t filled(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] != ' ' && b->data[i] != '\n' && b->data[i] != '\t';
	return n;
}

static void check(const struct buf *b)
{
	if (b->len == 0)
		return;
	if (!utf8_valid((const char *)b->data, b->len) || b->data[b->len - 1] == '\n' || memchr(b->data, '\r', b->len) != NULL ||
	    memchr(b->data, 0, b->len) != NULL)
		abort();
}

/* The first byte chooses the format. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct body_format format = {0};
	struct body b;

	if (size == 0)
		return 0;
	format.flowed = (data[0] & 1) != 0;
	format.delsp = (data[0] & 2) != 0;
	body_init(&b);
	if (((data[0] & 8) != 0 ? body_add_html(&b, "utf-8", data + 1, size - 1) : body_add_plain(&b, &format, data + 1, size - 1)) != VG_OK ||
	    body_finish(&b, (data[0] & 4) != 0) != VG_OK)
		abort();
	check(&b.full);
	check(&b.text);
	check(&b.quoted);
	check(&b.signature);
	if (filled(&b.full) != filled(&b.text) + filled(&b.quoted) + filled(&b.signature))
		abort();
	body_free(&b);
	return 0;
}

/*
 * fuzz_dot.c - the same bytes at once and in pieces must give the same content, end and fault. First byte: piece size.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct content {
	unsigned char *data;
	size_t len;
};

static void
collect(void *arg, const void *data, size_t n)
{
	struct content *c = arg;

	memcpy(c->data + c->len, data, n);
	c->len += n;
}

static size_t
run(struct dot *d, struct content *c, const uint8_t *in, size_t n, size_t piece, bool *end)
{
	size_t used = 0;

	dot_init(d);
	*end = false;
	while (used < n && !*end)
		used += dot_data(d, in + used, piece < n - used ? piece : n - used, collect, c, end);
	return used;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct content a, b;
	struct dot da, db;
	bool enda, endb;
	size_t ua, ub, len;

	if (size < 2)
		return 0;
	a = (struct content){ .data = malloc(size) };
	b = (struct content){ .data = malloc(size) };
	if (!a.data || !b.data)
		abort();
	ua = run(&da, &a, data + 1, size - 1, size, &enda);
	ub = run(&db, &b, data + 1, size - 1, data[0] ? data[0] : 1, &endb);
	if (ua != ub || enda != endb || da.bare != db.bare || a.len != b.len || memcmp(a.data, b.data, a.len) != 0)
		abort();
	if (enda && (ua < 3 || memcmp(data + 1 + ua - 3, ".\r\n", 3) != 0))
		abort();
	if (dot_line(data + 1, size - 1, &len) == 1 && memcmp(data + 1 + len, "\r\n", 2) != 0)
		abort();
	free(a.data);
	free(b.data);
	return 0;
}

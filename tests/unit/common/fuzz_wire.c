/* Any bytes as any struct: what decodes encodes to the same bytes again, and its lists can be walked to their count.
 * First byte: the type. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "err.h"
#include "ipc_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
walk(const struct wlist *l)
{
	uint64_t space[128];
	const char *s;
	size_t pos = 0;
	uint32_t n = 0;
	int more;

	while ((more = wlist_next_str(l, &pos, &s)) == 1) {
		assert(strlen(s) < l->len);
		n++;
	}
	assert(more == VG_ERR_PROTO || n == l->n);
	for (pos = n = 0; (more = wlist_next(l, &pos, &wire_facts_thread, space)) == 1;)
		n++;
	assert(more == VG_ERR_PROTO || n == l->n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct wire_table *t;
	uint64_t space[128];
	struct buf again;

	if (size < 1 || !(t = ipc_table(data[0])))
		return 0;
	assert(t->size <= sizeof(space));
	if (wire_get(t, data + 1, size - 1, space))
		return 0;
	for (size_t i = 0; i < t->nfields; i++) {
		if (t->fields[i].type == W_list)
			walk((const struct wlist *)(const void *)((char *)space + t->fields[i].offset));
	}
	buf_init(&again, size);
	assert(wire_put(&again, t, space) == VG_OK);
	assert(again.len == size - 1 && memcmp(again.data, data + 1, size - 1) == 0);
	buf_free(&again);
	return 0;
}

/*
 * fuzz_csv.c - any bytes as an import file: the CSV reader gives the same rows whatever the split, and what it gives can be written
 * and read again; the readers of all formats and the reader of items survive, and everything they take has its normal form.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "err.h"
#include "registry_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Digest of all rows: enough to compare two readings. */
static uint64_t
note(uint64_t h, const char *s)
{
	do
		h = (h ^ (unsigned char)*s) * 0x100000001b3u;
	while (*s++ != '\0');
	return h;
}

static uint64_t
row(struct csv *c, int r, uint64_t h)
{
	h = (h ^ csv_line(c)) * 0x100000001b3u;
	if (r < 0)
		return note(h, csv_why(c));
	for (unsigned i = 0; i < csv_fields(c); i++)
		h = note(h, csv_field(c, i));
	return h;
}

static uint64_t
read_all(const char *data, size_t size, size_t step)
{
	struct csv *c = csv_new();
	uint64_t h = 0xcbf29ce484222325u;
	size_t at = 0, used;
	int r;

	if (c == NULL)
		abort();
	while (at < size) {
		size_t n = size - at < step ? size - at : step;

		r = csv_feed(c, data + at, n, &used);
		if (used > n || (r == 0 && used != n) || (r != 0 && used == 0))
			abort();
		if (r != 0)
			h = row(c, r, h);
		at += used;
	}
	if ((r = csv_end(c)) != 0)
		h = row(c, r, h);
	csv_free(&c);
	return h;
}

static int
take_row(void *arg, struct reg_row *row)
{
	struct reg_item item, again;
	json_t *obj;

	(void)arg;
	if (row->kind < 0)
		return row->fault->text[0] == '\0' ? VG_ERR_STORE : VG_OK;
	if (reg_item_parse((enum reg_kind)row->kind, row->obj, &item, row->fault) == VG_OK) {
		/* The canonical object reads as itself. A direct contract's id may still be missing. */
		obj = reg_item_json(&item);
		if (obj == NULL || ((item.kind != REG_DIRECT || (item.id[0] != '\0' && item.entry[0] != '\0')) &&
		    reg_item_parse(item.kind, obj, &again, row->fault) != VG_OK))
			abort();
		if (item.kind != REG_DIRECT || (item.id[0] != '\0' && item.entry[0] != '\0')) {
			json_t *same = reg_item_json(&again);

			if (!json_equal(obj, same) || strcmp(item.entry, again.entry) != 0)
				abort();
			json_decref(same);
			reg_item_free(&again);
		}
		json_decref(obj);
	}
	reg_item_free(&item);
	return VG_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reg_source source = { .text = (const char *)data, .size = size };

	if (read_all((const char *)data, size, size + 1) != read_all((const char *)data, size, 1))
		abort();
	for (int pass = REG_PASS_PARTNERS; pass <= REG_PASS_OTHERS; pass++)
		for (int format = REG_ANY; format <= REG_JSON_LINES; format++)
			if (reg_rows(&source, (enum reg_format)format, (enum reg_pass)pass, take_row, NULL) != VG_OK)
				abort();
	return 0;
}

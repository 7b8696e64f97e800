/*
 * fuzz_log.c - any bytes as a log, at once and in pieces: the same errors, valid JSON, within the bounds. The first byte
 * chooses the size of the pieces.
 */
#include <stdint.h>

#include "extract_help.h"
#include "log_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *scan(const uint8_t *data, size_t size, size_t step)
{
	const struct error_where where = {.kind = ORIGIN_ATTACHMENT, .attachment = "a1", .path = "p"};
	struct error_set *set = error_set_new();
	struct log_facts facts = {.product = ""};
	struct log_scanner *s = log_scanner_new(set, &where, &facts);
	json_t *list;
	char *out;

	for (size_t i = 0; i < size; i += step)
		log_scanner_feed(s, data + i, size - i < step ? size - i : step);
	log_scanner_end(s);
	log_scanner_free(&s);
	list = error_set_json(set);
	if (list == NULL || json_array_size(list) > ERRORS_MAX)
		abort();
	json_array_append_new(list, json_string(facts.product));
	json_array_append_new(list, json_string(facts.version));
	json_array_append_new(list, json_string(facts.machine));
	out = json_dumps(list, 0);
	if (out == NULL)
		abort();
	json_decref(list);
	error_set_free(&set);
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *whole, *pieces;

	if (size < 2)
		return 0;
	log_looks_like("x.txt", data + 1, size - 1);
	whole = scan(data + 1, size - 1, size);
	pieces = scan(data + 1, size - 1, (size_t)data[0] + 1);
	if (strcmp(whole, pieces) != 0)
		abort();
	free(whole);
	free(pieces);
	return 0;
}

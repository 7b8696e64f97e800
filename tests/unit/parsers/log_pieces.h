/*
 * log_pieces.h - what the log scanner makes of bytes that come in pieces, as JSON to compare: for the fuzz harnesses of its forms.
 */
#ifndef VG_LOG_PIECES_H
#define VG_LOG_PIECES_H

#include "extract_help.h"
#include "log_scan.h"

/* Errors, product, version and machine; owned. Ends the process where they are more than the bounds allow. */
static char *log_in_pieces(const char *data, size_t size, size_t step)
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

#endif

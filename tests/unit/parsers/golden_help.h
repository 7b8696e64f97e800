/*
 * golden_help.h - shared by the golden tests: an object written by hand against one that the parsers gave. Members it names must be
 * there and equal, its lists of equal length; members that it leaves out are free.
 */
#ifndef VG_TEST_GOLDEN_HELP_H
#define VG_TEST_GOLDEN_HELP_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the two differ is written to path. */
static inline int golden_same(const json_t *want, const json_t *got, char *path, size_t cap)
{
	size_t n = strlen(path), i;
	const char *key;
	json_t *w;

	if (json_is_object(want)) {
		json_object_foreach((json_t *)(uintptr_t)want, key, w) {
			snprintf(path + n, cap - n, ".%s", key);
			if (!golden_same(w, json_object_get(got, key), path, cap))
				return 0;
		}
	} else if (json_is_array(want)) {
		snprintf(path + n, cap - n, "[%zu of %zu]", json_array_size(got), json_array_size(want));
		if (!json_is_array(got) || json_array_size(got) != json_array_size(want))
			return 0;
		for (i = 0; i < json_array_size(want); i++) {
			snprintf(path + n, cap - n, "[%zu]", i);
			if (!golden_same(json_array_get(want, i), json_array_get(got, i), path, cap))
				return 0;
		}
	} else if (!json_equal(want, got)) {
		char *a = json_dumps(want, JSON_ENCODE_ANY), *b = json_dumps(got, JSON_ENCODE_ANY);

		snprintf(path + n, cap - n, ": expected %s, got %s", a, b != NULL ? b : "nothing");
		free(a);
		free(b);
		return 0;
	}
	path[n] = '\0';
	return 1;
}

#endif

/*
 * test_golden.c - every tests/corpus/NAME.eml against NAME.json, written by hand. The expected object names what matters:
 * its members must be there and equal, its lists of equal length; members that it leaves out are free.
 */
#include "message_help.h"

#include <dirent.h>

#define CORPUS "tests/corpus"

/* Where the two differ is written to path. */
static int same(const json_t *want, const json_t *got, char *path, size_t cap)
{
	size_t n = strlen(path), i;
	const char *key;
	json_t *w;

	if (json_is_object(want)) {
		json_object_foreach((json_t *)(uintptr_t)want, key, w) {
			snprintf(path + n, cap - n, ".%s", key);
			if (!same(w, json_object_get(got, key), path, cap))
				return 0;
		}
	} else if (json_is_array(want)) {
		snprintf(path + n, cap - n, "[%zu of %zu]", json_array_size(got), json_array_size(want));
		if (!json_is_array(got) || json_array_size(got) != json_array_size(want))
			return 0;
		for (i = 0; i < json_array_size(want); i++) {
			snprintf(path + n, cap - n, "[%zu]", i);
			if (!same(json_array_get(want, i), json_array_get(got, i), path, cap))
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

static int check_one(const char *name)
{
	char path[512], where[4096] = "";
	size_t len;
	char *bytes;
	json_t *want, *got;
	int ok;

	snprintf(path, sizeof path, CORPUS "/%s.eml", name);
	bytes = help_read(path, &len);
	got = help_parse(bytes, len, NULL);
	snprintf(path, sizeof path, CORPUS "/%s.json", name);
	want = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	ok = want != NULL && json_object_size(want) > 0 && same(want, got, where, sizeof where);
	if (!ok)
		print_error("%s%s\n", name, where);
	json_decref(want);
	json_decref(got);
	free(bytes);
	return ok;
}

static void test_corpus(void **state)
{
	DIR *d = opendir(CORPUS);
	struct dirent *e;
	unsigned n = 0, bad = 0;

	(void)state;
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);
		char name[256];

		if (len < 5 || len >= sizeof name || strcmp(e->d_name + len - 4, ".eml") != 0)
			continue;
		memcpy(name, e->d_name, len - 4);
		name[len - 4] = '\0';
		bad += !check_one(name);
		n++;
	}
	closedir(d);
	assert_int_equal(bad, 0);
	assert_true(n >= 25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_corpus)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_golden.c - every tests/corpus/NAME.eml against NAME.json, written by hand. The expected object names what matters:
 * its members must be there and equal, its lists of equal length; members that it leaves out are free.
 */
#include "golden_help.h"
#include "message_help.h"

#include <dirent.h>

#define CORPUS "tests/corpus"

/* ---- every line of full is in one of the parts ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds the lines of s that are not blank, cut in place; the new count. */
static size_t add_lines(char **list, size_t n, char *s)
{
	for (char *line, *save = NULL; (line = strtok_r(s, "\n", &save)) != NULL; s = NULL)
		if (line[strspn(line, " \t")] != '\0')
			list[n++] = line;
	return n;
}

static int holds_all_lines(json_t *body)
{
	static const char *const parts[] = {"text", "quoted", "signature"};
	char *full = strdup(json_string_value(json_object_get(body, "full"))), *copies[3];
	size_t cap = strlen(full) + 1, m, n = 0;
	char **want = calloc(cap, sizeof *want), **got = calloc(3 * cap, sizeof *got);
	int ok;

	m = add_lines(want, 0, full);
	for (size_t i = 0; i < 3; i++) {
		copies[i] = strdup(json_string_value(json_object_get(body, parts[i])));
		n = add_lines(got, n, copies[i]);
	}
	qsort(want, m, sizeof *want, by_text);
	qsort(got, n, sizeof *got, by_text);
	ok = m == n;
	for (size_t i = 0; ok && i < n; i++)
		ok = strcmp(want[i], got[i]) == 0;
	for (size_t i = 0; i < 3; i++)
		free(copies[i]);
	free(full);
	free(want);
	free(got);
	return ok;
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
	ok = want != NULL && json_object_size(want) > 0 && golden_same(want, got, where, sizeof where);
	if (!ok)
		print_error("%s%s\n", name, where);
	if (!holds_all_lines(json_object_get(got, "body"))) {
		print_error("%s: lines of body.full are lost or doubled\n", name);
		ok = 0;
	}
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

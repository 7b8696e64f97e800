/*
 * test_log_cases.c - every tests/corpus/logs/log-NAME.json, written by hand, against what the error extractor says of the file
 * beside it. Each log has several errors and a cause that an engineer would name: the first one in the list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>

#include "extract_help.h"
#include "golden_help.h"
#include "logs_json.h"

#define CASES "tests/corpus/logs"

/* The log of a case: NAME.log, NAME.txt, NAME.csv or NAME.evtx; writes its bare name. */
static char *read_log(const char *name, char *bare, size_t cap, size_t *len)
{
	static const char *const endings[] = {"log", "txt", "csv", "evtx"};
	char path[512];

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		FILE *f;

		snprintf(bare, cap, "%s.%s", name, endings[i]);
		snprintf(path, sizeof(path), CASES "/%s", bare);
		if ((f = fopen(path, "rb")) != NULL) {
			fclose(f);
			return help_file(path, len);
		}
	}
	fail_msg("%s: no log", name);
	return NULL;
}

static int check_one(const char *name)
{
	char path[512], bare[300], where[4096] = "";
	struct source src;
	struct logs_file file = {bare, &src};
	size_t len = 0;
	char *bytes = read_log(name, bare, sizeof(bare), &len);
	json_t *want, *got;
	int ok;

	source_memory(&src, bytes, len);
	got = logs_parse(&file, 1);
	snprintf(path, sizeof(path), CASES "/%s.json", name);
	want = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	ok = want != NULL && got != NULL && golden_same(want, got, where, sizeof(where));
	if (!ok)
		print_error("%s%s\n", name, where);
	json_decref(want);
	json_decref(got);
	free(bytes);
	return ok;
}

static void test_cases(void **state)
{
	DIR *d = opendir(CASES);
	struct dirent *e;
	unsigned n = 0, bad = 0;

	(void)state;
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);
		char name[256];

		if (len < 9 || len >= sizeof(name) || strncmp(e->d_name, "log-", 4) != 0 || strcmp(e->d_name + len - 5, ".json") != 0)
			continue;
		memcpy(name, e->d_name, len - 5);
		name[len - 5] = '\0';
		bad += !check_one(name);
		n++;
	}
	closedir(d);
	assert_int_equal(bad, 0);
	assert_true(n >= 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

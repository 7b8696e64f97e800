/*
 * test_words.c - lists of words against text: the same with an index, and where there are more lists than have room for one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ascii.h"
#include "word_index.h"
#include "word_list.h"

#define LISTS 1500 /* more than word_index.c has places for */

static const char *const fruit[] = {"apple", "app", "fig", "b", "date palm", NULL};
enum { FRUIT = ASCII_COUNT(fruit) - 1 };

static void check(const char *const *list)
{
	static const char text[] = "An applet, a snapp: FIG trees";
	size_t which = FRUIT;

	assert_ptr_equal(ascii_find_any(text, strlen(text), list, FRUIT, &which), strstr(text, "FIG"));
	assert_int_equal(which, 2);
	assert_null(ascii_find_any("an applet, figs", 15, list, FRUIT, NULL));
	assert_int_equal(ascii_word_at("App store", 9, list, FRUIT), 1);
	assert_int_equal(ascii_word_at("apple", 5, list, FRUIT), 0);
	assert_int_equal(ascii_word_at("apples", 6, list, FRUIT), FRUIT);
	assert_int_equal(ascii_word_at("B", 1, list, FRUIT), 3);
	assert_int_equal(ascii_word_at("", 0, list, FRUIT), FRUIT);
	assert_int_equal(ascii_one_of("Date Palm", 9, list, FRUIT), 4);
	assert_int_equal(ascii_one_of("date palm ", 10, list, FRUIT), FRUIT);
	assert_int_equal(ascii_one_of("ap", 2, list, FRUIT), FRUIT);
	assert_int_equal(ascii_one_of("", 0, list, FRUIT), FRUIT);
	assert_true(ascii_starts_any("Applet", 6, list, FRUIT));
	assert_false(ascii_starts_any("ap", 2, list, FRUIT));
	assert_int_equal(word_list_starts("applet", 6, list), 5);
	assert_int_equal(word_list_starts("date", 4, list), 0);
	assert_true(word_list_is("date palm", 9, list));
	assert_false(word_list_is("date palms", 10, list));
	assert_true(word_list_ends("a config", 8, list));
	assert_false(word_list_ends("figs", 4, list));
	assert_true(word_list_within("snapped", 7, list));
	assert_false(word_list_within("none of it", 10, list));
}

static void test_indexed(void **state)
{
	(void)state;
	assert_non_null(word_index_list(fruit));
	check(fruit);
}

static void test_without_room(void **state)
{
	static const char *lists[LISTS][FRUIT + 1];
	size_t indexed = 0;

	(void)state;
	for (size_t i = 0; i < LISTS; i++) {
		memcpy(lists[i], fruit, sizeof(fruit));
		indexed += word_index_of(lists[i], FRUIT) != NULL;
	}
	assert_in_range(indexed, 400, LISTS - 1);
	assert_null(word_index_list(lists[LISTS - 1]));
	check(lists[LISTS - 1]);
	check(lists[0]);
	check(fruit);
}

/* Whatever byte of the needle is looked for. */
static void test_find(void **state)
{
	static const char text[] = "Kick xylophones: the quick Brown-fox JUMPS over a.lazy DOG  twice";
	size_t len = sizeof text - 1;

	(void)state;
	for (size_t from = 0; from < len; from++)
		for (size_t n = 1; n <= 9 && from + n <= len; n++) {
			char needle[16];
			const char *naive = text;

			for (size_t i = 0; i < n; i++)
				needle[i] = ascii_fold(text[from + i]);
			needle[n] = '\0';
			while (!ascii_starts(naive, (size_t)(text + len - naive), needle))
				naive++;
			assert_ptr_equal(ascii_find(text, len, needle), naive);
			assert_null(ascii_find(text, (size_t)(naive - text) + n - 1, needle));
		}
	assert_null(ascii_find(text, len, "quicker"));
	assert_null(ascii_find("ab", 2, "abc"));
	assert_true(ascii_is("Fig", 3, "fig") && ascii_is("", 0, ""));
	assert_false(ascii_is("fi", 2, "fig") || ascii_is("figs", 4, "fig") || ascii_is("", 0, "fig"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_indexed),
		cmocka_unit_test(test_without_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

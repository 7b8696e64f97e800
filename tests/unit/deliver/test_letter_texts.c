/* test_letter_texts.c - which text a letter gets in which language; the built-in ones; files of words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "letter.h"
#include "letter_texts.h"
#include "template.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool for_agents(unsigned kind)
{
	return kind == LETTER_AGENT || kind == LETTER_DIGEST || kind == LETTER_ALARM || kind == LETTER_FAILED;
}

/* Sorted names of the tags of a template, each once. */
static void tags_of(const char *text, char out[2000])
{
	char names[100][40];
	size_t n = 0;

	out[0] = '\0';
	for (const char *s = text; (s = strstr(s, "{{")) != NULL; s++) {
		const char *name = s + 2 + strspn(s + 2, "#^/");
		size_t len = strcspn(name, "}"), i = 0;

		assert_true(len < sizeof names[0] && n < COUNT(names));
		snprintf(names[n], sizeof names[n], "%.*s", (int)len, name);
		while (strcmp(names[i], names[n]) != 0)
			i++;
		n += i == n;
	}
	qsort(names, n, sizeof names[0], (int (*)(const void *, const void *))strcmp);
	for (size_t i = 0; i < n; i++)
		snprintf(out + strlen(out), 2000 - strlen(out), "%s ", names[i]);
}

/* Every language says what the first one says. */
static void test_built_in(void **state)
{
	char want[2000], got[2000];

	(void)state;
	for (unsigned kind = LETTER_ACK; kind < LETTER_KINDS; kind++)
		for (size_t i = 0; letter_languages[i] != NULL; i++) {
			const char *text = letter_template(kind, letter_languages[i]), *why;
			unsigned line;

			if (for_agents(kind) && i > 0)
				continue;
			assert_non_null(text);
			if (template_check(text, strlen(text), letter_values, &line, &why) != VG_OK)
				fail_msg("%s/%s:%u: %s", letter_languages[i], letter_file(kind), line, why);
			tags_of(letter_template(kind, ""), want);
			tags_of(text, got);
			assert_string_equal(got, want);
		}
}

static void test_words_are_complete(void **state)
{
	static const char *const words[] = {"product", "version", "severity", "customer", "job", "support_id", "reference", "ask-logs",
	    "ask-error", "ask-product", "ask-version", "ask-triage", "role-contact", "role-observer", "role-customer", "role-holder", "role-agent"};

	(void)state;
	for (size_t i = 0; letter_languages[i] != NULL; i++) {
		const char *text = letter_template(LETTER_WORDS, letter_languages[i]), *why;
		unsigned line;

		if (letter_words_check(text, strlen(text), &line, &why) != VG_OK)
			fail_msg("%s/words.txt:%u: %s", letter_languages[i], line, why);
		for (size_t k = 0; k < COUNT(words); k++) {
			char start[40];

			snprintf(start, sizeof start, "\n%s ", words[k]);
			if (strstr(text, start) == NULL)
				fail_msg("%s/words.txt has no %s", letter_languages[i], words[k]);
		}
	}
}

static void test_tags(void **state)
{
	static const char *const good[] = {"de", "pt-br", "zh-hant-tw", "gsw"}, *const bad[] = {"", "d", "DE", "de-", "de--at", "../de", "english",
	    "1de", "de_at", "de/", "abcdefghijklmnopqrstuvwxyzabcdefghijk", "de-abcdefghijklmnopqrstuvwxyzabcdefg"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(letter_language_ok(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		if (letter_language_ok(bad[i]))
			fail_msg("%s", bad[i]);
}

static void test_fallbacks(void **state)
{
	static const struct {
		const char *language, *want; /* first line of ack.txt; NULL: the built-in text of built_in */
		const char *built_in;
	} rows[] = {
		{"", "ours", NULL},
		{"pl", "polski", NULL},
		{"pl-PL", "polski", NULL},
		{"pt-BR", "brasil", NULL},
		{"pt", "ours", NULL},        /* no such file: without a language */
		{"pt-br-x-acme", "brasil", NULL},
		{"nl", "ours", NULL},
		{"DE-at", NULL, "de"},
		{"fr", "francais", NULL},    /* the operator's before ours */
		{"../../etc", "ours", NULL},
	};
	struct letter_texts *t = letter_texts_new();

	(void)state;
	assert_non_null(t);
	assert_int_equal(letter_texts_put(t, "ack.txt", "oursXX", 4), VG_OK);
	assert_int_equal(letter_texts_put(t, "pl/ack.txt", "polski", 6), VG_OK);
	assert_int_equal(letter_texts_put(t, "pt-br/ack.txt", "brasil", 6), VG_OK);
	assert_int_equal(letter_texts_put(t, "fr/ack.txt", "francais", 8), VG_OK);
	assert_int_equal(letter_texts_put(t, "de/reply.txt", "x", 1), VG_OK);
	assert_int_equal(letter_texts_put(t, "de/other.txt", "x", 1), VG_ERR_SYNTAX);
	assert_int_equal(letter_texts_put(t, "../ack.txt", "x", 1), VG_ERR_SYNTAX);
	assert_int_equal(letter_texts_put(t, "de/de/ack.txt", "x", 1), VG_ERR_SYNTAX);
	assert_int_equal(letter_texts_put(t, "", "x", 1), VG_ERR_SYNTAX);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *got = letter_texts_find(t, LETTER_ACK, rows[i].language);

		assert_string_equal(got, rows[i].want != NULL ? rows[i].want : letter_template(LETTER_ACK, rows[i].built_in));
	}
	assert_string_equal(letter_texts_find(NULL, LETTER_ACK, "nl"), letter_template(LETTER_ACK, ""));
	assert_string_equal(letter_texts_find(NULL, LETTER_AGENT, "de"), letter_template(LETTER_AGENT, ""));
	assert_null(letter_texts_find(t, LETTER_KINDS, ""));
	letter_texts_free(&t);
}

static void test_words(void **state)
{
	static const struct {
		const char *language, *word, *want;
	} rows[] = {
		{"", "product", "Ding"},
		{"de", "product", "Produkt"},
		{"de-CH", "product", "Produkt"},
		{"pl", "product", "Ding"},
		{"pl", "severity", "waga sprawy"},
		{"", "severity", "Severity"},
		{"de", "nobody", "nobody"},
		{"", "prod", "prod"},
	};
	static const char ours[] = "# x\nproduct\tDing  \n", polish[] = "severity   waga sprawy\r\n";
	struct letter_texts *t = letter_texts_new();

	(void)state;
	assert_int_equal(letter_texts_put(t, "words.txt", ours, sizeof ours - 1), VG_OK);
	assert_int_equal(letter_texts_put(t, "pl/words.txt", polish, sizeof polish - 1), VG_OK);
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n;
		const char *got = letter_word(t, rows[i].language, rows[i].word, &n);

		if (n != strlen(rows[i].want) || memcmp(got, rows[i].want, n) != 0)
			fail_msg("%s %s: %.*s", rows[i].language, rows[i].word, (int)n, got);
	}
	letter_texts_free(&t);
}

static void test_words_check(void **state)
{
	static const struct {
		const char *text, *why; /* NULL: good */
		unsigned line;
	} rows[] = {
		{"", NULL, 0},
		{"# a\n\nproduct x\n  version   y z\n", NULL, 0},
		{"product x\nprodukt y\n", "no such word", 2},
		{"product\n", "without its text", 1},
		{"\n\nproduct   \n", "without its text", 3},
		{"averyveryveryveryverylongwordthatnobodyknows x\n", "no such word", 1},
		{"ask- x\n", "no such word", 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *why;
		unsigned line;
		int rc = letter_words_check(rows[i].text, strlen(rows[i].text), &line, &why);

		if (rows[i].why == NULL ? rc != VG_OK : rc != VG_ERR_SYNTAX || line != rows[i].line || strstr(why, rows[i].why) == NULL)
			fail_msg("row %zu: %d, line %u: %s", i, rc, line, why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_built_in),
	    cmocka_unit_test(test_words_are_complete),
	    cmocka_unit_test(test_tags),
	    cmocka_unit_test(test_fallbacks),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_words_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

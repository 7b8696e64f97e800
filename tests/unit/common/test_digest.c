/* digest.h, head.h: against a slow reference, on every split; what transport may change does not matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sodium.h>

#include "digest.h"
#include "head.h"

static void
digest_split(const char *s, size_t n, size_t piece, unsigned char out[DIGEST_LEN])
{
	struct digest *d = digest_new();

	assert_non_null(d);
	for (size_t i = 0; i < n; i += piece)
		digest_feed(d, s + i, n - i < piece ? n - i : piece);
	digest_final(d, out);
	digest_free(&d);
	assert_null(d);
}

static void
digest_of(const char *s, unsigned char out[DIGEST_LEN])
{
	digest_split(s, strlen(s), SIZE_MAX, out);
}

/* RFC 6376 3.4.4 word by word, over a body in memory: lines, then white space in them, then empty lines at the end. */
static void
reference(const char *body, size_t n, unsigned char out[DIGEST_LEN])
{
	char *lines = malloc(n * 2 + 4);
	size_t len = 0, end = 0;

	for (size_t i = 0; i < n;) {
		size_t stop = i, start = len;
		while (stop < n && !(body[stop] == '\r' && stop + 1 < n && body[stop + 1] == '\n'))
			stop++;
		for (size_t k = i; k < stop; k++) {
			if (body[k] != ' ' && body[k] != '\t')
				lines[len++] = body[k];
			else if (len == start || lines[len - 1] != ' ')
				lines[len++] = ' ';
		}
		if (len > start && lines[len - 1] == ' ')
			len--;
		if (len > start)
			end = len + 2;
		lines[len++] = '\r';
		lines[len++] = '\n';
		i = stop + 2;
	}
	crypto_generichash(out, DIGEST_LEN, (unsigned char *)lines, end, NULL, 0);
	free(lines);
}

static void
test_against_reference(void **state)
{
	static const char letters[] = "a \t\r\n\rb\n";
	unsigned char want[DIGEST_LEN], got[DIGEST_LEN];
	unsigned seed = 1;
	char mail[64] = "A: b\r\n\r\n";

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t n = 8;
		size_t body = (size_t)(round % 40);
		for (; n < 8 + body; n++) {
			seed = seed * 1103515245 + 12345;
			mail[n] = letters[seed >> 16 & 7];
			if (mail[n] == '\r' && n + 1 < 8 + body)
				mail[++n] = '\n';
		}
		reference(mail + 8, n - 8, want);
		for (size_t piece = 1; piece < 12; piece += 3) {
			digest_split(mail, n, piece, got);
			assert_memory_equal(got, want, DIGEST_LEN);
		}
	}
}

static void
test_equal_and_different(void **state)
{
	static const struct {
		const char *a, *b;
		int same;
	} cases[] = {
		{ "A: 1\r\n\r\ntext\r\n", "A: 2\r\nB: 3\r\n\r\ntext\r\n", 1 },
		{ "A: 1\r\n\r\ntext\r\n", "A: 1\r\n\r\ntext", 1 },
		{ "A: 1\r\n\r\ntext\r\n", "A: 1\r\n\r\ntext \t\r\n\r\n \r\n", 1 },
		{ "A: 1\r\n\r\na  b\r\n", "A: 1\r\n\r\na\tb\r\n", 1 },
		{ "A: 1\r\n\r\na b\r\n", "A: 1\r\n\r\nab\r\n", 0 },
		{ "A: 1\r\n\r\n a\r\n", "A: 1\r\n\r\na\r\n", 0 },
		{ "A: 1\r\n\r\n\r\na\r\n", "A: 1\r\n\r\na\r\n", 0 },
		{ "A: 1\r\n\r\na\r\n\r\nb\r\n", "A: 1\r\n\r\na\r\nb\r\n", 0 },
		{ "A: 1\r\n\r\n", "A: 1\r\n\r\n\r\n\r\n \r\n", 1 }, /* no body is an empty one */
		{ "A: 1\r\n", "B: 2\r\n\r\n", 1 },                   /* all header */
		{ "\r\ntext\r\n", "A: 1\r\n\r\ntext\r\n", 1 },       /* no header */
		{ "A: 1\r\n\r\ntext\r\n", "A: 1\r\n\r\nText\r\n", 0 },
		{ "A: 1\r\n\r\na\rb\r\n", "A: 1\r\n\r\na\r\nb\r\n", 0 },
		{ "A: 1\r\n\r\na\r", "A: 1\r\n\r\na", 0 },
	};
	unsigned char a[DIGEST_LEN], b[DIGEST_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		digest_of(cases[i].a, a);
		digest_of(cases[i].b, b);
		if ((memcmp(a, b, DIGEST_LEN) == 0) != cases[i].same)
			fail_msg("case %zu", i);
	}
}

static void
test_long_runs_of_empty_lines(void **state)
{
	size_t n = 1 << 20;
	char *mail = malloc(n);
	unsigned char want[DIGEST_LEN], got[DIGEST_LEN];

	(void)state;
	for (size_t i = 0; i < n; i += 2)
		memcpy(mail + i, "\r\n", 2);
	mail[n - 2] = 'x';
	mail[n - 1] = 'y';
	reference(mail + 2, n - 2, want);
	digest_split(mail, n, 4096, got);
	assert_memory_equal(got, want, DIGEST_LEN);
	free(mail);
}

static void
test_head_end(void **state)
{
	static const struct {
		const char *mail;
		size_t head;
		bool found;
	} cases[] = {
		{ "A: b\r\n\r\nbody", 8, true },
		{ "\r\nbody", 2, true },
		{ "A: b\r\n", 6, false },
		{ "", 0, false },
		{ "A: b\n\nbody", 10, false },
		{ "A: b\r\n\r\r\nbody", 13, false },
		{ "A: b\r\r\n\r\nbody", 9, true },
		{ "A: b\r\n \r\nc\r\n\r\n\r\n", 14, true },
		{ "\r", 1, false },
		{ "\n\r\n\r\n", 5, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strlen(cases[i].mail);
		for (size_t piece = 1; piece <= n + 1; piece++) {
			struct head_scan h = HEAD_SCAN_START;
			size_t head = 0;
			for (size_t k = 0; k < n; k += piece)
				head += head_scan(&h, cases[i].mail + k, n - k < piece ? n - k : piece);
			if (head != cases[i].head || h.found != cases[i].found)
				fail_msg("case %zu in pieces of %zu: %zu", i, piece, head);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_reference),
		cmocka_unit_test(test_equal_and_different),
		cmocka_unit_test(test_long_runs_of_empty_lines),
		cmocka_unit_test(test_head_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

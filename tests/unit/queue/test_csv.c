/*
 * test_csv.c - CSV as spreadsheets and people write it: the same rows whatever the split of the input.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "csv.h"
#include "err.h"

/* Rows as text: fields between '|', rows ended by '/', with the line first; "!" and the reason for a bad one. */
static const struct {
	const char *in;
	const char *out;
} cases[] = {
	{ "", "" },
	{ "a,b,c\n", "1:a|b|c/" },
	{ "a,b,c", "1:a|b|c/" },
	{ "a,b\r\nc,d\r\n", "1:a|b/2:c|d/" },
	{ "a,b\n\n\r\nc,d\n", "1:a|b/4:c|d/" },
	{ "\xef\xbb\xbf" "a,b\n", "1:a|b/" },
	{ "\xef\xbb\xbf\"a\",b\n", "1:a|b/" },
	{ "\xef\xbb\xbf", "" },
	{ "\xef\xbb" "a\n", "1:\xef\xbb" "a/" },
	{ "x\n\xef\xbb\xbfy\n", "1:x/2:\xef\xbb\xbfy/" },
	{ "\"a,1\",b\n", "1:a,1|b/" },
	{ "\"say \"\"hi\"\"\",b\n", "1:say \"hi\"|b/" },
	{ "\"two\nlines\",b\nc,d\n", "1:two\nlines|b/3:c|d/" },
	{ "\"cr\r\nlf\",b\n", "1:cr\r\nlf|b/" },
	{ "\"\"\n", "1:/" },
	{ "\"\",\n", "1:|/" },
	{ ",,\n", "1:||/" },
	{ "a,b,\n", "1:a|b|/" },
	{ "a;b;c\nd,e;f\n", "1:a|b|c/2:d,e|f/" },
	{ "a\tb\nc;d\te\n", "1:a|b/2:c;d|e/" },
	{ "\"x;y\",b\nc;d,e\n", "1:x;y|b/2:c;d|e/" },
	{ "alone\na,b\n", "1:alone/2:a|b/" },
	{ " a , b \n", "1: a | b /" },
	/* Bad rows are named and passed over; the next line is read. */
	{ "a\"b,c\nd,e\n", "1!quote inside/2:d|e/" },
	{ "\"a\"b,c\nd,e\n", "1!behind a closing/2:d|e/" },
	{ "a,b\rc\nd,e\n", "1!CR without LF/2:d|e/" },
	{ "\"a\"\rb\nd\n", "1!CR without LF/2:d/" },
	{ "a,\"b\nc,d\n", "1!without end/" },
	{ "a,\"b", "1!without end/" },
	{ "a\rb", "1!CR without LF/" },
	{ "a,\"b\"", "1:a|b/" },
	{ "a,\r", "1:a|/" },
};

static void
show(struct csv *c, int r, char *out)
{
	size_t len = strlen(out);

	if (r < 0) {
		snprintf(out + len, 1024 - len, "%llu!%s/", (unsigned long long)csv_line(c), csv_why(c));
		return;
	}
	len += (size_t)snprintf(out + len, 1024 - len, "%llu:", (unsigned long long)csv_line(c));
	for (unsigned i = 0; i < csv_fields(c); i++)
		len += (size_t)snprintf(out + len, 1024 - len, "%s%s", i > 0 ? "|" : "", csv_field(c, i));
	snprintf(out + len, 1024 - len, "/");
}

/* Feeds in pieces of at most `step` bytes. */
static void
read_all(const char *in, size_t n, size_t step, char out[1024])
{
	struct csv *c = csv_new();
	size_t at = 0, used;
	int r;

	assert_non_null(c);
	out[0] = '\0';
	while (at < n) {
		r = csv_feed(c, in + at, n - at < step ? n - at : step, &used);
		if (r != 0)
			show(c, r, out);
		at += used;
	}
	if ((r = csv_end(c)) != 0)
		show(c, r, out);
	assert_int_equal(csv_end(c), 0);
	csv_free(&c);
	assert_null(c);
}

/* Reasons stand shortened in the table: cuts each to what the table says. */
static bool
matches(const char *got, const char *want)
{
	while (*want != '\0') {
		if (*want != '!') {
			if (*got++ != *want++)
				return false;
			continue;
		}
		{
			size_t n = strcspn(want + 1, "/"), whole = strcspn(got, "/");
			char part[64], all[256];

			if (*got != '!' || n >= sizeof(part) || whole >= sizeof(all))
				return false;
			memcpy(part, want + 1, n);
			part[n] = '\0';
			memcpy(all, got, whole);
			all[whole] = '\0';
			if (strstr(all, part) == NULL)
				return false;
			got += whole;
			want += n + 1;
		}
	}
	return *got == '\0';
}

static void
table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static const size_t steps[] = { 1, 2, 3, 7, 1000 };

		for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
			char out[1024];

			read_all(cases[i].in, strlen(cases[i].in), steps[s], out);
			if (!matches(out, cases[i].out))
				print_error("%s\n  gave %s\n  not  %s\n", cases[i].in, out, cases[i].out);
			assert_true(matches(out, cases[i].out));
		}
	}
}

static void
nul_bytes(void **state)
{
	char out[1024];

	(void)state;
	read_all("a,b\0c\nd\n", 8, 100, out);
	assert_true(matches(out, "1!NUL/2:d/"));
	read_all("a,\"b\0c\"\nd\n", 10, 100, out);
	assert_true(matches(out, "1!NUL/2:d/"));
}

static void
limits(void **state)
{
	size_t n = CSV_ROW_MAX + 10, used;
	char *big = malloc(n + 8), out[1024];
	struct csv *c = csv_new();

	(void)state;
	assert_non_null(big);
	/* A row of exactly the maximum is one; a byte more is not, and its quotes are still followed to its end. */
	memset(big, 'x', n);
	big[CSV_ROW_MAX - 1] = '\n';
	assert_int_equal(csv_feed(c, big, CSV_ROW_MAX, &used), 1);
	assert_int_equal(strlen(csv_field(c, 0)), CSV_ROW_MAX - 1);
	memset(big, 'x', n);
	big[0] = '"';
	memcpy(big + n - 4, "\n\"\nq", 4);
	assert_int_equal(csv_feed(c, big, n, &used), VG_ERR_LIMIT);
	assert_int_equal(used, n - 1);
	assert_int_equal(csv_line(c), 2);
	assert_int_equal(csv_feed(c, "\n", 1, &used), 0);
	csv_free(&c);
	memset(big, ',', CSV_FIELDS_MAX);
	memcpy(big + CSV_FIELDS_MAX, "\na\n", 4);
	read_all(big, CSV_FIELDS_MAX + 3, 1000, out);
	assert_true(matches(out, "1!too many columns/2:a/"));
	free(big);
}

static void
what_is_written_is_read(void **state)
{
	static const char *const fields[] = { "plain", "", " space ", "comma,", "quote\"inside", "\"", "two\nlines", "cr\r\n", "tab\t",
		"semi;colon", "b\xc3\xbc" "cher", "" };
	struct csv *c = csv_new();
	struct buf b;
	size_t used;

	(void)state;
	buf_init(&b, 4096);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		assert_int_equal(csv_put(&b, fields[i], i == 0), VG_OK);
	assert_int_equal(csv_put_end(&b), VG_OK);
	assert_int_equal(csv_feed(c, (const char *)b.data, b.len, &used), 1);
	assert_int_equal(used, b.len);
	assert_int_equal(csv_fields(c), sizeof(fields) / sizeof(fields[0]));
	for (unsigned i = 0; i < csv_fields(c); i++)
		assert_string_equal(csv_field(c, i), fields[i]);
	assert_string_equal(csv_field(c, 1000), "");
	csv_free(&c);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(nul_bytes),
		cmocka_unit_test(limits),
		cmocka_unit_test(what_is_written_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

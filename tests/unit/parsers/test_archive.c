/*
 * test_archive.c - honest and hostile archives: formats, listing, nesting, bounds, encryption, damage, extraction.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "archive_form.h"
#include "archive_help.h"
#include "archive_walk.h"
#include "err.h"
#include "utf8.h"

#define LOG_TEXT "[07.07.2021 16:43:06] <01> Error    Failed to open disk\n"

/* Everything a walk says, as text: `path size problems content;` */
struct listing {
	char text[1 << 16];
	size_t len;
	char content[200];
	size_t content_len;
	size_t members;
	uint64_t bytes;
	bool want;
};

static void say(struct listing *l, const char *s)
{
	size_t n = strlen(s);

	if (l->len + n < sizeof(l->text)) {
		memcpy(l->text + l->len, s, n + 1);
		l->len += n;
	}
}

static bool on_member(void *arg, const struct archive_member *m)
{
	struct listing *l = arg;

	assert_true(utf8_valid(m->path, strlen(m->path)));
	assert_true(strlen(m->path) <= ARCHIVE_PATH_MAX);
	l->content_len = 0;
	l->members++;
	say(l, m->path);
	say(l, m->archive ? " archive" : "");
	return l->want;
}

static void on_data(void *arg, const void *p, size_t n)
{
	struct listing *l = arg;

	l->bytes += n;
	for (size_t i = 0; i < n && l->content_len + 1 < sizeof(l->content); i++)
		l->content[l->content_len++] = ((const char *)p)[i];
}

static void on_end(void *arg, int64_t size, unsigned problems)
{
	struct listing *l = arg;
	char text[300];

	l->content[l->content_len] = '\0';
	snprintf(text, sizeof(text), " %lld", (long long)size);
	say(l, text);
	for (unsigned i = 0; i < ARCHIVE_PROBLEMS; i++)
		if ((problems & 1u << i) != 0) {
			say(l, " ");
			say(l, archive_problem_name(i));
		}
	say(l, ";");
}

static unsigned walk_budget(struct listing *l, const char *name, const void *data, size_t len, struct archive_budget *budget)
{
	const struct archive_visitor v = {l, on_member, on_data, on_end};
	struct source src;

	memset(l, 0, sizeof(*l));
	l->want = true;
	source_memory(&src, data, len);
	return archive_walk(&src, name, budget, &v);
}

static unsigned walk(struct listing *l, const char *name, const void *data, size_t len)
{
	struct archive_budget budget = ARCHIVE_BUDGET_INIT;

	return walk_budget(l, name, data, len, &budget);
}

static struct listing list;

static void test_formats(void **state)
{
	static const struct {
		const char *format, *filter, *name;
	} rows[] = {{"zip", "none", "a.zip"}, {"7zip", "none", "a.7z"}, {"ustar", "none", "a.tar"}, {"pax", "gzip", "a.tar.gz"},
	    {"ustar", "bzip2", "a.tar.bz2"}, {"ustar", "xz", "a.txz"}, {"ustar", "zstd", "a.tar.zst"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct help_archive h;

		help_open(&h, rows[i].format, rows[i].filter, NULL);
		help_add_type(&h, "Job", NULL, 0, AE_IFDIR, NULL);
		help_add(&h, "Job/Job.log", LOG_TEXT, strlen(LOG_TEXT));
		help_add(&h, "Job/Job.log", "twice", 5);
		help_add(&h, "empty.txt", "", 0);
		help_close(&h);
		assert_true(archive_looks_like(rows[i].name, (unsigned char *)h.data, h.len));
		assert_int_equal(walk(&list, rows[i].name, h.data, h.len), ARCHIVE_DUPLICATE_NAME);
		assert_int_equal(list.members, 3);
		assert_non_null(strstr(list.text, "Job/Job.log 56;"));
		assert_non_null(strstr(list.text, "Job/Job.log 5 duplicate-name;"));
		assert_non_null(strstr(list.text, "empty.txt 0;"));
		assert_int_equal(list.bytes, strlen(LOG_TEXT) + 5);
		free(h.data);
	}
}

static void test_lone_file(void **state)
{
	static const char *const filters[] = {"gzip", "bzip2", "xz", "zstd"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct help_archive h;

		help_open(&h, "raw", filters[i], NULL);
		help_add(&h, "whatever", LOG_TEXT, strlen(LOG_TEXT));
		help_close(&h);
		assert_int_equal(walk(&list, "Job.log.gz", h.data, h.len), 0);
		assert_string_equal(list.text, "Job.log 56;");
		assert_string_equal(list.content, LOG_TEXT);
		free(h.data);
	}
}

/* Zeros look like an empty tar, and a name without the extension stays as it is. */
static void test_lone_zeros(void **state)
{
	static const char zeros[3000];
	struct help_archive h;

	(void)state;
	help_open(&h, "raw", "gzip", NULL);
	help_add(&h, "x", zeros, sizeof(zeros));
	help_close(&h);
	assert_int_equal(walk(&list, "zeros.bin.gz", h.data, h.len), 0);
	assert_string_equal(list.text, "zeros.bin 3000;");
	assert_int_equal(walk(&list, "zeros.dat", h.data, h.len), 0);
	assert_string_equal(list.text, "zeros.dat 3000;");
	free(h.data);
}

/* Its directory stands at the end: nothing can be listed, but the reason is told. */
static void test_cut_7z(void **state)
{
	struct help_archive h;

	(void)state;
	help_open(&h, "7zip", "none", NULL);
	help_add(&h, "Job.log", LOG_TEXT, strlen(LOG_TEXT));
	help_close(&h);
	for (size_t len = 32; len < h.len; len += 7)
		assert_int_equal(walk(&list, "a.7z", h.data, len), ARCHIVE_TRUNCATED);
	free(h.data);
}

static void test_tricks(void **state)
{
	struct help_archive h;

	(void)state;
	help_open(&h, "ustar", "none", NULL);
	help_add(&h, "../../up.log", "x", 1);
	help_add(&h, "/abs.log", "y", 1);
	help_add_type(&h, "in", NULL, 0, AE_IFLNK, "sub/dir");
	help_add_type(&h, "out", NULL, 0, AE_IFLNK, "/etc/passwd");
	help_add_type(&h, "dev", NULL, 0, AE_IFCHR, NULL);
	help_add(&h, "last.log", "z", 1);
	help_close(&h);
	assert_int_equal(walk(&list, "a.tar", h.data, h.len), ARCHIVE_UNSAFE_PATH);
	assert_string_equal(list.text, "../../up.log 1 unsafe-path;/abs.log 1 unsafe-path;in 0;out 0 unsafe-path;dev 0 unsafe-path;"
	                               "last.log 1;");
	free(h.data);
}

/* Names outside ASCII, in the C locale: UTF-8 in zip, UTF-16 in 7z. */
static void test_names(void **state)
{
	static const char *const formats[] = {"zip", "7zip", "pax"};

	(void)state;
	setlocale(LC_ALL, "C.UTF-8");
	for (size_t i = 0; i < 3; i++) {
		struct help_archive h;

		help_open(&h, formats[i], "none", NULL);
		help_add(&h, "J\xC3\xB6" "b/\xE6\x97\xA5.log", "x", 1);
		help_close(&h);
		setlocale(LC_ALL, "C");
		walk(&list, "a", h.data, h.len);
		setlocale(LC_ALL, "C.UTF-8");
		assert_string_equal(list.text, "J\xC3\xB6" "b/\xE6\x97\xA5.log 1;");
		free(h.data);
	}
	setlocale(LC_ALL, "C");
}

/* What can be read in order is not held in memory, and a lone file's name is that of its archive. */
static void test_nesting(void **state)
{
	struct help_archive a, b, c, gz;
	char got[1000] = "";
	struct archive_budget budget = ARCHIVE_BUDGET_INIT;

	(void)state;
	help_open(&c, "zip", "none", NULL);
	help_add(&c, "deep.log", "deep", 4);
	help_close(&c);
	help_open(&gz, "raw", "gzip", NULL);
	help_add(&gz, "x", LOG_TEXT, strlen(LOG_TEXT));
	help_close(&gz);
	help_open(&b, "ustar", "gzip", NULL);
	help_add(&b, "in/c.zip", c.data, c.len);
	help_add(&b, "in/file.log", LOG_TEXT, strlen(LOG_TEXT));
	help_close(&b);
	help_open(&a, "zip", "none", NULL);
	help_add(&a, "logs/b.tar.gz", b.data, b.len);
	help_add(&a, "logs/Job.log.gz", gz.data, gz.len);
	help_add(&a, "after.log", "after", 5);
	help_close(&a);
	assert_int_equal(walk(&list, "a.zip", a.data, a.len), 0);
	snprintf(got, sizeof(got),
	    "logs/b.tar.gz archive %zu;logs/b.tar.gz!/in/c.zip archive %zu;logs/b.tar.gz!/in/c.zip!/deep.log 4;"
	    "logs/b.tar.gz!/in/file.log 56;logs/Job.log.gz archive %zu;logs/Job.log.gz!/Job.log 56;after.log 5;",
	    b.len, c.len, gz.len);
	assert_string_equal(list.text, got);
	/* No memory for what needs seeking: only that is left out. */
	budget.nested = 10;
	assert_int_equal(walk_budget(&list, "a.zip", a.data, a.len, &budget), ARCHIVE_TOO_LARGE);
	assert_null(strstr(list.text, "deep.log"));
	assert_non_null(strstr(list.text, "too-large;logs/b.tar.gz!/in/file.log 56;logs/Job.log.gz archive"));
	assert_int_equal(budget.nested, 10);
	free(a.data);
	free(b.data);
	free(c.data);
	free(gz.data);
}

/* An archive in itself again and again: the walk stops at its depth, whatever the forms. */
static void test_depth(void **state)
{
	static const char *const forms[][2] = {{"zip", "none"}, {"ustar", "gzip"}};

	(void)state;
	for (size_t f = 0; f < 2; f++) {
		struct help_archive in, out;
		char *last = NULL, *path = list.text;

		help_open(&in, forms[f][0], forms[f][1], NULL);
		help_add(&in, "end.log", "end", 3);
		help_close(&in);
		for (unsigned i = 0; i < ARCHIVE_NESTING; i++) {
			help_open(&out, forms[f][0], forms[f][1], NULL);
			help_add(&out, "a", in.data, in.len);
			help_close(&out);
			free(in.data);
			in = out;
		}
		assert_int_equal(walk(&list, "a", in.data, in.len), ARCHIVE_NESTED_TOO_DEEP);
		assert_int_equal(list.members, ARCHIVE_NESTING);
		assert_null(strstr(list.text, "end.log"));
		while ((path = strstr(path, "a!/a")) != NULL)
			last = path++;
		assert_non_null(last);
		assert_non_null(strstr(last, "nested-too-deep;"));
		free(in.data);
	}
}

/* Cut in an inner archive that is streamed: what came before the cut is there. */
static void test_streamed_damage(void **state)
{
	struct help_archive in, out;
	static char noise[300000];
	unsigned seed = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)((seed = seed * 1103515245 + 12345) >> 16);
	help_open(&in, "ustar", "gzip", NULL);
	help_add(&in, "first.log", LOG_TEXT, strlen(LOG_TEXT));
	help_add(&in, "noise.bin", noise, sizeof(noise));
	help_close(&in);
	help_open(&out, "ustar", "none", NULL);
	help_add(&out, "in.tgz", in.data, in.len);
	help_add(&out, "after.log", "after", 5);
	help_close(&out);
	assert_true((walk(&list, "a.tar", out.data, out.len / 2) & ARCHIVE_TRUNCATED) != 0);
	assert_non_null(strstr(list.text, "in.tgz!/first.log 56;"));
	assert_int_equal(walk(&list, "a.tar", out.data, out.len), 0);
	assert_non_null(strstr(list.text, "after.log 5;"));
	/* Only the inner one is cut: the outer one goes on. */
	free(out.data);
	help_open(&out, "ustar", "none", NULL);
	help_add(&out, "in.tgz", in.data, in.len / 2);
	help_add(&out, "after.log", "after", 5);
	help_close(&out);
	assert_int_equal(walk(&list, "a.tar", out.data, out.len), ARCHIVE_TRUNCATED);
	assert_non_null(strstr(list.text, "after.log 5;"));
	free(in.data);
	free(out.data);
}

struct sink {
	char data[1000];
	size_t len;
	int answer;
};

static int to_sink(void *arg, const void *p, size_t n)
{
	struct sink *s = arg;

	for (size_t i = 0; i < n && s->len < sizeof(s->data); i++)
		s->data[s->len++] = ((const char *)p)[i];
	return s->answer;
}

static int extract(struct sink *s, const char *path, const void *data, size_t len)
{
	struct archive_budget budget = ARCHIVE_BUDGET_INIT;
	struct source src;

	s->len = 0;
	source_memory(&src, data, len);
	return archive_extract(&src, "a.zip", path, &budget, to_sink, s);
}

static void test_extract(void **state)
{
	struct help_archive a, b;
	struct sink s = {.answer = 0};

	(void)state;
	help_open(&b, "zip", "none", NULL);
	help_add(&b, "in.log", "inner", 5);
	help_close(&b);
	help_open(&a, "zip", "none", NULL);
	help_add(&a, "b.zip", b.data, b.len);
	help_add(&a, "x.log", "first", 5);
	help_add(&a, "x.log", "second", 6);
	help_add(&a, "../up", "trick", 5);
	help_close(&a);
	assert_int_equal(extract(&s, "x.log", a.data, a.len), VG_OK);
	assert_memory_equal(s.data, "first", s.len);
	assert_int_equal(s.len, 5);
	assert_int_equal(extract(&s, "b.zip!/in.log", a.data, a.len), VG_OK);
	assert_memory_equal(s.data, "inner", 5);
	assert_int_equal(extract(&s, "b.zip", a.data, a.len), VG_OK);
	assert_int_equal(s.len, b.len);
	assert_memory_equal(s.data, b.data, b.len);
	assert_int_equal(extract(&s, "../up", a.data, a.len), VG_OK);
	assert_int_equal(extract(&s, "nothing", a.data, a.len), VG_ERR_NOTFOUND);
	assert_int_equal(extract(&s, "b.zip!/nothing", a.data, a.len), VG_ERR_NOTFOUND);
	assert_int_equal(extract(&s, "x.log", "not an archive", 14), VG_ERR_NOTFOUND);
	s.answer = VG_ERR_CLOSED;
	assert_int_equal(extract(&s, "x.log", a.data, a.len), VG_ERR_CLOSED);
	free(a.data);
	free(b.data);
}

static void test_encrypted(void **state)
{
	static const char *const options[] = {"zip:encryption=traditional", "zip:encryption=aes256"};
	struct sink s = {.answer = 0};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct help_archive h;

		help_open(&h, "zip", "none", options[i]);
		help_add(&h, "Job.log", LOG_TEXT, strlen(LOG_TEXT));
		help_close(&h);
		assert_int_equal(walk(&list, "a.zip", h.data, h.len), ARCHIVE_ENCRYPTED);
		assert_string_equal(list.text, "Job.log 56 encrypted;");
		assert_int_equal(list.bytes, 0);
		assert_int_equal(extract(&s, "Job.log", h.data, h.len), VG_ERR_DENIED);
		free(h.data);
	}
}

/* The one that fits is found among others, told, and used for extraction too. */
static void test_passwords(void **state)
{
	static const char *const options[] = {"zip:encryption=traditional", "zip:encryption=aes256",
	    "zip:encryption=traditional,zip:compression=store"};
	static const char *const right[] = {"wrong", "Secret", "secret", "never"}, *const wrong[] = {"Secret", ""};
	struct sink s = {.answer = 0};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct archive_passwords p = {right, 4, 0}, none = {wrong, 2, 0};
		struct archive_budget budget = ARCHIVE_BUDGET_INIT;
		struct help_archive h;
		struct source src;

		help_open(&h, "zip", "none", options[i]);
		help_add(&h, "empty.log", "", 0);
		help_add(&h, "Job.log", LOG_TEXT, strlen(LOG_TEXT));
		help_add(&h, "Job2.log", LOG_TEXT, strlen(LOG_TEXT));
		help_close(&h);
		budget.passwords = &none;
		assert_int_equal(walk_budget(&list, "a.zip", h.data, h.len, &budget), ARCHIVE_ENCRYPTED);
		assert_int_equal(none.opened, 0);
		budget.passwords = &p;
		assert_int_equal(walk_budget(&list, "a.zip", h.data, h.len, &budget), 0);
		assert_string_equal(list.text, "empty.log 0;Job.log 56;Job2.log 56;");
		assert_string_equal(list.content, LOG_TEXT);
		assert_int_equal(p.opened, 1u << 2);
		source_memory(&src, h.data, h.len);
		s.len = 0;
		assert_int_equal(archive_extract(&src, "a.zip", "Job.log", &budget, to_sink, &s), VG_OK);
		assert_memory_equal(s.data, LOG_TEXT, s.len);
		/* A budget that is used up ends the search. */
		budget.work = 1000;
		p.opened = 0;
		assert_true(walk_budget(&list, "a.zip", h.data, h.len, &budget) != 0);
		assert_int_equal(p.opened, 0);
		free(h.data);
	}
}

static void test_time(void **state)
{
	struct archive_budget budget = ARCHIVE_BUDGET_INIT;
	struct help_archive h;

	(void)state;
	help_open(&h, "ustar", "none", NULL);
	help_add(&h, "a.log", "x", 1);
	help_close(&h);
	budget.cpu_end = budget.wall_end = 1; /* long ago */
	while (clock() < CLOCKS_PER_SEC / 200)
		;
	assert_true((walk_budget(&list, "a.tar", h.data, h.len, &budget) & ARCHIVE_TOO_LARGE) != 0);
	assert_int_equal(list.members, 0);
	free(h.data);
}

/* Cut anywhere, what is before the cut is there, and the cut is told. */
static void test_truncated(void **state)
{
	static const char *const forms[][2] = {{"zip", "none"}, {"ustar", "gzip"}, {"ustar", "none"}, {"7zip", "none"}};

	(void)state;
	for (size_t f = 0; f < 4; f++) {
		struct help_archive h;
		char noise[20000];
		unsigned seed = 7;

		for (size_t i = 0; i < sizeof(noise); i++)
			noise[i] = (char)((seed = seed * 1103515245 + 12345) >> 16);
		help_open(&h, forms[f][0], forms[f][1], NULL);
		help_add(&h, "first.log", LOG_TEXT, strlen(LOG_TEXT));
		help_add(&h, "second.bin", noise, sizeof(noise));
		help_close(&h);
		for (size_t cut = 1; cut < h.len; cut += 97) {
			unsigned problems = walk(&list, "a.zip", h.data, cut);

			if (f < 3 && cut > 4096 && cut + 2048 < h.len) {
				assert_true((problems & ARCHIVE_TRUNCATED) != 0);
				/* Of a cut gzip stream, libarchive gives whole blocks of 64 KiB only. */
				if (f != 1 && strstr(list.text, "first.log 56;") == NULL)
					fail_msg("%s at %zu of %zu: %s", forms[f][0], cut, h.len, list.text);
			}
		}
		assert_true((walk(&list, "a.zip", h.data, h.len / 2) & (ARCHIVE_TRUNCATED | ARCHIVE_UNREADABLE)) != 0);
		free(h.data);
	}
	assert_int_equal(walk(&list, "a.zip", "PK\3\4", 4) & ARCHIVE_TRUNCATED, ARCHIVE_TRUNCATED);
	assert_int_equal(walk(&list, "a.rar", "Rar!\x1A\x07\x01\x00garbage", 15) & ~(unsigned)(ARCHIVE_TRUNCATED | ARCHIVE_UNREADABLE), 0);
	assert_int_equal(walk(&list, "a.tar", "hello", 5), ARCHIVE_UNREADABLE);
	assert_true(walk(&list, "a.tar", "", 0) != 0);
}

static void test_bombs(void **state)
{
	static const char *const forms[][2] = {{"ustar", "bzip2"}, {"ustar", "xz"}, {"zip", "none"}};
	size_t len = (size_t)64 << 20;
	char *zeros = calloc(1, len);
	struct archive_budget budget = ARCHIVE_BUDGET_INIT;
	struct help_archive h;

	(void)state;
	for (size_t f = 0; f < 3; f++) {
		help_open(&h, forms[f][0], forms[f][1], NULL);
		help_add(&h, "zeros.log", zeros, len);
		help_add(&h, "after.log", "x", 1);
		help_close(&h);
		assert_int_equal(walk(&list, "a", h.data, h.len), ARCHIVE_BOMB);
		assert_true(list.bytes <= (uint64_t)ARCHIVE_RATIO * h.len + (1u << 20) || list.bytes <= ARCHIVE_RATIO_FROM + (1u << 20));
		free(h.data);
	}
	/* Many innocent members: the list has an end, and so has the output. */
	help_open(&h, "ustar", "gzip", NULL);
	for (int i = 0; i < 300; i++)
		help_add(&h, "m.log", LOG_TEXT, strlen(LOG_TEXT));
	help_close(&h);
	budget.members = 100;
	assert_int_equal(walk_budget(&list, "a", h.data, h.len, &budget), ARCHIVE_TOO_LARGE | ARCHIVE_DUPLICATE_NAME);
	assert_int_equal(list.members, 100);
	assert_int_equal(budget.members, 0);
	budget = (struct archive_budget)ARCHIVE_BUDGET_INIT;
	budget.output = 1000;
	assert_true((walk_budget(&list, "a", h.data, h.len, &budget) & ARCHIVE_TOO_LARGE) != 0);
	assert_true(list.bytes <= 1000);
	budget = (struct archive_budget)ARCHIVE_BUDGET_INIT;
	budget.names = 22;
	assert_true((walk_budget(&list, "a", h.data, h.len, &budget) & ARCHIVE_TOO_LARGE) != 0);
	assert_int_equal(list.members, 4);
	budget = (struct archive_budget)ARCHIVE_BUDGET_INIT;
	budget.work = 10;
	assert_true((walk_budget(&list, "a", h.data, h.len, &budget) & ARCHIVE_TOO_LARGE) != 0);
	free(h.data);
	free(zeros);
}

/* An inner archive larger than its bound is listed and left alone; what follows is still read. */
static void test_nested_too_large(void **state)
{
	size_t len = ARCHIVE_NESTED_MAX + 1000;
	unsigned char *big = malloc(len);
	unsigned seed = 3;
	struct help_archive h;

	(void)state;
	for (size_t i = 0; i < len; i++)
		big[i] = (unsigned char)((seed = seed * 1103515245 + 12345) >> 16);
	memcpy(big, "PK\3\4", 4);
	h.a = NULL;
	h.data = NULL;
	/* Stored in a tar, which needs no more than the bytes themselves. */
	struct archive *a = archive_write_new();
	size_t cap = len + (1 << 20), used = 0;

	h.data = malloc(cap);
	archive_write_set_format_ustar(a);
	assert_int_equal(archive_write_open_memory(a, h.data, cap, &used), ARCHIVE_OK);
	h.a = a;
	help_add(&h, "big.zip", big, len);
	help_add(&h, "after.log", "x", 1);
	archive_write_close(a);
	archive_write_free(a);
	assert_int_equal(walk(&list, "a.tar", h.data, used), ARCHIVE_TOO_LARGE);
	assert_non_null(strstr(list.text, "too-large;after.log 1;"));
	free(h.data);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_formats), cmocka_unit_test(test_lone_file), cmocka_unit_test(test_lone_zeros), cmocka_unit_test(test_cut_7z),
	     cmocka_unit_test(test_tricks),
	    cmocka_unit_test(test_names), cmocka_unit_test(test_nesting), cmocka_unit_test(test_extract),
	    cmocka_unit_test(test_depth), cmocka_unit_test(test_streamed_damage), cmocka_unit_test(test_passwords), cmocka_unit_test(test_time),
	    cmocka_unit_test(test_encrypted), cmocka_unit_test(test_truncated), cmocka_unit_test(test_bombs),
	    cmocka_unit_test(test_nested_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_prescan.c - what GMime is shown of a message, what is kept of its header, and what nobody sees.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"
#include "mime.h"
#include "prescan.h"

#define F "From: a@b.example\n"

/* The scan of bytes, and what its segments show. fd: through a file instead of memory. */
static struct prescan *scan(const char *bytes, size_t len, struct buf *shown, bool through_fd)
{
	struct parse_source src = {.data = bytes, .len = len, .fd = -1};
	FILE *f = through_fd ? tmpfile() : NULL;
	struct parse_input *in;
	struct prescan *p;

	if (f != NULL) {
		assert_int_equal(fwrite(bytes, 1, len, f), len);
		fflush(f);
		src.fd = fileno(f);
	}
	assert_int_equal(parse_input_open(&src, &in), VG_OK);
	assert_int_equal(prescan_run(in, 0, 0, &p), VG_OK);
	buf_reset(shown);
	for (size_t i = 0; i < p->n_segments; i++) {
		const struct prescan_segment *s = &p->segments[i];
		size_t at = shown->len;

		if (s->text != NULL) {
			assert_int_equal(buf_add(shown, s->text, (size_t)s->len), VG_OK);
			continue;
		}
		assert_true(s->len > 0 && s->from + s->len <= len);
		assert_int_equal(buf_add(shown, bytes + s->from, (size_t)s->len), VG_OK);
		for (; s->nuls && at < shown->len; at++)
			if (shown->data[at] == '\0')
				shown->data[at] = '?';
	}
	assert_int_equal(shown->len, p->size);
	parse_input_close(&in);
	if (f != NULL)
		fclose(f);
	return p;
}

/* The fields of the message itself but for the first, as they were kept. */
static void kept_fields(struct buf *out, const struct prescan *p)
{
	const char *name, *value;

	buf_reset(out);
	for (size_t i = 0; prescan_next_field(p, &i, &name, &value);)
		if (i > 1)
			assert_int_equal(buf_addf(out, "%s:%s", name, value), VG_OK);
}

static const struct {
	const char *name;
	const char *bytes;
	size_t len; /* 0: strlen */
	const char *shown;
	unsigned problems;
	const char *kept; /* NULL: not looked at */
} cases[] = {
	{"as it is", F "Subject: x\n\nbody\n", 0, F "\nbody\n", 0, "Subject: x\n"},
	{"no header", "hello\nworld\n\nx: y\n", 0, "", PRESCAN_NO_HEADER, NULL},
	{"empty lines first", "\n\r\n" F "\nx", 0, F "\nx", 0, NULL},
	{"mbox line", "From a@b Mon\n" F "\nx", 0, F "\nx", 0, NULL},
	{"garbage first", " folded\n" "what\n" F "\nx", 0, F "\nx", PRESCAN_GARBAGE, NULL},
	{"header only", F "Subject: x", 0, F, 0, "Subject: x"},
	{"no empty line", F "text without\ncolon\n\nmore", 0, F "\ntext without\ncolon\n\nmore", PRESCAN_UNTERMINATED, NULL},
	{"bad line inside", F "bad line\nSubject: x\n\nb", 0, F "\nb", 0, "Subject: x\n"},
	{"nul", F "Sub\0ject: x\n\0: y\n\na\0b", 39, F "\na\0b", PRESCAN_NUL, "Sub?ject: x\n?: y\n"},
	{"second type", F "Content-Type: text/plain\nContent-type : text/html;\n x=y\n\nb", 0, F "Content-Type: text/plain\n\nb",
	    PRESCAN_DUPLICATE, NULL},
	{"unknown charset", F "Subject: =?x-none?Q?a?= =?utf-8*en?Q?b?= =?KLINGON*tlh?B?YQ==?=\n\nb", 0,
	    F "\nb", PRESCAN_CHARSET, "Subject: =?utf-8?Q?a?= =?utf-8?Q?b?= =?utf-8?B?YQ==?=\n"},
	{"wrong charset", F "Subject: =?iso-8859-1?Q?=C3=A4?= =?utf-8?Q?=E4?= =?gb2312?B?5OE=?=\n =?gb2312?B?1eI=?=\n\nb", 0,
	    F "\nb", 0, "Subject: =?utf-8?Q?=C3=A4?= =?CP1252?Q?=E4?= =?GB18030?B?5OE=?=\n =?GB18030?B?1eI=?=\n"},
	{"padding is no word", F "Subject: =?utf-8?B?YQ==?= =?utf-8?B?YQ==?=\n\nb", 0,
	    F "\nb", 0, "Subject: =?utf-8?B?YQ==?= =?utf-8?B?YQ==?=\n"},
	{"byte order mark", "\xef\xbb\xbf" F "\nb", 0, F "\nb", 0, NULL},
	{"type without slash, with parameters", F "Content-Type: text; charset=x\n\nb", 0, F "Content-Type:text/plain; charset=x\n\nb", 0, NULL},
	{"encodings as they are meant", F "Content-Transfer-Encoding: Quoted Printable;\n\nb", 0,
	    F "Content-Transfer-Encoding:quoted-printable\n\nb", 0, NULL},
	{"unknown encoding", F "Content-Transfer-Encoding: 7-bit\n\nb", 0, F "Content-Transfer-Encoding: 7-bit\n\nb", 0, NULL},
	{"type without slash", F "Content-Type: text\n\nb", 0, F "\nb", 0, NULL},
	{"no boundary", F "Content-Type: multipart/mixed\n\n--q\nContent-Type: a/b\n\nx\n--q--\n", 0,
	    F "Content-Type: multipart/mixed; boundary=\"q\"\n\n--q\nContent-Type: a/b\n\nx\n--q--\n", PRESCAN_BOUNDARY, NULL},
	{"wrong boundary", F "Content-Type: multipart/mixed; charset=x; boundary=p\n\nMIME\n--q\nContent-Type: a/b\n\nx\n--q--\n", 0,
	    F "Content-Type: multipart/mixed; boundary=\"q\"; charset=x; boundary=p\n\nMIME\n--q\nContent-Type: a/b\n\nx\n--q--\n",
	    PRESCAN_BOUNDARY, NULL},
	{"lines like boundaries before the real one", F "Content-Type: multipart/mixed; boundary=p\n\n--q\nx\n--p\n\nx\n--q\nContent-Type: a/b\n--p--\n",
	    0, F "Content-Type: multipart/mixed; boundary=p\n\n--q\nx\n--p\n\nx\n--q\nContent-Type: a/b\n--p--\n", 0, NULL},
	{"parts without a type", F "Content-Type: text/plain\n\nThis is a multi-part message\n\n--q\nContent-Type: a/b\n\nx\n--q--\n", 0,
	    F "Content-Type: multipart/mixed; boundary=\"q\"\n\nThis is a multi-part message\n\n--q\nContent-Type: a/b\n\nx\n--q--\n",
	    PRESCAN_BOUNDARY, NULL},
	{"a mail quoted in text", F "\nhello\n\n--q\nContent-Type: a/b\n\nx\n", 0, F "\nhello\n\n--q\nContent-Type: a/b\n\nx\n", 0, NULL},
	{"header runs into the boundary", F "Content-Type: multipart/mixed; boundary=q\n--q\nContent-Type: a/b\n\nx\n--q--\n", 0,
	    F "Content-Type: multipart/mixed; boundary=q\n\n--q\nContent-Type: a/b\n\nx\n--q--\n", PRESCAN_UNTERMINATED, NULL},
	{"unknown charset of a parameter", F "Content-Disposition: attachment; filename*=x-none''a\n\nb", 0,
	    F "Content-Disposition: attachment; filename*=utf-8''a\n\nb", PRESCAN_CHARSET, NULL},
	{"known charset of a parameter", F "Content-Disposition: attachment; filename*0*=utf-8''a\n\nb", 0,
	    F "Content-Disposition: attachment; filename*0*=utf-8''a\n\nb", 0, NULL},
	{"second From is kept", F F "\nb", 0, F "\nb", 0, F},
	{"cut in parts only", F "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: a/b\nContent-Type: c/d\n\nx\n--b--\n",
	    0, F "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: a/b\n\nx\n--b--\n", PRESCAN_DUPLICATE, NULL},
	{"body is no header", F "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nContent-Type: a/b\nContent-Type: c/d\n\nx\n",
	    0, F "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nContent-Type: a/b\nContent-Type: c/d\n\nx\n", 0, NULL},
	{"message in a message", F "Content-Type: message/rfc822\n\n" F "Content-Type: a/b\nContent-Type: c/d\n\nx", 0,
	    F "Content-Type: message/rfc822\n\n" F "Content-Type: a/b\n\nx", PRESCAN_DUPLICATE, NULL},
	{"encoded message is opaque", F "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nA: b\nContent-Type: a/b\n"
	    "Content-Type: c/d\n\nx", 0, F "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nA: b\n"
	    "Content-Type: a/b\nContent-Type: c/d\n\nx", 0, NULL},
	{"digest", F "Content-Type: multipart/digest; boundary=b\n\n--b\n\n" F "Content-Type: a/b\nContent-Type: c/d\n\nx\n--b--\n", 0,
	    F "Content-Type: multipart/digest; boundary=b\n\n--b\n\n" F "Content-Type: a/b\n\nx\n--b--\n", PRESCAN_DUPLICATE, NULL},
};

static void test_cases(void **state)
{
	struct buf shown, kept;

	(void)state;
	buf_init(&shown, 1u << 20);
	buf_init(&kept, 1u << 20);
	for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
		size_t k = i / 2, len = cases[k].len > 0 ? cases[k].len : strlen(cases[k].bytes);
		struct prescan *p = scan(cases[k].bytes, len, &shown, i % 2 == 1);
		size_t want = cases[k].len > 0 ? shown.len : strlen(cases[k].shown);

		if (shown.len != want || memcmp(buf_str(&shown), cases[k].shown, want) != 0 || p->problems != cases[k].problems)
			fail_msg("%s: problems %x, shown:\n%s", cases[k].name, p->problems, buf_str(&shown));
		kept_fields(&kept, p);
		if (cases[k].kept != NULL)
			assert_string_equal(buf_str(&kept), cases[k].kept);
		prescan_free(&p);
	}
	buf_free(&kept);
	buf_free(&shown);
}

static void add(struct buf *b, const char *s, size_t times)
{
	for (size_t i = 0; i < times; i++)
		assert_int_equal(buf_adds(b, s), VG_OK);
}

/* Hostile fields: the field named must be gone (or cut), the body still there. */
static void test_fields(void **state)
{
	static const struct {
		const char *start, *piece;
		size_t times;
		unsigned problem;
		bool gone;
	} fields[] = {
		{"To: ", "g:", 500, PRESCAN_COLONS, true},
		{"Resent-Cc: ", "g:\n ", 500, PRESCAN_COLONS, true},
		{"To: ", "g:", 150, 0, false},
		{"Content-Type: text/plain", "; a=b", 500, PRESCAN_PARAMETERS, true},
		{"Content-Disposition: x", ";\n a=b", 500, PRESCAN_PARAMETERS, true},
		{"Content-Type: multipart/mixed; boundary=", "bbbbbbbbbb", 50, PRESCAN_PARAMETERS, true},
		{"X: ", "aaaaaaaaaaaaaaaa", 8000, PRESCAN_FIELD, false},
		{"X: ", "aaaaaaaaaaaaaaa\n ", 8000, PRESCAN_FIELD, false},
		{"X: a", "\nY: b", 5000, PRESCAN_BLOCK, false},
		{"X: a", "\nYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYY: b", 900, 0, false},
	};
	struct buf in, shown, kept;

	(void)state;
	buf_init(&in, 1u << 20);
	buf_init(&shown, 1u << 20);
	buf_init(&kept, 1u << 20);
	for (size_t i = 0; i < 2 * sizeof fields / sizeof fields[0]; i++) {
		size_t k = i / 2;
		struct prescan *p;

		buf_reset(&in);
		add(&in, F, 1);
		add(&in, fields[k].start, 1);
		add(&in, fields[k].piece, fields[k].times);
		add(&in, "\nSubject: last\n\nbody", 1);
		p = scan(buf_str(&in), in.len, &shown, i % 2 == 1);
		assert_int_equal(p->problems, fields[k].problem);
		assert_true(shown.len <= PRESCAN_FIELD_MAX + 40000 && (fields[k].problem == 0 || shown.len < in.len));
		kept_fields(&kept, p);
		assert_true(kept.len <= PRESCAN_BLOCK_MAX + 1000);
		assert_int_equal(strstr(buf_str(&kept), fields[k].start) == NULL, fields[k].gone);
		assert_true(strncmp(fields[k].start, "Content-", 8) != 0 || strstr(buf_str(&shown), fields[k].start) == NULL);
		assert_string_equal(buf_str(&shown) + shown.len - 6, "\n\nbody");
		prescan_free(&p);
	}
	buf_free(&in);
	buf_free(&shown);
	buf_free(&kept);
}

static void test_parts(void **state)
{
	struct buf in, shown;
	struct prescan *p;

	(void)state;
	buf_init(&in, 8u << 20);
	buf_init(&shown, 8u << 20);
	add(&in, F "Content-Type: multipart/mixed; boundary=b\n\n", 1);
	add(&in, "--b\n\nx\n", PRESCAN_PARTS_MAX);
	p = scan(buf_str(&in), in.len, &shown, false);
	assert_int_equal(p->problems, 0);
	prescan_free(&p);
	add(&in, "--b\n\nlast\n--b--\n", 1);
	p = scan(buf_str(&in), in.len, &shown, true);
	assert_int_equal(p->problems, PRESCAN_PARTS);
	assert_null(strstr(buf_str(&shown), "last"));
	prescan_free(&p);
	buf_free(&in);
	buf_free(&shown);
}

static void test_depth(void **state)
{
	struct buf in, shown;
	struct prescan *p;
	const char *s;
	unsigned n = 0;

	(void)state;
	buf_init(&in, 8u << 20);
	buf_init(&shown, 8u << 20);
	add(&in, F, 1);
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(buf_addf(&in, "Content-Type: multipart/mixed; boundary=b%u\n\n--b%u\n", i, i), VG_OK);
	add(&in, "\ndeep text\n", 1);
	p = scan(buf_str(&in), in.len, &shown, false);
	assert_int_equal(p->problems, PRESCAN_DEPTH);
	assert_non_null(strstr(buf_str(&shown), "deep text")); /* as text of the innermost part that is read */
	assert_null(strstr(buf_str(&shown), "Content-Type: multipart/mixed; boundary=b100\n"));
	for (s = buf_str(&shown); (s = strstr(s, "Content-Type")) != NULL; s++)
		n++;
	assert_int_equal(n, 199);
	prescan_free(&p);
	buf_free(&in);
	buf_free(&shown);
}

static void test_messages(void **state)
{
	static const char bytes[] = F "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
	    "Subject: one\r\n\r\nbody\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
	    "Subject: two\r\nContent-Type: message/rfc822\r\n\r\nSubject: three\r\n\r\nx\r\n--b--\r\n";
	static const char *const want[] = {"Subject: one\r\n\r\nbody",
		"Subject: two\r\nContent-Type: message/rfc822\r\n\r\nSubject: three\r\n\r\nx", "Subject: three\r\n\r\nx"};
	struct buf shown;
	struct prescan *p;

	(void)state;
	buf_init(&shown, 4096);
	p = scan(bytes, sizeof bytes - 1, &shown, false);
	assert_int_equal(p->n_messages, 3); /* the empty one is none */
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(p->messages[i].to - p->messages[i].from, strlen(want[i]));
		assert_memory_equal(bytes + p->messages[i].from, want[i], strlen(want[i]));
	}
	prescan_free(&p);
	buf_free(&shown);
}

static void test_texts(void **state)
{
	const char *detail;

	(void)state;
	for (unsigned i = 0; i < PRESCAN_PROBLEMS; i++)
		assert_true(strchr(prescan_problem(i, &detail), '.') != NULL && strlen(detail) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_texts),
	};

	mime_warm();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

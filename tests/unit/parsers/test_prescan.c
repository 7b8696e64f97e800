/*
 * test_prescan.c - the tree of a message, what is kept of its header, and what nobody sees.
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

/* A tree as text: "type/subtype[content]" with "=" before content that is encoded; children of a multipart in "( )" with what stands
 * before them, ")." where its end is missing; an attached message as "message/rfc822<all of it>" and its part. */
static void show_node(struct buf *out, const struct mime_node *n, const char *bytes)
{
	static const char *const opens[] = {"[", "(", "<"}, *const closes[] = {"]", "", ">"};

	assert_true(n->to >= n->from);
	assert_int_equal(buf_addf(out, "%s/%s%s%s", n->type.type, n->type.subtype, n->encoding != ENCODING_NONE ? "=" : "",
	    opens[n->kind]), VG_OK);
	assert_int_equal(buf_add(out, bytes + n->from, (size_t)(n->to - n->from)), VG_OK);
	assert_int_equal(buf_adds(out, closes[n->kind]), VG_OK);
	for (const struct mime_node *c = n->child; c != NULL; c = c->next) {
		if (n->kind == NODE_MULTIPART)
			assert_int_equal(buf_adds(out, "|"), VG_OK);
		show_node(out, c, bytes);
	}
	if (n->kind == NODE_MULTIPART)
		assert_int_equal(buf_adds(out, n->ended ? ")" : ")."), VG_OK);
}

/* The scan of bytes, and the tree it makes. fd: through a file instead of memory. */
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
	if (p->root != NULL) {
		assert_true(p->root->to <= len);
		show_node(shown, p->root, bytes);
	}
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

#define MIXED F "Content-Type: multipart/mixed; boundary=b\n\n"

static const struct {
	const char *name;
	const char *bytes;
	size_t len; /* 0: strlen */
	const char *shown;
	unsigned problems;
	const char *kept; /* NULL: not looked at */
} cases[] = {
	{"as it is", F "Subject: x\n\nbody\n", 0, "text/plain[body\n]", 0, "Subject: x\n"},
	{"no header", "hello\nworld\n\nx: y\n", 0, "", PRESCAN_NO_HEADER, NULL},
	{"empty lines first", "\n\r\n" F "\nx", 0, "text/plain[x]", 0, NULL},
	{"mbox line", "From a@b Mon\n" F "\nx", 0, "text/plain[x]", 0, NULL},
	{"garbage first", " folded\n" "what\n" F "\nx", 0, "text/plain[x]", PRESCAN_GARBAGE, NULL},
	{"header only", F "Subject: x", 0, "text/plain[]", 0, "Subject: x"},
	{"no empty line", F "text without\ncolon\n\nmore", 0, "text/plain[text without\ncolon\n\nmore]", PRESCAN_UNTERMINATED, NULL},
	{"bad line inside", F "bad line\nSubject: x\n\nb", 0, "text/plain[b]", 0, "Subject: x\n"},
	{"nul", F "Sub\0ject: x\n\0: y\n\na\0b", 39, "text/plain[a\0b]", PRESCAN_NUL, "Sub?ject: x\n?: y\n"},
	{"nul beside a wrong charset", F "Subject: \0=?x-none?Q?a?=\n\nb", 45, "text/plain[b]", PRESCAN_NUL | PRESCAN_CHARSET,
	    "Subject: ?=?utf-8?Q?a?=\n"},
	{"second type", F "Content-Type: text/html\nContent-type : text/plain;\n x=y\n\nb", 0, "text/html[b]", PRESCAN_DUPLICATE,
	    "Content-Type: text/html\n"},
	{"unknown charset", F "Subject: =?x-none?Q?a?= =?utf-8*en?Q?b?= =?KLINGON*tlh?B?YQ==?=\n\nb", 0,
	    "text/plain[b]", PRESCAN_CHARSET, "Subject: =?utf-8?Q?a?= =?utf-8?Q?b?= =?utf-8?B?YQ==?=\n"},
	{"wrong charset", F "Subject: =?iso-8859-1?Q?=C3=A4?= =?utf-8?Q?=E4?= =?gb2312?B?5OE=?=\n =?gb2312?B?1eI=?=\n\nb", 0,
	    "text/plain[b]", 0, "Subject: =?utf-8?Q?=C3=A4?= =?CP1252?Q?=E4?= =?GB18030?B?5OE=?=\n =?GB18030?B?1eI=?=\n"},
	{"padding is no word", F "Subject: =?utf-8?B?YQ==?= =?utf-8?B?YQ==?=\n\nb", 0,
	    "text/plain[b]", 0, "Subject: =?utf-8?B?YQ==?= =?utf-8?B?YQ==?=\n"},
	{"byte order mark", "\xef\xbb\xbf" F "\nb", 0, "text/plain[b]", 0, NULL},
	{"type without slash, with parameters", F "Content-Type: text; charset=x\n\nb", 0, "text/plain[b]", 0,
	    "Content-Type:text/plain; charset=x\n"},
	{"encodings as they are meant", F "Content-Transfer-Encoding: Quoted Printable;\n\nb", 0, "text/plain=[b]", 0, NULL},
	{"unknown encoding", F "Content-Transfer-Encoding: 7-bit\n\nb", 0, "text/plain[b]", 0, NULL},
	{"type without slash", F "Content-Type: text\n\nb", 0, "text/plain[b]", 0, ""},
	{"no boundary", F "Content-Type: multipart/mixed\n\n--q\nContent-Type: a/b\n\nx\n--q--\n", 0, "multipart/mixed(|a/b[x])",
	    PRESCAN_BOUNDARY, NULL},
	{"wrong boundary", F "Content-Type: multipart/mixed; charset=x; boundary=p\n\nMIME\n--q\nContent-Type: a/b\n\nx\n--q--\n", 0,
	    "multipart/mixed(MIME|a/b[x])", PRESCAN_BOUNDARY, NULL},
	{"wrong boundary, first part without a header", F "Content-Type: multipart/mixed; boundary=p\n\n--q\n\none\n--q\nContent-Type: a/b\n\n"
	    "two\n--q--\n", 0, "multipart/mixed(|text/plain[one]|a/b[two])", PRESCAN_BOUNDARY, NULL},
	{"lines like boundaries before the real one", F "Content-Type: multipart/mixed; boundary=p\n\n--q\nx\n--p\n\nx\n--q\nContent-Type: a/b\n--p--\n",
	    0, "multipart/mixed(--q\nx|text/plain[x\n--q\nContent-Type: a/b])", 0, NULL},
	{"parts without a type", F "Content-Type: text/plain\n\nThis is a multi-part message\n\n--q\nContent-Type: a/b\n\nx\n--q--\n", 0,
	    "multipart/mixed(This is a multi-part message\n|a/b[x])", PRESCAN_BOUNDARY, NULL},
	{"a mail quoted in text", F "\nhello\n\n--q\nContent-Type: a/b\n\nx\n", 0,
	    "text/plain[hello\n\n--q\nContent-Type: a/b\n\nx\n]", 0, NULL},
	{"header runs into the boundary", F "Content-Type: multipart/mixed; boundary=q\n--q\nContent-Type: a/b\n\nx\n--q--\n", 0,
	    "multipart/mixed(|a/b[x])", PRESCAN_UNTERMINATED, NULL},
	{"unknown charset of a parameter", F "Content-Disposition: attachment; filename*=x-none''a\n\nb", 0, "text/plain[b]",
	    PRESCAN_CHARSET, "Content-Disposition: attachment; filename*=utf-8''a\n"},
	{"known charset of a parameter", F "Content-Disposition: attachment; filename*0*=utf-8''a\n\nb", 0, "text/plain[b]", 0,
	    "Content-Disposition: attachment; filename*0*=utf-8''a\n"},
	{"second From is kept", F F "\nb", 0, "text/plain[b]", 0, F},
	{"cut in parts too", MIXED "--b\nContent-Type: a/b\nContent-Type: c/d\n\nx\n--b--\n", 0, "multipart/mixed(|a/b[x])",
	    PRESCAN_DUPLICATE, NULL},
	{"body is no header", MIXED "--b\n\nContent-Type: a/b\nContent-Type: c/d\n\nx\n", 0,
	    "multipart/mixed(|text/plain[Content-Type: a/b\nContent-Type: c/d\n\nx\n]).", 0, NULL},
	{"line ends before boundaries", MIXED "\n--b\r\n\r\none\r\n\r\n--b\n\ntwo\n--b\n\n--b--\nafter\n", 0,
	    "multipart/mixed(|text/plain[one\r\n]|text/plain[two]|text/plain[])", 0, NULL},
	{"parts without a line are none", MIXED "--b\n--b\n\nx\n--b\n--b--\n", 0, "multipart/mixed(|text/plain[x])", 0, NULL},
	{"part of headers only", MIXED "--b\nContent-Type: a/b\n--b--\n", 0, "multipart/mixed(|a/b[])", 0, NULL},
	{"text where headers should be", MIXED "--b\nContent-Type: a/b\nno header\n\nx\n--b--\n", 0,
	    "multipart/mixed(|a/b[no header\n\nx])", PRESCAN_UNTERMINATED, NULL},
	{"boundary of the outer one ends the inner one", MIXED "--b\nContent-Type: multipart/alternative; boundary=\"b c\"\n\nsee\n"
	    "--b c\n\n1\n--b\nContent-Type: a/b\n\n2\n--b--\n", 0,
	    "multipart/mixed(|multipart/alternative(see|text/plain[1]).|a/b[2])", 0, NULL},
	{"no parts", MIXED "text\n", 0, "multipart/mixed(text\n).", 0, NULL},
	{"message in a message", F "Content-Type: message/rfc822\n\n" F "Content-Type: a/b\nContent-Type: c/d\n\nx", 0,
	    "message/rfc822<" F "Content-Type: a/b\nContent-Type: c/d\n\nx>a/b[x]", PRESCAN_DUPLICATE, NULL},
	{"encoded message is opaque", F "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nA: b\nContent-Type: a/b\n"
	    "Content-Type: c/d\n\nx", 0, "message/rfc822=[A: b\nContent-Type: a/b\nContent-Type: c/d\n\nx]", 0, NULL},
	{"digest", F "Content-Type: multipart/digest; boundary=b\n\n--b\n\n" F "Content-Type: a/b\nContent-Type: c/d\n\nx\n--b--\n", 0,
	    "multipart/digest(|message/rfc822<" F "Content-Type: a/b\nContent-Type: c/d\n\nx>a/b[x])", PRESCAN_DUPLICATE, NULL},
	{"line in a digest before the message", F "Content-Type: multipart/digest; boundary=b\n\n--b\nwhat\n\n" F "\nx\n--b--\n", 0,
	    "multipart/digest(|message/rfc822<" F "\nx>text/plain[x])", PRESCAN_UNTERMINATED, NULL},
	{"text in a digest", F "Content-Type: multipart/digest; boundary=b\n\n--b\nsome text\n--b--\n", 0,
	    "multipart/digest(|text/plain[some text])", PRESCAN_UNTERMINATED, NULL},
	{"messages end with the part", MIXED "--b\nContent-Type: message/rfc822\n\nSubject: one\n\nbody\n--b\n"
	    "Content-Type: message/rfc822\n\n--b\nContent-Type: message/rfc822\n\nSubject: two\nContent-Type: message/rfc822\n\n"
	    "Subject: three\n\nx\n--b--\n", 0, "multipart/mixed(|message/rfc822<Subject: one\n\nbody>text/plain[body]|message/rfc822<>|"
	    "message/rfc822<Subject: two\nContent-Type: message/rfc822\n\nSubject: three\n\nx>message/rfc822<Subject: three\n\nx>"
	    "text/plain[x])", 0, NULL},
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

		/* a NUL in the content ends what is compared */
		if (strcmp(buf_str(&shown), cases[k].shown) != 0 || p->problems != cases[k].problems)
			fail_msg("%s: problems %x, shown:\n%s", cases[k].name, p->problems, buf_str(&shown));
		kept_fields(&kept, p);
		if (cases[k].kept != NULL && strcmp(buf_str(&kept), cases[k].kept) != 0)
			fail_msg("%s: kept:\n%s", cases[k].name, buf_str(&kept));
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
		kept_fields(&kept, p);
		assert_true(kept.len <= PRESCAN_BLOCK_MAX + 1000);
		assert_int_equal(strstr(buf_str(&kept), fields[k].start) == NULL, fields[k].gone);
		assert_string_equal(buf_str(&shown), "text/plain[body]");
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
	const struct mime_node *node;
	struct prescan *p;
	unsigned n;

	(void)state;
	buf_init(&in, 8u << 20);
	buf_init(&shown, 8u << 20);
	add(&in, F, 1);
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(buf_addf(&in, "Content-Type: multipart/mixed; boundary=b%u\n\n--b%u\n", i, i), VG_OK);
	add(&in, "\ndeep text\n", 1);
	p = scan(buf_str(&in), in.len, &shown, false);
	assert_int_equal(p->problems, PRESCAN_DEPTH);
	node = p->root;
	for (n = 0; node->child != NULL; n++)
		node = node->child;
	assert_int_equal(n, PRESCAN_DEPTH_MAX);
	assert_true(node->kind == NODE_PART && mime_node_is(node, "text", "plain"));
	/* as text of the innermost part that is read */
	assert_true(node->to == in.len && memcmp(buf_str(&in) + node->to - 11, "\ndeep text\n", 11) == 0);
	prescan_free(&p);
	buf_free(&in);
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
		cmocka_unit_test(test_texts),
	};

	mime_warm();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

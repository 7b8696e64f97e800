/*
 * test_dot.c - line ends, dots and end of data: whole inputs against what they must give, and every input again in
 * every cut into two and into single bytes, since the network cuts where it likes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dot.h"
#include "err.h"

struct content {
	char data[256];
	size_t len;
};

struct result {
	struct content content;
	size_t used;
	bool end, bare;
};

static void
collect(void *arg, const void *data, size_t n)
{
	struct content *c = arg;

	assert_true(n > 0);
	assert_true(c->len + n <= sizeof(c->data));
	memcpy(c->data + c->len, data, n);
	c->len += n;
}

/* Feeds in pieces: the first of `first` bytes, then of `then` bytes each. */
static struct result
run(const char *in, size_t n, size_t first, size_t then)
{
	struct result r = { .end = false };
	struct dot d;
	size_t piece = first;

	dot_init(&d);
	while (r.used < n && !r.end) {
		size_t take = piece < n - r.used ? piece : n - r.used;
		size_t used = dot_data(&d, in + r.used, take, collect, &r.content, &r.end);

		assert_true(used == take || r.end);
		r.used += used;
		piece = then;
	}
	r.bare = d.bare;
	return r;
}

struct row {
	const char *in;
	size_t n;
	const char *content;
	size_t content_len;
	bool end, bare;
	size_t left; /* bytes behind the end of data */
};

#define IN(s) s, sizeof(s) - 1

static const struct row rows[] = {
	/* what ends data */
	{ IN("a\r\n.\r\n"), IN("a\r\n"), true, false, 0 },
	{ IN(".\r\n"), IN(""), true, false, 0 },
	{ IN("a\r\n.\r\nQUIT\r\n"), IN("a\r\n"), true, false, 6 },
	{ IN("a\r\n\r\n.\r\n.\r\n"), IN("a\r\n\r\n"), true, false, 3 },
	/* dots that do not */
	{ IN("..\r\n.\r\n"), IN(".\r\n"), true, false, 0 },
	{ IN("...\r\n.\r\n"), IN("..\r\n"), true, false, 0 },
	{ IN(".a\r\n.\r\n"), IN("a\r\n"), true, false, 0 },
	{ IN("a.\r\n.\r\n"), IN("a.\r\n"), true, false, 0 },
	{ IN("a\r\n..\r\n.\r\n"), IN("a\r\n.\r\n"), true, false, 0 },
	{ IN("a\r\n. \r\n.\r\n"), IN("a\r\n \r\n"), true, false, 0 },
	{ IN("a\r\n.\r"), IN("a\r\n"), false, false, 0 },
	{ IN("a\r\n."), IN("a\r\n"), false, false, 0 },
	/* smuggling: nothing but CRLF.CRLF ends data, and the message is marked */
	{ IN("a\n.\nb\r\n.\r\n"), IN("a\n.\nb\r\n"), true, true, 0 },
	{ IN("a\r.\rb\r\n.\r\n"), IN("a\r.\rb\r\n"), true, true, 0 },
	{ IN("a\n.\r\nb\r\n.\r\n"), IN("a\n.\r\nb\r\n"), true, true, 0 },
	{ IN("a\r\n.\nb\r\n.\r\n"), IN("a\r\n\nb\r\n"), true, true, 0 },
	{ IN("a\r\n.\rb\r\n.\r\n"), IN("a\r\n\rb\r\n"), true, true, 0 },
	{ IN("a\r\n.\r\r\nb\r\n.\r\n"), IN("a\r\n\r\r\nb\r\n"), true, true, 0 },
	{ IN("a\r\r\n.\r\n"), IN("a\r\r\n"), true, true, 0 },
	{ IN("a\r\r\n.\r\r\n.\r\n"), IN("a\r\r\n\r\r\n"), true, true, 0 },
	{ IN("a\r.\r\nb\r\n.\r\n"), IN("a\r.\r\nb\r\n"), true, true, 0 },
	{ IN("a\n\n.\n\nb\r\n.\r\n"), IN("a\n\n.\n\nb\r\n"), true, true, 0 },
	{ IN("\n.\r\n"), IN("\n.\r\n"), false, true, 0 },
	{ IN("\r.\r\n"), IN("\r.\r\n"), false, true, 0 },
	{ IN("a\r\n.\0\r\n.\r\n"), IN("a\r\n\0\r\n"), true, false, 0 },
	{ IN("a\r\0\n.\r\n"), IN("a\r\0\n.\r\n"), false, true, 0 },
	{ IN("a\r\n\0.\r\n.\r\n"), IN("a\r\n\0.\r\n"), true, false, 0 },
	{ IN("a\r\n.\r\0\nb\r\n.\r\n"), IN("a\r\n\r\0\nb\r\n"), true, true, 0 },
	/* ordinary text */
	{ IN("Subject: x\r\n\r\nline\r\n..dot\r\n.\r\n"), IN("Subject: x\r\n\r\nline\r\n.dot\r\n"), true, false, 0 },
	{ IN("no end\r\n"), IN("no end\r\n"), false, false, 0 },
	{ IN("cut\r"), IN("cut\r"), false, false, 0 },
};

static void
check(const struct row *row, const struct result *r, const struct result *whole)
{
	assert_int_equal(r->end, row->end);
	assert_int_equal(r->bare, row->bare);
	assert_int_equal(row->n - r->used, row->left);
	assert_int_equal(r->content.len, whole->content.len);
	assert_memory_equal(r->content.data, whole->content.data, whole->content.len);
}

static void
test_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct result r = run(rows[i].in, rows[i].n, rows[i].n, 1);

		check(&rows[i], &r, &r);
		assert_int_equal(r.content.len, rows[i].content_len);
		assert_memory_equal(r.content.data, rows[i].content, r.content.len);
	}
}

static void
test_every_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct result whole = run(rows[i].in, rows[i].n, rows[i].n, 1);

		for (size_t first = 1; first <= rows[i].n; first++) {
			for (size_t then = 1; then <= rows[i].n; then++) {
				struct result r = run(rows[i].in, rows[i].n, first, then);

				check(&rows[i], &r, &whole);
			}
		}
	}
}

/* Every string of up to seven bytes over the five that matter, against a reader written the slow and obvious way. */
static void
slow(const char *in, size_t n, struct result *r)
{
	size_t line = 0, i = 0;

	memset(r, 0, sizeof(*r));
	while (i < n) {
		bool crlf = in[i] == '\n' && i > 0 && in[i - 1] == '\r';

		if (crlf && i - line == 2 && in[line] == '.') {
			r->end = true;
			r->used = i + 1;
			r->content.len--; /* the held CR */
			return;
		}
		if (in[i] == '\n' && !crlf)
			r->bare = true;
		if (i > 0 && in[i - 1] == '\r' && in[i] != '\n')
			r->bare = true;
		if (!(i == line && in[i] == '.'))
			r->content.data[r->content.len++] = in[i];
		i++;
		if (crlf)
			line = i;
	}
	r->used = n;
	/* ".\r" at the very end: the CR is still held back. */
	if (n - line == 2 && in[line] == '.' && in[line + 1] == '\r')
		r->content.len--;
}

static void
test_exhaustive(void **state)
{
	static const char letters[] = { 'a', '.', '\r', '\n', '\0' };
	char in[7];

	(void)state;
	for (size_t n = 1; n <= sizeof(in); n++) {
		size_t count = 1;

		for (size_t k = 0; k < n; k++)
			count *= sizeof(letters);
		for (size_t code = 0; code < count; code++) {
			struct result want, whole, bytes;

			for (size_t k = 0, c = code; k < n; k++, c /= sizeof(letters))
				in[k] = letters[c % sizeof(letters)];
			slow(in, n, &want);
			whole = run(in, n, n, 1);
			bytes = run(in, n, 1, 1);
			assert_int_equal(whole.end, want.end);
			assert_int_equal(whole.bare, want.bare);
			assert_int_equal(whole.used, want.used);
			assert_int_equal(whole.content.len, want.content.len);
			assert_memory_equal(whole.content.data, want.content.data, want.content.len);
			assert_memory_equal(&whole, &bytes, sizeof(whole));
		}
	}
}

static void
test_chunks(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		bool bare;
	} chunks[] = {
		{ IN("a\r\nb\r\n"), false }, { IN("no line end"), false }, { IN("\r\n.\r\nx"), false },
		{ IN("a\nb"), true }, { IN("a\rb"), true }, { IN("a\r"), true }, { IN("\n"), true }, { IN("a\r\r\n"), true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
		for (size_t cut = 0; cut <= chunks[i].n; cut++) {
			struct dot d;

			dot_init(&d);
			dot_chunk(&d, chunks[i].in, cut);
			dot_chunk(&d, chunks[i].in + cut, chunks[i].n - cut);
			dot_chunk_end(&d);
			assert_int_equal(d.bare, chunks[i].bare);
		}
	}
}

static void
test_lines(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		int rc;
		size_t len;
	} lines[] = {
		{ IN("NOOP\r\n"), 1, 4 }, { IN("NOOP\r\nQUIT\r\n"), 1, 4 }, { IN("\r\n"), 1, 0 },
		{ IN("NOOP"), 0, 0 }, { IN("NOOP\r"), 0, 0 }, { IN(""), 0, 0 },
		{ IN("NOOP\n"), VG_ERR_SYNTAX, 0 }, { IN("NO\nOP\r\n"), VG_ERR_SYNTAX, 0 },
		{ IN("NO\rOP\r\n"), VG_ERR_SYNTAX, 0 }, { IN("NOOP\r\r\n"), VG_ERR_SYNTAX, 0 },
		{ IN("NOOP\n\r\n"), VG_ERR_SYNTAX, 0 }, { IN("NOOP\r\0\n"), VG_ERR_SYNTAX, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		size_t len = 0;

		assert_int_equal(dot_line(lines[i].in, lines[i].n, &len), lines[i].rc);
		if (lines[i].rc == 1)
			assert_int_equal(len, lines[i].len);
	}
}

/* Cut anywhere, the same comes out; and what comes out comes back by dot_data(). */
static void
stuffed_in_pieces(void **state)
{
	static const struct {
		const char *in, *out;
	} stuffed[] = { { "", ".\r\n" }, { "a\r\n", "a\r\n.\r\n" }, { ".\r\n..\r\n", "..\r\n...\r\n.\r\n" }, { "a.\r\n.b", "a.\r\n..b\r\n.\r\n" } };

	(void)state;
	for (size_t i = 0; i < sizeof(stuffed) / sizeof(stuffed[0]); i++)
		for (size_t cut = 0; cut <= strlen(stuffed[i].in); cut++) {
			bool inside = false;
			struct buf out;

			buf_init(&out, 100);
			assert_int_equal(dot_stuff(&out, &inside, stuffed[i].in, cut), 0);
			assert_int_equal(dot_stuff(&out, &inside, stuffed[i].in + cut, strlen(stuffed[i].in) - cut), 0);
			assert_int_equal(dot_stuff_end(&out, inside), 0);
			assert_string_equal(buf_str(&out), stuffed[i].out);
			buf_free(&out);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stuffed_in_pieces),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_exhaustive),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

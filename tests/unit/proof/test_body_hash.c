/* Body hashes: the canonical bodies of RFC 6376 3.4, in any pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <gnutls/crypto.h>

#include "body_hash.h"
#include "err.h"

#define NONE UINT64_MAX

/* The hash of `body` in this form must be that of `canonical`, however it is cut. */
static const struct {
	const char *body;
	const char *simple, *relaxed;
} bodies[] = {
	{"", "\r\n", ""},
	{"\r\n", "\r\n", ""},
	{"\r\n\r\n\r\n", "\r\n", ""},
	{" \r\n", " \r\n", ""},
	{" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"}, /* 3.4.5 */
	{"a", "a\r\n", "a\r\n"},
	{"a\r\n", "a\r\n", "a\r\n"},
	{"a \t", "a \t\r\n", "a\r\n"},
	{"a\r\n\r\n", "a\r\n", "a\r\n"},
	{"a\r\n \t\r\n\r\n", "a\r\n \t\r\n", "a\r\n"},
	{"a\r\n\r\n\r\nb\r\n", "a\r\n\r\n\r\nb\r\n", "a\r\n\r\n\r\nb\r\n"},
	{"a\r\n  \r\n\tb\r\n", "a\r\n  \r\n\tb\r\n", "a\r\n\r\n b\r\n"},
	{"\r\n\r\na\r\n", "\r\n\r\na\r\n", "\r\n\r\na\r\n"},
	{"a\rb\r\n", "a\rb\r\n", "a\rb\r\n"},
	{"a\r\r\n", "a\r\r\n", "a\r\r\n"},
	{"a\nb\r\n", "a\nb\r\n", "a\nb\r\n"},
	{"a\r\n\r", "a\r\n\r\r\n", "a\r\n\r\r\n"},
};

static void sha256(unsigned char out[BODY_HASH_LEN], const char *s, size_t len)
{
	assert_true(gnutls_hash_fast(GNUTLS_DIG_SHA256, s, len, out) >= 0);
}

static void check(size_t i, bool relaxed, uint64_t limit, size_t step)
{
	const char *body = bodies[i].body, *want = relaxed ? bodies[i].relaxed : bodies[i].simple;
	size_t len = strlen(body), n = strlen(want);
	struct body_hashes *b = body_hashes_new();
	unsigned char hash[BODY_HASH_LEN];
	bool short_body;
	int w = body_hashes_want(b, relaxed, limit);

	assert_true(w >= 0);
	for (size_t k = 0; k < len; k += step)
		assert_int_equal(body_hashes_feed(b, body + k, len - k < step ? len - k : step), VG_OK);
	assert_int_equal(body_hashes_end(b), VG_OK);
	sha256(hash, want, n < limit ? n : (size_t)limit);
	if (memcmp(body_hashes_get(b, w, &short_body), hash, sizeof(hash)) != 0)
		fail_msg("body %zu, %s, l=%llu, in pieces of %zu", i, relaxed ? "relaxed" : "simple", (unsigned long long)limit,
		    step);
	assert_int_equal(short_body, limit != NONE && n < limit);
	body_hashes_free(&b);
}

static void canonical_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		for (size_t step = 1; step < 6; step++)
			for (int relaxed = 0; relaxed < 2; relaxed++) {
				check(i, relaxed != 0, NONE, step);
				for (uint64_t limit = 0; limit < 14; limit++)
					check(i, relaxed != 0, limit, step);
			}
}

/* Longer than every buffer in between, with line ends and white space at all places. */
static void long_bodies(void **state)
{
	static char body[40000], relaxed[40000];
	size_t n = 0, m = 0;
	unsigned char want[2][BODY_HASH_LEN];

	(void)state;
	for (unsigned i = 0; n < 39000; i++) {
		unsigned words = i % 7;

		for (unsigned w = 0; w < words; w++) {
			body[n++] = w % 2 ? ' ' : '\t';
			body[n++] = ' ';
			relaxed[m++] = ' ';
			body[n++] = relaxed[m++] = (char)('a' + i % 26);
		}
		body[n++] = relaxed[m++] = '\r';
		body[n++] = relaxed[m++] = '\n';
	}
	body[n++] = relaxed[m++] = '.';
	body[n++] = relaxed[m++] = '\r';
	body[n++] = relaxed[m++] = '\n';
	sha256(want[0], body, n);
	sha256(want[1], relaxed, m);
	for (size_t step = 1; step < 9000; step = step * 3 + 1) {
		struct body_hashes *b = body_hashes_new();
		int s = body_hashes_want(b, false, NONE), r = body_hashes_want(b, true, NONE);

		for (size_t k = 0; k < n; k += step)
			assert_int_equal(body_hashes_feed(b, body + k, n - k < step ? n - k : step), VG_OK);
		assert_int_equal(body_hashes_end(b), VG_OK);
		assert_memory_equal(body_hashes_get(b, s, NULL), want[0], BODY_HASH_LEN);
		assert_memory_equal(body_hashes_get(b, r, NULL), want[1], BODY_HASH_LEN);
		body_hashes_free(&b);
	}
}

static void wishes(void **state)
{
	struct body_hashes *b = body_hashes_new();

	(void)state;
	assert_false(body_hashes_wanted(b));
	assert_int_equal(body_hashes_want(b, false, NONE), 0);
	assert_true(body_hashes_wanted(b));
	assert_int_equal(body_hashes_want(b, true, NONE), 1);
	assert_int_equal(body_hashes_want(b, false, NONE), 0);
	for (unsigned i = 2; i < BODY_HASHES_MAX; i++)
		assert_int_equal(body_hashes_want(b, true, i), (int)i);
	assert_int_equal(body_hashes_want(b, false, 5), VG_ERR_LIMIT);
	assert_int_equal(body_hashes_want(b, true, 5), 5);
	assert_null(body_hashes_get(b, 0, NULL)); /* not at the end yet */
	assert_int_equal(body_hashes_end(b), VG_OK);
	assert_int_equal(body_hashes_feed(b, "a", 1), VG_ERR_CLOSED);
	assert_null(body_hashes_get(b, -1, NULL));
	assert_null(body_hashes_get(b, BODY_HASHES_MAX, NULL));
	body_hashes_free(&b);
	assert_null(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(canonical_forms), cmocka_unit_test(long_bodies), cmocka_unit_test(wishes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

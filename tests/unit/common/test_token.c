/* token.h: what was minted is found again in any case; one changed character, another purpose or key, is nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>

#include "err.h"
#include "token.h"

static const struct token_keys key = { .key = { "0123456789abcdef0123456789abcde" }, .n = 1 };
static const struct token_keys other_key = { .key = { "another key of the same lengthXX" }, .n = 1 };

static const struct token samples[] = {
	{ TOKEN_CASE, 1, 0 },
	{ TOKEN_CASE, 1234, 1 },
	{ TOKEN_CASE, 1234, 31 },
	{ TOKEN_CASE, 9999999999, 32 },
	{ TOKEN_CASE, INT64_MAX, UINT64_MAX },
	{ TOKEN_BOUNCE, 1, 0 },
	{ TOKEN_BOUNCE, UINT64_MAX, UINT64_MAX },
	{ TOKEN_BOUNCE, 77, 5 },
	{ TOKEN_LOOP, 12345678, 0 },
	{ TOKEN_MESSAGE, 1234, 7 },
};
#define N_SAMPLES (sizeof(samples) / sizeof(samples[0]))

static void
test_round_trip(void **state)
{
	char ext[TOKEN_MAX + 1];
	struct token got;

	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		assert_int_equal(token_mint(ext, &samples[i], &key), VG_OK);
		assert_true(strlen(ext) <= 58); /* `bounce+` and it fit a local part of 64 */
		assert_int_equal(strspn(ext, "0123456789abcdefghjkmnpqrstvwxyz.-"), strlen(ext));
		for (int upper = 0; upper < 2; upper++) {
			memset(&got, 0, sizeof(got));
			assert_int_equal(token_check(&got, samples[i].purpose, ext, &key), VG_OK);
			assert_true(got.number == samples[i].number && got.participant == samples[i].participant);
			assert_int_equal(got.purpose, samples[i].purpose);
			for (char *p = ext; *p; p++)
				*p = (char)toupper((unsigned char)*p);
		}
	}
}

static void
test_shape_of_a_case(void **state)
{
	char ext[TOKEN_MAX + 1];

	(void)state;
	token_mint(ext, &samples[1], &key);
	assert_memory_equal(ext, "1234.", 5);
	assert_int_equal(strlen(ext), 5 + 1 + 16 + 1);
}

/* Every single change of a character, every cut and every added character. */
static void
test_every_change_is_noticed(void **state)
{
	static const char tries[] = "0123456789abcdefghjkmnpqrstvwxyziloU.-+ @\n\x80";
	char ext[TOKEN_MAX + 1], bad[TOKEN_MAX + 4];
	struct token got = { .number = 99 };

	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		size_t n;
		token_mint(ext, &samples[i], &key);
		n = strlen(ext);
		for (size_t at = 0; at <= n; at++) {
			for (const char *c = tries; *c; c++) {
				memcpy(bad, ext, n + 1);
				bad[at] = *c;
				bad[at == n ? n + 1 : n] = '\0';
				if (strcmp(bad, ext) != 0)
					assert_int_not_equal(token_check(&got, samples[i].purpose, bad, &key), VG_OK);
				memcpy(bad, ext, at);
				bad[at] = *c;
				memcpy(bad + at + 1, ext + at, n - at + 1);
				assert_int_not_equal(token_check(&got, samples[i].purpose, bad, &key), VG_OK);
			}
			memcpy(bad, ext, at);
			bad[at] = '\0';
			if (at < n)
				assert_int_not_equal(token_check(&got, samples[i].purpose, bad, &key), VG_OK);
		}
	}
	assert_true(got.number == 99); /* nothing is told of a refused one */
}

static void
test_no_tag_or_forged(void **state)
{
	static const struct {
		enum token_purpose purpose;
		const char *ext;
		int rc;
	} cases[] = {
		{ TOKEN_CASE, NULL, VG_ERR_SYNTAX },
		{ TOKEN_CASE, "", VG_ERR_SYNTAX },
		{ TOKEN_CASE, "news", VG_ERR_SYNTAX },
		{ TOKEN_CASE, "1234", VG_ERR_SYNTAX },
		{ TOKEN_CASE, "1234.", VG_ERR_DENIED },
		{ TOKEN_CASE, ".abcdefghjkmnpqrst", VG_ERR_DENIED },
		{ TOKEN_CASE, "0.abcdefghjkmnpqrst", VG_ERR_DENIED },
		{ TOKEN_CASE, "1234.abcdefghjkmnpqrst", VG_ERR_DENIED },
		{ TOKEN_CASE, "99999999999999999999.abcdefghjkmnpqrst", VG_ERR_DENIED },
		{ TOKEN_BOUNCE, "", VG_ERR_SYNTAX },
		{ TOKEN_BOUNCE, "abc", VG_ERR_DENIED },
		{ TOKEN_BOUNCE, "abcdefghjkmnpqrstvwxyzabcdefghjkmnpqrstvwxyzabcdefghjkmnpqrstvwxyzabcdefg", VG_ERR_DENIED },
	};
	struct token got;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int rc = token_check(&got, cases[i].purpose, cases[i].ext, &key);
		if (rc != cases[i].rc)
			fail_msg("case %zu: %d", i, rc);
	}
}

static void
test_other_purpose_key_and_owner(void **state)
{
	char a[TOKEN_MAX + 1], b[TOKEN_MAX + 1];
	struct token t = { TOKEN_BOUNCE, 5, 0 }, got;

	(void)state;
	token_mint(a, &t, &key);
	assert_int_equal(token_check(&got, TOKEN_LOOP, a, &key), VG_ERR_DENIED);
	assert_int_equal(token_check(&got, TOKEN_BOUNCE, a, &other_key), VG_ERR_DENIED);
	/* one participant's tag with another participant's number */
	t = (struct token){ TOKEN_CASE, 5, 1 };
	token_mint(a, &t, &key);
	t.participant = 2;
	token_mint(b, &t, &key);
	a[strlen(a) - 1] = b[strlen(b) - 1];
	assert_int_equal(token_check(&got, TOKEN_CASE, a, &key), VG_ERR_DENIED);
	t.number = 0;
	assert_int_equal(token_mint(a, &t, &key), VG_ERR_LIMIT);
	t.number = UINT64_MAX;
	assert_int_equal(token_mint(a, &t, &key), VG_ERR_LIMIT);
}

/* A ring: the first mints, all verify, a dropped one is nothing. */
static void
test_rotation(void **state)
{
	struct token_keys ring = { .key = { "a fresh key of thirty-two bytes." }, .n = 1 }, none = { .n = 0 };
	struct token t = { TOKEN_CASE, 1234, 9 }, got;
	char old[TOKEN_MAX + 1], fresh[TOKEN_MAX + 1];

	(void)state;
	assert_int_equal(token_mint(old, &t, &key), VG_OK);
	assert_int_equal(token_check(&got, TOKEN_CASE, old, &ring), VG_ERR_DENIED);
	memcpy(ring.key[1], key.key[0], TOKEN_KEY);
	ring.n = 2;
	assert_int_equal(token_mint(fresh, &t, &ring), VG_OK);
	assert_string_not_equal(fresh, old);
	assert_int_equal(token_check(&got, TOKEN_CASE, fresh, &ring), VG_OK);
	assert_int_equal(token_check(&got, TOKEN_CASE, old, &ring), VG_OK);
	assert_int_equal(token_check(&got, TOKEN_CASE, fresh, &key), VG_ERR_DENIED);
	ring.n = 1;
	assert_int_equal(token_check(&got, TOKEN_CASE, old, &ring), VG_ERR_DENIED);
	assert_int_equal(token_check(&got, TOKEN_CASE, fresh, &none), VG_ERR_DENIED);
	assert_int_equal(token_mint(fresh, &t, &none), VG_ERR_DENIED);
}

/* Two keys of one ring may have the same id: 40 keys have only 32 of them. */
static void
test_same_id(void **state)
{
	char made[40][TOKEN_MAX + 1];
	struct token t = { TOKEN_BOUNCE, 5, 0 }, got;
	unsigned pairs = 0;

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		struct token_keys one = { .n = 1 };
		one.key[0][0] = (unsigned char)i;
		assert_int_equal(token_mint(made[i], &t, &one), VG_OK);
		for (unsigned k = 0; k < i; k++) {
			struct token_keys two = { .n = 2 };
			if (made[k][0] != made[i][0])
				continue;
			pairs++;
			two.key[0][0] = (unsigned char)k;
			two.key[1][0] = (unsigned char)i;
			assert_int_equal(token_check(&got, TOKEN_BOUNCE, made[i], &two), VG_OK);
			assert_int_equal(token_check(&got, TOKEN_BOUNCE, made[k], &two), VG_OK);
		}
	}
	assert_true(pairs > 0);
}

static void
test_keys_are_read(void **state)
{
	unsigned char data[(TOKEN_KEYS_MAX + 1) * TOKEN_KEY] = { 1 };
	struct token_keys keys = { .n = 0 };

	(void)state;
	data[TOKEN_KEY] = 2;
	assert_false(token_keys_read(&keys, data, 0));
	assert_false(token_keys_read(&keys, data, TOKEN_KEY - 1));
	assert_false(token_keys_read(&keys, data, TOKEN_KEY + 1));
	assert_false(token_keys_read(&keys, data, sizeof(data)));
	assert_true(token_keys_read(&keys, data, TOKEN_KEYS_MAX * TOKEN_KEY));
	assert_int_equal(keys.n, TOKEN_KEYS_MAX);
	assert_true(token_keys_read(&keys, data, 2 * TOKEN_KEY));
	assert_int_equal(keys.n, 2);
	assert_int_equal(keys.key[1][0], 2);
}

static int
check_id(const char *id, struct token *got)
{
	return token_message_check(got, id, strlen(id), "mail.support.example", &key);
}

static void
test_message_ids(void **state)
{
	char id[TOKEN_MESSAGE_ID_MAX + 1] = "", bad[TOKEN_MESSAGE_ID_MAX + 1], tag[TOKEN_MAX + 1], host[300];
	struct token got = { .number = 0 };
	struct token bounce = { TOKEN_BOUNCE, 1234, 7 };

	(void)state;
	assert_int_equal(token_message_id(id, 1234, 7, "Mail.Support.example", &key), VG_OK);
	assert_memory_equal(id, "vg.", 3);
	assert_string_equal(strchr(id, '@'), "@mail.support.example");
	assert_int_equal(check_id(id, &got), VG_OK);
	assert_true(got.purpose == TOKEN_MESSAGE && got.number == 1234 && got.participant == 7);
	for (size_t i = 0; i <= strlen(id); i++)
		bad[i] = (char)toupper((unsigned char)id[i]);
	assert_int_equal(check_id(bad, &got), VG_OK);
	for (size_t i = 3; id[i] != '@'; i++) {
		memcpy(bad, id, sizeof(bad));
		bad[i] = id[i] == '7' ? '8' : '7';
		assert_int_equal(check_id(bad, &got), VG_ERR_DENIED);
	}
	/* the same text as a return path's, another purpose */
	assert_int_equal(token_mint(tag, &bounce, &key), VG_OK);
	snprintf(bad, sizeof(bad), "vg.%s@mail.support.example", tag);
	assert_int_equal(check_id(bad, &got), VG_ERR_DENIED);
	assert_int_equal(check_id("vg.@mail.support.example", &got), VG_ERR_DENIED);
	assert_int_equal(check_id("vg.x@mail.support.example", &got), VG_ERR_DENIED);
	/* others' */
	assert_int_equal(check_id("", &got), VG_ERR_SYNTAX);
	assert_int_equal(check_id("@mail.support.example", &got), VG_ERR_SYNTAX);
	assert_int_equal(check_id("vg@mail.support.example", &got), VG_ERR_SYNTAX);
	assert_int_equal(check_id("20261124.1@mail.support.example", &got), VG_ERR_SYNTAX);
	id[strlen(id) - 1] = '\0';
	assert_int_equal(check_id(id, &got), VG_ERR_SYNTAX);
	/* bounds */
	assert_int_equal(token_message_id(id, 1, 0, "x.example", &key), VG_ERR_LIMIT);
	assert_int_equal(token_message_id(id, 0, 1, "x.example", &key), VG_ERR_LIMIT);
	memset(host, 'h', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	assert_int_equal(token_message_id(id, 1, 1, host, &key), VG_ERR_LIMIT);
	host[253] = '\0';
	assert_int_equal(token_message_id(id, UINT64_MAX, UINT64_MAX, host, &key), VG_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_shape_of_a_case),
		cmocka_unit_test(test_every_change_is_noticed),
		cmocka_unit_test(test_no_tag_or_forged),
		cmocka_unit_test(test_other_purpose_key_and_owner),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_same_id),
		cmocka_unit_test(test_keys_are_read),
		cmocka_unit_test(test_message_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* spool.h: memory, file, limits, budget; what is handed over is what was fed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "digest.h"
#include "err.h"
#include "seal.h"
#include "spool.h"

#define MB (1024u * 1024u)

static const unsigned char key[SEAL_KEY] = "0123456789abcdef0123456789abcde";
static char *mail;

/* A mail of n bytes with a header block of head bytes (empty line included). */
static void
make_mail(size_t n, size_t head)
{
	static const char line[] = "X-Filler: 0123456789\r\n";

	mail = malloc(n + 1);
	assert_non_null(mail);
	for (size_t i = 0; i < n; i++)
		mail[i] = i < head ? line[i % (sizeof(line) - 1)] : (char)('a' + i * 31 % 26);
	if (head >= 4) {
		mail[head - 5] = 'h';
		memcpy(mail + head - 4, "\r\n\r\n", 4);
	}
}

static int
teardown(void **state)
{
	(void)state;
	free(mail);
	mail = NULL;
	return spool_buffered() == 0 ? 0 : -1; /* the sum over all spools is exact */
}

static struct spool_give
give(int err)
{
	return (struct spool_give){ .err = (uint32_t)err, .spool = 9, .key = { .data = key, .len = SEAL_KEY } };
}

static int
new_file(void)
{
	int fd = memfd_create("spool", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void
assert_digest(const struct submit *msg, size_t n)
{
	unsigned char want[DIGEST_LEN];
	struct digest *d = digest_new();

	digest_feed(d, mail, n);
	digest_final(d, want);
	digest_free(&d);
	assert_int_equal(msg->digest.len, DIGEST_LEN);
	assert_memory_equal(msg->digest.data, want, DIGEST_LEN);
}

static void
assert_file(int fd, size_t n)
{
	struct seal_reader *r;
	char *back = malloc(n);

	assert_int_equal(seal_reader_new(fd, key, &r), VG_OK);
	assert_true(seal_size(r) == n);
	assert_int_equal(seal_read(r, 0, back, n), n);
	assert_memory_equal(back, mail, n);
	seal_reader_free(&r);
	free(back);
}

static void
test_small_stays_in_memory(void **state)
{
	static const size_t sizes[] = { 0, 3, 100, 4096, 5000, MSG_INLINE_MAX };
	struct submit msg = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct spool *s = spool_new(50 * MB, MSG_HEAD_MAX);
		make_mail(sizes[i], sizes[i] > 50 ? 50 : 0);
		for (size_t at = 0; at < sizes[i]; at += 999)
			assert_int_equal(spool_feed(s, mail + at, sizes[i] - at < 999 ? sizes[i] - at : 999), VG_OK);
		assert_int_equal(spool_state(s), SPOOL_MEMORY);
		assert_int_equal(spool_finish(s, &msg), VG_OK);
		assert_true(msg.size == sizes[i] && msg.spool == 0 && msg.key.len == 0 && spool_size(s) == sizes[i]);
		assert_int_equal(msg.bytes.len, sizes[i]);
		assert_memory_equal(msg.bytes.data, mail, sizes[i]);
		assert_digest(&msg, sizes[i]);
		assert_int_equal(spool_fd(s), -1);
		spool_free(&s);
		assert_null(s);
		free(mail);
		mail = NULL;
	}
}

static void
test_a_small_mail_costs_one_allocation(void **state)
{
	struct spool *s = spool_new(MB, MSG_HEAD_MAX);

	(void)state;
	make_mail(4000, 200);
	assert_int_equal(spool_buffered(), 0);
	for (size_t at = 0; at < 4000; at += 100)
		assert_int_equal(spool_feed(s, mail + at, 100), VG_OK);
	assert_int_equal(spool_buffered(), 4096);
	spool_free(&s);
}

/* Feeds in pieces, answering WANTS_FILE after `late` further pieces, and checks all that is handed over. */
static void
spool_large(size_t n, size_t head, size_t piece, unsigned late)
{
	struct spool *s = spool_new(50 * MB, MSG_HEAD_MAX);
	struct spool_give g = give(0);
	struct submit msg = { 0 };
	unsigned waited = 0;
	int fd = new_file();

	make_mail(n, head);
	for (size_t at = 0; at < n; at += piece) {
		assert_int_equal(spool_feed(s, mail + at, n - at < piece ? n - at : piece), VG_OK);
		if (spool_state(s) == SPOOL_WANTS_FILE && waited++ == late)
			assert_int_equal(spool_give(s, &g, fd), VG_OK);
	}
	if (spool_state(s) == SPOOL_WANTS_FILE) {
		assert_int_equal(spool_finish(s, &msg), VG_ERR_AGAIN);
		assert_int_equal(spool_give(s, &g, fd), VG_OK);
	}
	assert_int_equal(spool_state(s), SPOOL_FILE);
	assert_int_equal(spool_fd(s), fd);
	assert_true(spool_buffered() <= 2 * head + 8192);
	assert_int_equal(spool_finish(s, &msg), VG_OK);
	assert_true(msg.size == n && msg.spool == 9 && spool_number(s) == 9);
	assert_int_equal(msg.key.len, SEAL_KEY);
	assert_memory_equal(msg.key.data, key, SEAL_KEY);
	assert_int_equal(msg.bytes.len, head);
	assert_memory_equal(msg.bytes.data, mail, head);
	assert_digest(&msg, n);
	assert_file(fd, n);
	spool_free(&s);
	assert_int_equal(fcntl(fd, F_GETFD), -1); /* it took the descriptor over */
	free(mail);
	mail = NULL;
}

static void
test_large_goes_to_the_file(void **state)
{
	(void)state;
	spool_large(MSG_INLINE_MAX + 1, 100, 1000, 0);
	spool_large(MSG_INLINE_MAX + 1, 100, 1000, 5); /* complete before the file came */
	spool_large(3 * MB, 5000, 16384, 3);
	spool_large(3 * MB, 200000, 65536, 0);
	spool_large(MB, MSG_HEAD_MAX, MB, 0);          /* all in one piece */
}

static void
test_limits(void **state)
{
	struct spool *s = spool_new(1000, 100);

	(void)state;
	make_mail(2000, 0);
	assert_int_equal(spool_feed(s, mail, 1001), VG_ERR_LIMIT);
	assert_string_equal(spool_why(s), "message too large");
	assert_int_equal(spool_feed(s, mail, 101), VG_ERR_LIMIT);
	assert_string_equal(spool_why(s), "header block too large");
	spool_free(&s);
	s = spool_new(1000, 100);
	memcpy(mail + 96, "\r\n\r\n", 4);
	assert_int_equal(spool_feed(s, mail, 99), VG_OK);
	assert_int_equal(spool_feed(s, mail + 99, 901), VG_OK); /* both exactly at their limit */
	assert_int_equal(spool_feed(s, mail, 1), VG_ERR_LIMIT);
	spool_free(&s);
}

static void
test_queue_says_no(void **state)
{
	static const struct {
		int err;
		size_t key_len;
		bool with_fd;
		int rc;
	} cases[] = {
		{ -VG_ERR_FULL, 0, false, VG_ERR_FULL },
		{ -VG_ERR_FULL, 0, true, VG_ERR_FULL },
		{ 0, SEAL_KEY, false, VG_ERR_PROTO },
		{ 0, 31, true, VG_ERR_PROTO },
	};

	(void)state;
	make_mail(MB, 100);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spool *s = spool_new(50 * MB, MSG_HEAD_MAX);
		struct spool_give g = give(cases[i].err);
		int fd = cases[i].with_fd ? new_file() : -1;
		g.key.len = cases[i].key_len;
		assert_int_equal(spool_feed(s, mail, MB), VG_OK);
		assert_int_equal(spool_give(s, &g, fd), cases[i].rc);
		if (fd >= 0)
			assert_int_equal(fcntl(fd, F_GETFD), -1);
		assert_int_equal(spool_fd(s), -1);
		assert_true(spool_number(s) == (cases[i].err ? 0 : 9)); /* to be dropped */
		spool_free(&s);
	}
}

static void
test_unasked_file(void **state)
{
	struct spool *s = spool_new(50 * MB, MSG_HEAD_MAX);
	struct spool_give g = give(0);
	int fd = new_file();

	(void)state;
	assert_int_equal(spool_give(s, &g, fd), VG_ERR_PROTO);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	spool_free(&s);
}

static void
test_full_disk(void **state)
{
	struct spool *s = spool_new(50 * MB, MSG_HEAD_MAX);
	struct spool_give g = give(0);

	(void)state;
	make_mail(MB, 100);
	assert_int_equal(spool_feed(s, mail, MB), VG_OK);
	assert_int_equal(spool_give(s, &g, open("/dev/full", O_WRONLY | O_CLOEXEC)), VG_ERR_FULL);
	assert_string_equal(spool_why(s), vg_strerror(VG_ERR_FULL));
	assert_true(spool_number(s) == 9);
	spool_free(&s);
}

#define CROWD 400

static void
test_budget_over_all(void **state)
{
	static struct spool *crowd[CROWD];
	struct spool *late = spool_new(50 * MB, MSG_HEAD_MAX);

	(void)state;
	make_mail(200000, 100);
	for (int i = 0; i < CROWD; i++) {
		crowd[i] = spool_new(50 * MB, MSG_HEAD_MAX);
		assert_int_equal(spool_feed(crowd[i], mail, 200000), VG_OK);
	}
	assert_true(spool_buffered() > 64 * MB);
	assert_int_equal(spool_state(crowd[0]), SPOOL_MEMORY);
	assert_int_equal(spool_state(crowd[CROWD - 1]), SPOOL_WANTS_FILE);
	assert_int_equal(spool_feed(late, mail, 32 * 1024), VG_OK);
	assert_int_equal(spool_state(late), SPOOL_MEMORY);
	assert_int_equal(spool_feed(late, mail, 1), VG_OK);
	assert_int_equal(spool_state(late), SPOOL_WANTS_FILE);
	for (int i = 0; i < CROWD; i++)
		spool_free(&crowd[i]);
	spool_free(&late);
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_small_stays_in_memory),
		TEST(test_a_small_mail_costs_one_allocation),
		TEST(test_large_goes_to_the_file),
		TEST(test_limits),
		TEST(test_queue_says_no),
		TEST(test_unasked_file),
		TEST(test_full_disk),
		TEST(test_budget_over_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

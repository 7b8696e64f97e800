/* seal.h: any size, any range; a blob that was cut, altered or put together anew is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "seal.h"

#define CELL (SEAL_CHUNK + SEAL_TAG)

static const unsigned char key[SEAL_KEY] = "0123456789abcdef0123456789abcde";
static const unsigned char other_key[SEAL_KEY] = "another key of the same lengthXX";
static const size_t sizes[] = { 0, 1, 100, SEAL_CHUNK - 1, SEAL_CHUNK, SEAL_CHUNK + 1, 2 * SEAL_CHUNK, 200000 };
#define N_SIZES (sizeof(sizes) / sizeof(sizes[0]))
#define MOST 200000

static unsigned char plain[MOST], back[MOST + 1];
static int fd;

static int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < MOST; i++)
		plain[i] = (unsigned char)(i * 7 + i / 251);
	fd = memfd_create("blob", MFD_CLOEXEC);
	return fd < 0;
}

static int
teardown(void **state)
{
	(void)state;
	return close(fd);
}

static void
seal_file(size_t n, size_t piece)
{
	struct seal_writer *w = seal_writer_new(fd, key);

	assert_non_null(w);
	assert_int_equal(ftruncate(fd, 0), 0);
	lseek(fd, 0, SEEK_SET);
	for (size_t i = 0; i < n; i += piece)
		assert_int_equal(seal_write(w, plain + i, n - i < piece ? n - i : piece), VG_OK);
	assert_true(seal_written(w) == n);
	assert_int_equal(seal_finish(w), VG_OK);
	assert_true(seal_written(w) == n);
	assert_int_equal(seal_write(w, "x", 1), VG_ERR_DENIED);
	assert_int_equal(seal_finish(w), VG_ERR_DENIED);
	seal_writer_free(&w);
	assert_null(w);
}

static int
open_and_close(const unsigned char *k)
{
	struct seal_reader *r;
	int rc = seal_reader_new(fd, k, &r);

	assert_int_equal(rc == VG_OK, r != NULL);
	seal_reader_free(&r);
	return rc;
}

static void
test_sizes_and_pieces(void **state)
{
	static const size_t pieces[] = { 1000, SEAL_CHUNK, MOST };
	struct seal_reader *r;
	struct stat st;

	(void)state;
	for (size_t i = 0; i < N_SIZES; i++) {
		for (size_t p = 0; p < 3; p++) {
			size_t n = sizes[i], chunks = n ? (n + SEAL_CHUNK - 1) / SEAL_CHUNK : 1;
			seal_file(n, pieces[p]);
			fstat(fd, &st);
			assert_int_equal(st.st_size, SEAL_HEAD + n + chunks * SEAL_TAG);
			assert_int_equal(seal_reader_new(fd, key, &r), VG_OK);
			assert_true(seal_size(r) == n);
			assert_int_equal(seal_read(r, 0, back, MOST + 1), n);
			assert_memory_equal(back, plain, n);
			assert_int_equal(seal_read(r, n, back, 10), 0);
			assert_int_equal(seal_read(r, UINT64_MAX, back, 10), 0);
			seal_reader_free(&r);
			assert_int_equal(open_and_close(other_key), VG_ERR_CRYPTO);
		}
	}
}

static void
test_ranges(void **state)
{
	struct seal_reader *r;
	unsigned seed = 3;

	(void)state;
	seal_file(MOST, MOST);
	assert_int_equal(seal_reader_new(fd, key, &r), VG_OK);
	for (int i = 0; i < 2000; i++) {
		size_t off, n, want;
		seed = seed * 1103515245 + 12345;
		off = seed % (MOST + 10);
		seed = seed * 1103515245 + 12345;
		n = seed >> 8 & (i % 2 ? 0xff : 0x1ffff);
		want = off >= MOST ? 0 : n < MOST - off ? n : MOST - off;
		assert_int_equal(seal_read(r, off, back, n < MOST ? n : MOST), want);
		assert_memory_equal(back, plain + (off < MOST ? off : 0), want);
	}
	seal_reader_free(&r);
}

/* Reads all of it; the error, or VG_OK. */
static int
read_all(void)
{
	struct seal_reader *r;
	long n;
	int rc = seal_reader_new(fd, key, &r);

	if (rc)
		return rc;
	n = seal_read(r, 0, back, MOST);
	seal_reader_free(&r);
	return n < 0 ? (int)n : VG_OK;
}

static void
test_cuts(void **state)
{
	off_t cuts[] = { 0, 1, SEAL_HEAD - 1, SEAL_HEAD, SEAL_HEAD + SEAL_TAG, SEAL_HEAD + CELL, SEAL_HEAD + CELL + 1,
		SEAL_HEAD + CELL + SEAL_TAG, SEAL_HEAD + 2 * CELL, SEAL_HEAD + 3 * CELL - 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		seal_file(MOST, MOST); /* more than three chunks */
		assert_int_equal(ftruncate(fd, cuts[i]), 0);
		assert_int_equal(open_and_close(key), VG_ERR_CRYPTO);
	}
	seal_file(MOST, MOST);
	assert_int_equal(pwrite(fd, "x", 1, SEAL_HEAD + 3 * CELL + MOST % SEAL_CHUNK + SEAL_TAG), 1);
	assert_int_equal(open_and_close(key), VG_ERR_CRYPTO); /* one byte more */
}

static void
test_every_altered_byte(void **state)
{
	unsigned char c, x;
	struct stat st;

	(void)state;
	seal_file(300, 300);
	fstat(fd, &st);
	for (off_t at = 0; at < st.st_size; at++) {
		assert_int_equal(pread(fd, &c, 1, at), 1);
		x = c ^ 0x10;
		assert_int_equal(pwrite(fd, &x, 1, at), 1);
		assert_int_equal(read_all(), VG_ERR_CRYPTO);
		assert_int_equal(pwrite(fd, &c, 1, at), 1);
	}
	assert_int_equal(read_all(), VG_OK);
}

static void
test_chunks_in_another_order(void **state)
{
	static unsigned char a[CELL], b[CELL];
	struct seal_reader *r;

	(void)state;
	seal_file(MOST, MOST);
	assert_int_equal(pread(fd, a, CELL, SEAL_HEAD), CELL);
	assert_int_equal(pread(fd, b, CELL, SEAL_HEAD + CELL), CELL);
	assert_int_equal(pwrite(fd, b, CELL, SEAL_HEAD), CELL);
	assert_int_equal(pwrite(fd, a, CELL, SEAL_HEAD + CELL), CELL);
	assert_int_equal(seal_reader_new(fd, key, &r), VG_OK);
	assert_int_equal(seal_read(r, 0, back, 10), VG_ERR_CRYPTO);
	assert_int_equal(seal_read(r, SEAL_CHUNK + 5, back, 10), VG_ERR_CRYPTO);
	assert_int_equal(seal_read(r, 2 * SEAL_CHUNK + 5, back, 10), 10); /* a whole chunk still reads */
	assert_memory_equal(back, plain + 2 * SEAL_CHUNK + 5, 10);
	assert_int_equal(seal_read(r, 2 * SEAL_CHUNK - 5, back, 10), VG_ERR_CRYPTO);
	seal_reader_free(&r);
}

static void
test_cut_while_open(void **state)
{
	struct seal_reader *r;

	(void)state;
	seal_file(MOST, MOST);
	assert_int_equal(seal_reader_new(fd, key, &r), VG_OK);
	assert_int_equal(ftruncate(fd, SEAL_HEAD + 100), 0);
	assert_int_equal(seal_read(r, 0, back, 10), VG_ERR_CRYPTO);
	seal_reader_free(&r);
}

static void
test_full_disk(void **state)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct seal_writer *w = seal_writer_new(full, key);

	(void)state;
	assert_int_equal(seal_write(w, plain, SEAL_CHUNK), VG_OK); /* still in memory */
	assert_int_equal(seal_write(w, plain, 1), VG_ERR_FULL);
	assert_int_equal(seal_write(w, plain, 1), VG_ERR_FULL); /* and never again */
	assert_int_equal(seal_finish(w), VG_ERR_FULL);
	seal_writer_free(&w);
	w = seal_writer_new(-1, key);
	assert_int_equal(seal_finish(w), VG_ERR_SYSTEM);
	seal_writer_free(&w);
	close(full);
}

static void
test_not_a_blob(void **state)
{
	int p[2], keep = fd;

	(void)state;
	assert_int_equal(write(fd, plain, 1000), 1000);
	assert_int_equal(open_and_close(key), VG_ERR_CRYPTO);
	assert_int_equal(pipe(p), 0);
	fd = p[0];
	assert_int_equal(open_and_close(key), VG_ERR_CRYPTO);
	fd = -1;
	assert_int_equal(open_and_close(key), VG_ERR_SYSTEM);
	fd = keep;
	close(p[0]);
	close(p[1]);
}

static void
test_bytes(void **state)
{
	struct buf sealed, again, out;

	(void)state;
	for (size_t i = 0; i < N_SIZES; i++) {
		buf_init(&sealed, 1 << 20);
		buf_init(&again, 1 << 20);
		buf_init(&out, 1 << 20);
		buf_adds(&out, "before");
		assert_int_equal(seal_bytes(&sealed, key, sizes[i] ? plain : NULL, sizes[i]), VG_OK);
		assert_int_equal(unseal_bytes(&out, key, sealed.data, sealed.len), VG_OK);
		assert_int_equal(out.len, 6 + sizes[i]);
		assert_memory_equal(out.data + 6, plain, sizes[i]);
		assert_int_equal(unseal_bytes(&out, other_key, sealed.data, sealed.len), VG_ERR_CRYPTO);
		assert_int_equal(unseal_bytes(&out, key, sealed.data, sealed.len - 1), VG_ERR_CRYPTO);
		assert_int_equal(unseal_bytes(&out, key, sealed.data, 3), VG_ERR_CRYPTO);
		assert_int_equal(out.len, 6 + sizes[i]); /* nothing of it was added */
		seal_bytes(&again, key, plain, sizes[i]);
		assert_memory_not_equal(again.data, sealed.data, SEAL_HEAD); /* drawn anew each time */
		/* the file has the same layout */
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, sealed.data, sealed.len, 0), sealed.len);
		assert_int_equal(read_all(), VG_OK);
		assert_memory_equal(back, plain, sizes[i]);
		buf_free(&sealed);
		buf_free(&again);
		buf_free(&out);
	}
	buf_init(&sealed, 100);
	assert_int_equal(seal_bytes(&sealed, key, plain, 100), VG_ERR_LIMIT);
	buf_free(&sealed);
}

static void
test_wrapped_keys(void **state)
{
	unsigned char wrapped[SEAL_WRAPPED], got[SEAL_KEY];

	(void)state;
	assert_int_equal(seal_wrap_key(wrapped, key, other_key, "01J0"), VG_OK);
	assert_int_equal(seal_unwrap_key(got, wrapped, sizeof(wrapped), other_key, "01J0"), VG_OK);
	assert_memory_equal(got, key, SEAL_KEY);
	assert_int_equal(seal_unwrap_key(got, wrapped, sizeof(wrapped), other_key, "01J1"), VG_ERR_CRYPTO);
	assert_int_equal(seal_unwrap_key(got, wrapped, sizeof(wrapped), key, "01J0"), VG_ERR_CRYPTO);
	assert_int_equal(seal_unwrap_key(got, wrapped, sizeof(wrapped) - 1, other_key, "01J0"), VG_ERR_CRYPTO);
	for (size_t i = 0; i < SEAL_WRAPPED; i++) {
		wrapped[i] ^= 1;
		assert_int_equal(seal_unwrap_key(got, wrapped, sizeof(wrapped), other_key, "01J0"), VG_ERR_CRYPTO);
		wrapped[i] ^= 1;
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sizes_and_pieces),
		TEST(test_ranges),
		TEST(test_cuts),
		TEST(test_every_altered_byte),
		TEST(test_chunks_in_another_order),
		TEST(test_cut_while_open),
		TEST(test_full_disk),
		TEST(test_not_a_blob),
		TEST(test_bytes),
		TEST(test_wrapped_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

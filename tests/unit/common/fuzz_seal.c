/* Any bytes as a sealed blob, in a file and in memory: both readers agree, and what opens was sealed with this key.
 * First byte: 0 takes the rest as the blob; else a true blob is sealed and the rest says where it is altered. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "err.h"
#include "seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned char key[SEAL_KEY] = "0123456789abcdef0123456789abcde";

/* Pairs of place and mask; a last odd byte cuts the blob there. */
static void
alter(struct buf *blob, const uint8_t *data, size_t n)
{
	for (; n >= 3; n -= 3, data += 3)
		blob->data[(data[0] | (size_t)data[1] << 8) % blob->len] ^= data[2];
	if (n > 0)
		blob->len -= data[0] < blob->len ? data[0] : 0;
}

static int
read_file(int fd, struct buf *out)
{
	struct seal_reader *r;
	unsigned char part[1000];
	uint64_t off = 0;
	long n = 0;
	int rc = seal_reader_new(fd, key, &r);

	if (rc)
		return rc;
	while ((n = seal_read(r, off, part, sizeof(part))) > 0) {
		buf_add(out, part, (size_t)n);
		off += (uint64_t)n;
	}
	assert(n < 0 || off == seal_size(r));
	seal_reader_free(&r);
	return (int)n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char text[70000];
	struct buf blob, mem, file;
	int fd, a, b;

	if (size < 1)
		return 0;
	buf_init(&blob, 1 << 20);
	buf_init(&mem, 1 << 20);
	buf_init(&file, 1 << 20);
	if (data[0] == 0) {
		buf_add(&blob, data + 1, size - 1);
	} else {
		assert(seal_bytes(&blob, key, text, data[0] & 1 ? 100 : sizeof(text)) == VG_OK);
		alter(&blob, data + 1, size - 1);
	}
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, blob.data ? blob.data : (const unsigned char *)"", blob.len) != (ssize_t)blob.len)
		abort();
	a = unseal_bytes(&mem, key, blob.data, blob.len);
	b = read_file(fd, &file);
	assert(a == b);
	if (a == VG_OK)
		assert(mem.len == file.len && (mem.len == 0 || memcmp(mem.data, file.data, mem.len) == 0));
	else
		assert(a == VG_ERR_CRYPTO && mem.len == 0);
	if (data[0] && a == VG_OK)
		assert(memcmp(mem.data, text, mem.len) == 0 && (mem.len == 100 || mem.len == sizeof(text)));
	close(fd);
	buf_free(&blob);
	buf_free(&mem);
	buf_free(&file);
	return 0;
}

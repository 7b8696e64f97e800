/*
 * seal_read.c - reading ranges of a sealed blob from a descriptor. queue (blobs), parser (the message), api
 * (answers). The file is not trusted: the last chunk is opened first, so that the size is known to be the
 * true one.
 */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "err.h"
#include "seal_priv.h"

#define NO_CHUNK UINT64_MAX

struct seal_reader {
	struct seal_box box;
	int fd;
	uint64_t chunks, plain;
	uint64_t cached; /* number of the chunk in cell */
	unsigned char cell[SEAL_CELL];
};

/* n bytes at off, all of them; a file that ends before is VG_ERR_CRYPTO. */
static int
pread_all(int fd, unsigned char *out, size_t n, uint64_t off)
{
	while (n > 0) {
		ssize_t got = pread(fd, out, n, (off_t)off);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return VG_ERR_SYSTEM;
		if (got == 0)
			return VG_ERR_CRYPTO;
		out += got;
		n -= (size_t)got;
		off += (uint64_t)got;
	}
	return VG_OK;
}

static size_t
chunk_len(const struct seal_reader *r, uint64_t number)
{
	return number + 1 == r->chunks ? (size_t)(r->plain - number * SEAL_CHUNK) : SEAL_CHUNK;
}

static int
load(struct seal_reader *r, uint64_t number)
{
	size_t n = chunk_len(r, number);
	int rc;

	if (r->cached == number)
		return VG_OK;
	r->cached = NO_CHUNK;
	rc = pread_all(r->fd, r->cell, n + SEAL_TAG, SEAL_HEAD + number * SEAL_CELL);
	if (!rc)
		rc = seal_box_open(&r->box, number, number + 1 == r->chunks, r->cell, n);
	if (!rc)
		r->cached = number;
	return rc;
}

static int
start(struct seal_reader *r, const unsigned char key[SEAL_KEY])
{
	unsigned char head[SEAL_HEAD];
	struct stat st;
	int rc;

	if (fstat(r->fd, &st) < 0)
		return VG_ERR_SYSTEM;
	if (!S_ISREG(st.st_mode) || seal_layout((uint64_t)st.st_size, &r->chunks, &r->plain))
		return VG_ERR_CRYPTO;
	rc = pread_all(r->fd, head, SEAL_HEAD, 0);
	if (!rc)
		rc = seal_box_read(&r->box, key, head);
	return rc ? rc : load(r, r->chunks - 1);
}

int
seal_reader_new(int fd, const unsigned char key[SEAL_KEY], struct seal_reader **rp)
{
	struct seal_reader *r = malloc(sizeof(*r));
	int rc;

	*rp = NULL;
	if (!r)
		return VG_ERR_MEMORY;
	memset(r, 0, offsetof(struct seal_reader, cell));
	r->fd = fd;
	r->cached = NO_CHUNK;
	rc = start(r, key);
	if (rc)
		seal_reader_free(&r);
	*rp = r;
	return rc;
}

uint64_t
seal_size(const struct seal_reader *r)
{
	return r->plain;
}

long
seal_read(struct seal_reader *r, uint64_t off, void *out, size_t n)
{
	unsigned char *to = out;
	uint64_t left;

	if (off >= r->plain)
		return 0;
	left = r->plain - off;
	if (n > left)
		n = (size_t)left;
	if (n > LONG_MAX)
		n = LONG_MAX;
	for (size_t done = 0, some; done < n; done += some, off += some) {
		size_t at = (size_t)(off % SEAL_CHUNK);
		int rc = load(r, off / SEAL_CHUNK);
		if (rc)
			return rc;
		some = chunk_len(r, off / SEAL_CHUNK) - at;
		if (some > n - done)
			some = n - done;
		memcpy(to + done, r->cell + at, some);
	}
	return (long)n;
}

void
seal_reader_free(struct seal_reader **rp)
{
	if (!*rp)
		return;
	sodium_memzero(*rp, sizeof(**rp));
	free(*rp);
	*rp = NULL;
}

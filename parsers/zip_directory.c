/*
 * zip_directory.c - parser worker; hostile zips (APPNOTE 4.3.12, 4.3.16). One pass over the directory, constant memory. Called
 * by archive_walk.c.
 */
#include "zip_directory.h"

#include <stdbool.h>
#include <string.h>

#include "archive_walk.h"
#include "little.h"

#define END_SIZE 22u      /* end of central directory record */
#define TAIL_MAX (65535u + END_SIZE)
#define HEADER_SIZE 46u   /* of a member in the directory */
#define LOCAL_SIZE 30u    /* of its local header */
#define MEMBERS_MAX 200000u

/* Bytes in order from a place on, whatever blocks the source gives. */
struct reader {
	struct source *src;
	const unsigned char *block;
	size_t left;
};

static bool start_at(struct reader *r, struct source *src, uint64_t at)
{
	*r = (struct reader){.src = src};
	return src->seek(src, at) >= 0;
}

/* Copies n bytes to out, or passes them over where out is NULL. */
static bool take(struct reader *r, unsigned char *out, size_t n)
{
	while (n > 0) {
		size_t k;

		if (r->left == 0) {
			const void *block;
			ssize_t got = r->src->read(r->src, &block);

			if (got <= 0)
				return false;
			r->block = block;
			r->left = (size_t)got;
		}
		k = n < r->left ? n : r->left;
		if (out != NULL) {
			memcpy(out, r->block, k);
			out += k;
		}
		r->block += k;
		r->left -= k;
		n -= k;
	}
	return true;
}

static bool is_zip(struct source *src)
{
	unsigned char head[2];
	struct reader r;

	return src->size >= (int64_t)END_SIZE && start_at(&r, src, 0) && take(&r, head, 2) && memcmp(head, "PK", 2) == 0;
}

/* The last end record in the tail of the file. */
static bool find_end(struct source *src, unsigned char end[END_SIZE])
{
	uint64_t size = (uint64_t)src->size, from = size > TAIL_MAX ? size - TAIL_MAX : 0;
	unsigned char window[END_SIZE];
	struct reader r;
	bool found = false;

	if (!start_at(&r, src, from) || !take(&r, window, END_SIZE))
		return false;
	for (;;) {
		if (memcmp(window, "PK\5\6", 4) == 0) {
			memcpy(end, window, END_SIZE);
			found = true;
		}
		memmove(window, window + 1, END_SIZE - 1);
		if (!take(&r, window + END_SIZE - 1, 1))
			return found;
	}
}

/* The packed sizes of all members with their headers. 64-bit ones are left out: they can only make the sum too small. */
static uint64_t packed_sum(struct source *src, uint64_t at, unsigned members, bool *ratio)
{
	unsigned char h[HEADER_SIZE];
	struct reader r;
	uint64_t sum = 0;

	*ratio = false;
	if (!start_at(&r, src, at))
		return 0;
	for (unsigned i = 0; i < members && i < MEMBERS_MAX; i++) {
		uint32_t packed, unpacked, name;

		if (!take(&r, h, sizeof(h)) || memcmp(h, "PK\1\2", 4) != 0)
			break;
		packed = little32(h + 20);
		unpacked = little32(h + 24);
		name = little16(h + 28);
		sum += LOCAL_SIZE + name + (packed != UINT32_MAX ? packed : 0);
		*ratio = *ratio || (unpacked > ARCHIVE_RATIO_FROM && unpacked / ARCHIVE_RATIO > packed);
		if (!take(&r, NULL, name + little16(h + 30) + little16(h + 32)))
			break;
	}
	return sum;
}

unsigned zip_directory_problems(struct source *src, bool *overlap)
{
	unsigned char end[END_SIZE];
	uint64_t directory, before;
	unsigned problems = 0;
	bool ratio;

	*overlap = false;
	if (src->seek == NULL || !is_zip(src) || !find_end(src, end))
		return 0;
	if ((little16(end + 4) != 0 && little16(end + 4) != 0xFFFF) || little16(end + 8) != little16(end + 10))
		problems |= ARCHIVE_SPLIT;
	directory = little32(end + 12);
	before = little32(end + 16);
	if (directory == UINT32_MAX || before == UINT32_MAX || before + directory + END_SIZE > (uint64_t)src->size)
		return problems;
	*overlap = packed_sum(src, before, little16(end + 10), &ratio) > (uint64_t)src->size;
	return *overlap || ratio ? problems | ARCHIVE_BOMB : problems;
}

/*
 * parse_input.c - uniform reading of a message from memory, a plain or a sealed descriptor. Runs in the
 * parser worker and in `vcspgate parse`; descriptors come from the queue, their content is hostile.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "parse_input.h"
#include "seal.h"

struct parse_input {
	const unsigned char *data;
	uint64_t size;
	int fd;
	struct seal_reader *sealed;
	bool cr; /* lines end in CR alone */
	unsigned char *own; /* data without the doubled CRs, owned */
};

static int open_fd(struct parse_input *in, const struct parse_source *src)
{
	struct stat st;

	in->fd = src->fd;
	if (src->key != NULL) {
		int err = seal_reader_new(src->fd, src->key, &in->sealed);

		if (err == VG_OK)
			in->size = seal_size(in->sealed);
		return err;
	}
	if (fstat(src->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return VG_ERR_SYSTEM;
	in->size = (uint64_t)st.st_size;
	return VG_OK;
}

#define LOOK 4096

/* Line ends of old Macs: a CR, and no LF where two or three lines must have ended. */
static bool ends_in_cr(struct parse_input *in)
{
	char head[LOOK];
	long n = parse_input_read(in, 0, head, sizeof head);

	return n > 0 && memchr(head, '\r', (size_t)n) != NULL && memchr(head, '\n', (size_t)n) == NULL &&
	    memchr(head, ':', (size_t)n) != NULL;
}

#define DOUBLED_MAX (64u << 20)

/* Lines end in CR CR LF: a program gave CR LF to one that made CR LF of each LF. */
static bool ends_in_crcrlf(struct parse_input *in)
{
	char head[LOOK];
	long n = parse_input_read(in, 0, head, sizeof head), lines = 0;

	for (long i = 0; i < n; i++) {
		if (head[i] != '\n')
			continue;
		if (i < 2 || head[i - 1] != '\r' || head[i - 2] != '\r')
			return false;
		lines++;
	}
	return lines >= 2 && in->size <= DOUBLED_MAX;
}

/* Reads all of it, one CR left out of each pair. */
static int mend_crcrlf(struct parse_input *in)
{
	unsigned char *all = malloc((size_t)in->size);
	size_t n = 0, total = 0;
	long got;

	if (all == NULL)
		return VG_ERR_MEMORY;
	while (total < in->size && (got = parse_input_read(in, total, all + total, (size_t)in->size - total)) > 0)
		total += (size_t)got;
	for (size_t i = 0; i < total; i++)
		if (all[i] != '\r' || i + 2 >= total || all[i + 1] != '\r' || all[i + 2] != '\n')
			all[n++] = all[i];
	seal_reader_free(&in->sealed);
	in->fd = -1;
	in->data = in->own = all;
	in->size = n;
	return VG_OK;
}

int parse_input_open(const struct parse_source *src, struct parse_input **out)
{
	struct parse_input *in = calloc(1, sizeof *in);
	int err = VG_OK;

	*out = NULL;
	if (in == NULL)
		return VG_ERR_MEMORY;
	in->fd = -1;
	if (src->fd >= 0) {
		err = open_fd(in, src);
	} else {
		in->data = src->data != NULL ? src->data : (const void *)"";
		in->size = src->len;
	}
	if (err == VG_OK && ends_in_crcrlf(in))
		err = mend_crcrlf(in);
	if (err != VG_OK) {
		parse_input_close(&in);
		return err;
	}
	in->cr = ends_in_cr(in);
	*out = in;
	return VG_OK;
}

void parse_input_close(struct parse_input **in)
{
	if (*in == NULL)
		return;
	seal_reader_free(&(*in)->sealed);
	free((*in)->own);
	free(*in);
	*in = NULL;
}

uint64_t parse_input_size(const struct parse_input *in)
{
	return in->size;
}

const unsigned char *parse_input_memory(const struct parse_input *in)
{
	return in->fd < 0 && !in->cr ? in->data : NULL;
}

static long read_plain(int fd, uint64_t off, unsigned char *out, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = pread(fd, out + got, n - got, (off_t)(off + got));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return VG_ERR_SYSTEM;
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (long)got;
}

static long read_sealed(struct seal_reader *r, uint64_t off, unsigned char *out, size_t n)
{
	size_t got = 0;

	while (got < n) {
		long k = seal_read(r, off + got, out + got, n - got);

		if (k < 0)
			return k;
		if (k == 0)
			break;
		got += (size_t)k;
	}
	return (long)got;
}

static long read_any(struct parse_input *in, uint64_t off, void *out, size_t n)
{
	if (in->sealed != NULL)
		return read_sealed(in->sealed, off, out, n);
	if (in->fd >= 0)
		return read_plain(in->fd, off, out, n);
	memcpy(out, in->data + off, n);
	return (long)n;
}

long parse_input_read(struct parse_input *in, uint64_t off, void *out, size_t n)
{
	char *bytes = out;
	long got;

	if (off >= in->size || n == 0)
		return 0;
	if (n > in->size - off)
		n = (size_t)(in->size - off);
	got = read_any(in, off, out, n);
	for (long i = 0; in->cr && i < got; i++)
		if (bytes[i] == '\r')
			bytes[i] = '\n';
	return got;
}

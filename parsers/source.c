/*
 * source.c - parser worker and the command-line tool. Ready-made byte sources: memory, descriptor.
 */
#include "source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"

#define BLOCK ((size_t)64 * 1024)

static ssize_t memory_read(struct source *s, const void **block)
{
	size_t left = (size_t)s->size - (size_t)s->pos;
	size_t n = left < 4 * BLOCK ? left : 4 * BLOCK;

	*block = s->data + s->pos;
	s->pos += n;
	return (ssize_t)n;
}

static int seek_known(struct source *s, uint64_t offset)
{
	if (s->size < 0 || offset > (uint64_t)s->size)
		return VG_ERR_SYNTAX;
	s->pos = offset;
	return VG_OK;
}

void source_memory(struct source *s, const void *data, size_t n)
{
	static const unsigned char nothing[1];

	memset(s, 0, sizeof(*s));
	s->read = memory_read;
	s->seek = seek_known;
	s->data = n > 0 ? data : nothing;
	s->size = (int64_t)n;
	s->fd = -1;
}

static ssize_t fd_read(struct source *s, const void **block)
{
	ssize_t n;

	do
		n = s->seek != NULL ? pread(s->fd, s->block, BLOCK, (off_t)s->pos) : read(s->fd, s->block, BLOCK);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return VG_ERR_SYSTEM;
	s->pos += (uint64_t)n;
	*block = s->block;
	return n;
}

int source_fd(struct source *s, int fd)
{
	struct stat st;

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	if (fstat(fd, &st) != 0)
		return VG_ERR_SYSTEM;
	s->block = malloc(BLOCK);
	if (s->block == NULL)
		return VG_ERR_MEMORY;
	s->fd = fd;
	s->read = fd_read;
	s->size = -1;
	if (S_ISREG(st.st_mode)) {
		s->seek = seek_known;
		s->size = st.st_size;
	}
	return VG_OK;
}

void source_close(struct source *s)
{
	free(s->block);
	s->block = NULL;
}

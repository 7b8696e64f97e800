/*
 * seal_write.c - sealing to a descriptor, chunk by chunk, in constant memory. smtp and api write large mails
 * with it, the parser what it extracts. A chunk leaves only when more follows, so that the last one carries
 * the final flag.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "err.h"
#include "seal_priv.h"

struct seal_writer {
	struct seal_box box;
	int fd;
	int failed;      /* the error that ended it: a blob with a hole must not go on */
	uint64_t number; /* of the chunk being filled */
	size_t n;        /* plain bytes in cell */
	bool begun, finished;
	unsigned char head[SEAL_HEAD];
	unsigned char cell[SEAL_CELL];
};

struct seal_writer *
seal_writer_new(int fd, const unsigned char key[SEAL_KEY])
{
	struct seal_writer *w = malloc(sizeof(*w));

	if (!w)
		return NULL;
	memset(w, 0, offsetof(struct seal_writer, cell));
	w->fd = fd;
	if (seal_box_start(&w->box, key, w->head))
		seal_writer_free(&w);
	return w;
}

static int
write_all(int fd, const unsigned char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return errno == ENOSPC || errno == EDQUOT ? VG_ERR_FULL : VG_ERR_SYSTEM;
		p += done;
		n -= (size_t)done;
	}
	return VG_OK;
}

static int
put_chunk(struct seal_writer *w, bool last)
{
	if (!w->begun)
		w->failed = write_all(w->fd, w->head, SEAL_HEAD);
	w->begun = true;
	if (w->failed)
		return w->failed;
	seal_box_seal(&w->box, w->number, last, w->cell, w->n);
	w->failed = write_all(w->fd, w->cell, w->n + SEAL_TAG);
	w->number++;
	w->n = 0;
	return w->failed;
}

int
seal_write(struct seal_writer *w, const void *data, size_t n)
{
	const unsigned char *p = data;

	if (w->failed)
		return w->failed;
	if (w->finished)
		return VG_ERR_DENIED;
	while (n > 0) {
		size_t room, some;
		if (w->n == SEAL_CHUNK && put_chunk(w, false))
			return w->failed;
		room = SEAL_CHUNK - w->n;
		some = n < room ? n : room;
		memcpy(w->cell + w->n, p, some);
		w->n += some;
		p += some;
		n -= some;
	}
	return VG_OK;
}

int
seal_finish(struct seal_writer *w)
{
	uint64_t last = w->n;

	if (w->failed)
		return w->failed;
	if (w->finished)
		return VG_ERR_DENIED;
	w->finished = true;
	if (put_chunk(w, true))
		return w->failed;
	/* seal_written() goes on telling the whole. */
	w->number--;
	w->n = last;
	return VG_OK;
}

uint64_t
seal_written(const struct seal_writer *w)
{
	return w->number * SEAL_CHUNK + w->n;
}

void
seal_writer_free(struct seal_writer **wp)
{
	if (!*wp)
		return;
	sodium_memzero(*wp, sizeof(**wp));
	free(*wp);
	*wp = NULL;
}

/*
 * spool.c - one incoming message on its way in: memory first, then sealed on disk. smtp and api; hostile
 * bytes, so what is held is bounded by message-size, by MSG_INLINE_MAX in memory, and by one budget over all
 * spools.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "digest.h"
#include "err.h"
#include "head.h"
#include "seal.h"
#include "spool.h"

/* Bytes of all spools in memory beyond which a message leaves it at SPILL_EARLY already. */
#define BUDGET (64u * 1024u * 1024u)
#define SPILL_EARLY (32u * 1024u)
#define FIRST_ALLOCATION 4096u

struct spool {
	enum spool_state state;
	uint64_t max, size;
	size_t head_max;
	const char *why;
	struct head_scan scan;
	size_t head_len; /* of the header block with its empty line, as far as it came */
	struct buf mem;  /* the message; its header block alone once it is in a file */
	size_t counted;  /* our share of the process's sum */
	struct digest *digest;
	unsigned char sum[DIGEST_LEN];
	int fd;
	uint64_t number;
	unsigned char key[SEAL_KEY];
	struct seal_writer *writer;
};

static atomic_size_t in_memory;

size_t
spool_buffered(void)
{
	return atomic_load(&in_memory);
}

static void
recount(struct spool *s)
{
	atomic_fetch_add(&in_memory, s->mem.cap);
	atomic_fetch_sub(&in_memory, s->counted);
	s->counted = s->mem.cap;
}

struct spool *
spool_new(uint64_t max, size_t head_max)
{
	struct spool *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->digest = digest_new();
	if (!s->digest) {
		free(s);
		return NULL;
	}
	s->max = max;
	s->head_max = head_max;
	s->scan = HEAD_SCAN_START;
	s->why = "";
	s->fd = -1;
	buf_init(&s->mem, SIZE_MAX);
	return s;
}

static int
fail(struct spool *s, int err, const char *why)
{
	s->why = why;
	return err;
}

static int
keep(struct spool *s, const void *data, size_t n)
{
	int rc = VG_OK;

	if (s->mem.cap == 0)
		rc = buf_reserve(&s->mem, n > FIRST_ALLOCATION ? n : FIRST_ALLOCATION);
	if (!rc)
		rc = buf_add(&s->mem, data, n);
	recount(s);
	return rc ? fail(s, rc, vg_strerror(rc)) : VG_OK;
}

/* When this returns WANTS_FILE is due: the message is too large for a frame, or memory is short. */
static bool
must_spill(const struct spool *s)
{
	if (s->mem.len > MSG_INLINE_MAX)
		return true;
	return s->mem.len > SPILL_EARLY && spool_buffered() > BUDGET;
}

int
spool_feed(struct spool *s, const void *data, size_t n)
{
	size_t head;
	int rc;

	if (n > s->max - s->size)
		return fail(s, VG_ERR_LIMIT, "message too large");
	head = head_scan(&s->scan, data, n);
	if (head > s->head_max - s->head_len)
		return fail(s, VG_ERR_LIMIT, "header block too large");
	s->head_len += head;
	s->size += n;
	digest_feed(s->digest, data, n);
	if (s->state == SPOOL_FILE) {
		rc = seal_write(s->writer, data, n);
		if (rc)
			return fail(s, rc, vg_strerror(rc));
		return head ? keep(s, data, head) : VG_OK;
	}
	rc = keep(s, data, n);
	if (!rc && must_spill(s))
		s->state = SPOOL_WANTS_FILE;
	return rc;
}

enum spool_state
spool_state(const struct spool *s)
{
	return s->state;
}

/* Of what stood in memory only the header block stays there. */
static int
trim_to_head(struct spool *s)
{
	struct buf head;
	int rc;

	buf_init(&head, SIZE_MAX);
	rc = buf_add(&head, s->mem.data, s->head_len);
	if (rc)
		return rc;
	buf_free(&s->mem);
	s->mem = head;
	recount(s);
	return VG_OK;
}

int
spool_feed_lines(struct spool *s, bool *cr, const char *data, size_t n)
{
	size_t start = 0;
	int rc = VG_OK;

	for (size_t i = 0; i < n && rc == VG_OK; i++) {
		if (data[i] == '\n' && !*cr) {
			rc = spool_feed(s, data + start, i - start);
			if (rc == VG_OK)
				rc = spool_feed(s, "\r\n", 2);
			start = i + 1;
		}
		*cr = data[i] == '\r';
	}
	return rc == VG_OK ? spool_feed(s, data + start, n - start) : rc;
}

int
spool_give(struct spool *s, const struct spool_give *give, int fd)
{
	int rc = VG_OK;

	if (!give->err)
		s->number = give->spool; /* to be dropped even where the rest is of no use */
	if (s->state != SPOOL_WANTS_FILE || (!give->err && (fd < 0 || give->key.len != SEAL_KEY)))
		rc = VG_ERR_PROTO;
	else if (give->err)
		rc = give->err <= INT32_MAX ? -(int)give->err : VG_ERR_PROTO;
	if (rc) {
		if (fd >= 0)
			close(fd);
		return fail(s, rc, vg_strerror(rc));
	}
	s->fd = fd;
	memcpy(s->key, give->key.data, SEAL_KEY);
	s->writer = seal_writer_new(fd, s->key);
	rc = s->writer ? seal_write(s->writer, s->mem.data, s->mem.len) : VG_ERR_MEMORY;
	if (!rc)
		rc = trim_to_head(s);
	if (rc)
		return fail(s, rc, vg_strerror(rc));
	s->state = SPOOL_FILE;
	return VG_OK;
}

int
spool_finish(struct spool *s, struct submit *msg)
{
	int rc;

	if (s->state == SPOOL_WANTS_FILE)
		return fail(s, VG_ERR_AGAIN, "no file yet");
	if (s->state == SPOOL_FILE) {
		rc = seal_finish(s->writer);
		if (rc)
			return fail(s, rc, vg_strerror(rc));
	}
	digest_final(s->digest, s->sum);
	msg->size = s->size;
	msg->digest = (struct blob){ .data = s->sum, .len = DIGEST_LEN };
	msg->bytes = (struct blob){ .data = s->mem.data, .len = s->mem.len };
	msg->spool = s->number;
	msg->key = (struct blob){ .data = s->key, .len = s->state == SPOOL_FILE ? SEAL_KEY : 0 };
	return VG_OK;
}

int
spool_fd(const struct spool *s)
{
	return s->fd;
}

uint64_t
spool_number(const struct spool *s)
{
	return s->number;
}

const char *
spool_why(const struct spool *s)
{
	return s->why;
}

uint64_t
spool_size(const struct spool *s)
{
	return s->size;
}

void
spool_free(struct spool **sp)
{
	struct spool *s = *sp;

	if (!s)
		return;
	*sp = NULL;
	seal_writer_free(&s->writer);
	digest_free(&s->digest);
	buf_free(&s->mem);
	recount(s);
	if (s->fd >= 0)
		close(s->fd);
	sodium_memzero(s->key, SEAL_KEY);
	free(s);
}

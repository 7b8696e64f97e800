/*
 * spool.h - where a channel keeps one incoming message: in memory up to a threshold, then sealed into
 * an O_TMPFILE descriptor that the queue hands out (SPOOL_ASK). Header block and body digest are kept aside.
 * A process-wide budget makes messages leave memory earlier when much is buffered.
 */
#ifndef VG_SPOOL_H
#define VG_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc.h"

struct spool;

enum spool_state {
	SPOOL_MEMORY, /* feed on */
	SPOOL_WANTS_FILE, /* send SPOOL_ASK, feed nothing until spool_give */
	SPOOL_FILE    /* feed on; bytes go sealed to the descriptor */
};

/* max: message-size limit in bytes. head_max: largest header block. NULL on no memory. */
struct spool *spool_new(uint64_t max, size_t head_max);
/* Appends bytes (CRLF line ends, dots already removed). VG_ERR_LIMIT: too large, or header block too large
 * (spool_why tells); VG_ERR_FULL, VG_ERR_SYSTEM: the disk. In SPOOL_WANTS_FILE bytes are still taken, bounded by
 * the caller's window. */
int spool_feed(struct spool *s, const void *data, size_t n);
enum spool_state spool_state(const struct spool *s);
/* The same for bytes whose lines may end in a lone LF, which becomes CRLF. *cr: whether the last byte was a CR; false at first. */
int spool_feed_lines(struct spool *s, bool *cr, const char *data, size_t n);
/* The queue's answer. Takes fd over. What was in memory is sealed into it. */
int spool_give(struct spool *s, const struct spool_give *give, int fd);
/* Message complete: sets size, digest, spool, key, bytes of msg (borrowed from s). */
int spool_finish(struct spool *s, struct submit *msg);
/* The descriptor to send with SUBMIT, -1 when inline. Stays the spool's. */
int spool_fd(const struct spool *s);
/* Number to give back with SPOOL_DROP when the message is not submitted; 0 where none. */
uint64_t spool_number(const struct spool *s);
const char *spool_why(const struct spool *s);
uint64_t spool_size(const struct spool *s);
void spool_free(struct spool **s);
/* Bytes of all spools in memory now. */
size_t spool_buffered(void);

#endif

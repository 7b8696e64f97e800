/*
 * ipc_out.h - the out queue of one link: frames are gathered into few large writes; a frame with descriptors
 * is written by a call of its own, so that they arrive with its first byte.
 */
#ifndef VG_IPC_OUT_H
#define VG_IPC_OUT_H

#include <stddef.h>
#include <stdint.h>

#include "ipc.h"

struct ipc_segment;

struct ipc_out {
	struct ipc_segment *head, *tail; /* what is to be written, in order */
	struct ipc_segment *spare;       /* an emptied one, kept for the next turn */
	size_t bytes;                    /* not yet written */
};

struct ipc_head {
	uint32_t type; /* bits 0-15 the type, bit 16 + i: descriptor i comes with it */
	uint32_t len;
	uint64_t id;
};

#define IPC_HEAD_LEN 16u
#define IPC_HEAD_TYPE(word) ((word) & 0xffffu)
#define IPC_HEAD_FDS(word) ((word) >> 16)

/* Queues one frame; fds are duplicated. All or nothing. VG_ERR_LIMIT past max, VG_ERR_MEMORY, VG_ERR_SYSTEM. */
int ipc_out_put(struct ipc_out *out, enum ipc_type type, uint64_t id, const struct wire_table *table,
    const void *obj, uint32_t max, const int fds[IPC_MAX_FDS]);
/* Writes what the socket takes: VG_OK all, VG_ERR_AGAIN some left, VG_ERR_CLOSED. */
int ipc_out_flush(struct ipc_out *out, int sock);
void ipc_out_free(struct ipc_out *out);

#endif

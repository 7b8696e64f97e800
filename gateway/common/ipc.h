/*
 * ipc.h - typed frames with descriptors over a socket pair, for a loop or for a blocking worker.
 * Frame: u32 type (bits 16 and up: which descriptors come with it), u32 length, u64 id, payload. A frame of
 * an unknown type, from the wrong role, too long, or with the wrong number of descriptors ends the link
 * (never the process).
 */
#ifndef VG_IPC_H
#define VG_IPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evloop.h"
#include "ipc_messages.h"
#include "wire.h"

struct ipc;

#define IPC_MAX_FDS 2

struct ipc_msg {
	enum ipc_type type;
	uint64_t id;               /* correlation number; a reply repeats it */
	const unsigned char *data; /* payload, borrowed until the callback returns */
	size_t len;
	int fd[IPC_MAX_FDS];       /* -1 where none; the receiver owns them: take with ipc_take_fd,
	                              those left are closed after the callback */
};

/* msg is NULL when the link ended (peer gone or protocol broken); the ipc must then be closed.
 * The callback may close its own ipc at any time. */
typedef void ipc_cb(struct ipc *ipc, struct ipc_msg *msg, void *arg);

/* Takes over fd (made non-blocking). loop NULL: blocking use with ipc_recv. NULL on failure (fd stays the caller's). */
struct ipc *ipc_open(struct evloop *loop, int fd, enum role self, enum role peer, ipc_cb *cb, void *arg);
/* Closes the link and what is queued on it; sets the pointer to NULL. */
void ipc_close(struct ipc **ipc);

/* Sends one message of its table (NULL obj for a type without fields). fds (-1 for none) stay the
 * caller's: they are duplicated. VG_ERR_CLOSED when the link is gone, VG_ERR_LIMIT past the type's maximum,
 * VG_ERR_DENIED where the permission table forbids it. Written at the end of the loop's turn, or at once when much is
 * queued; without a loop before it returns. A descriptor can come as -1 when the receiver's table is full. */
int ipc_send(struct ipc *ipc, enum ipc_type type, uint64_t id, const void *obj);
int ipc_send_fd(struct ipc *ipc, enum ipc_type type, uint64_t id, const void *obj, int fd0, int fd1);
/* Bytes queued and not yet written: for back-pressure. */
size_t ipc_backlog(const struct ipc *ipc);
bool ipc_is_closed(const struct ipc *ipc);

/* Decodes the payload into the struct of the type's table. */
int ipc_decode(const struct ipc_msg *msg, void *obj);
/* Takes descriptor i out of the message; the caller owns it. -1 where none. */
int ipc_take_fd(struct ipc_msg *msg, int i);

/* Blocking worker: receives one message (1), or 0 at the end of the link, or VG_ERR_*.
 * msg stays valid until the next call; ipc_msg_done closes descriptors left in it. */
int ipc_recv(struct ipc *ipc, struct ipc_msg *msg);
void ipc_msg_done(struct ipc_msg *msg);

/* Name of a message type for logs, never NULL. */
const char *ipc_type_name(enum ipc_type type);

#endif

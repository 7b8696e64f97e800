/*
 * master_dial.c - sockets for roles that may not make any: to the resolver that the configuration names, and to nothing
 * else. Runs in the supervisor; whoever asks may have been taken over, so that what is asked for is a number.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "master.h"

/* Connected, or connecting. -1: errno tells. */
static int
open_resolver(const struct conf *c, int type)
{
	int fd = socket(c->resolver.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&c->resolver, c->resolver_len) != 0 && errno != EINPROGRESS) {
		int error = errno;

		close(fd);
		errno = error;
		fd = -1;
	}
	return fd;
}

int
master_dial(const struct conf *c, struct ipc *ipc, const struct ipc_msg *msg)
{
	struct m_dial ask;
	struct m_dialed say;
	int fd;

	if (ipc_decode(msg, &ask) != VG_OK || (ask.what != DIAL_RESOLVER_UDP && ask.what != DIAL_RESOLVER_TCP))
		return VG_ERR_PROTO;
	fd = open_resolver(c, ask.what == DIAL_RESOLVER_TCP ? SOCK_STREAM : SOCK_DGRAM);
	say = (struct m_dialed){ .what = ask.what, .err = fd < 0 ? (uint32_t)-VG_ERR_SYSTEM : 0 };
	if (fd < 0)
		log_warn("", "dial-failed", "what=resolver error=%s", log_q(strerror(errno)));
	ipc_send_fd(ipc, IPC_M_DIALED, msg->id, &say, fd, -1);
	if (fd >= 0)
		close(fd);
	return VG_OK;
}

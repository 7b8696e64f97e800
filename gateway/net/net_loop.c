/*
 * net_loop.c - turns of the event loop in place of a blocking wait. No nesting: the caller is the main program.
 */
#include <stdint.h>
#include <stdlib.h>

#include "err.h"
#include "net_loop.h"

static void
set_flag(void *arg)
{
	*(bool *)arg = true;
}

static void
set_ready(int fd, unsigned events, void *arg)
{
	(void)fd;
	(void)events;
	set_flag(arg);
}

int
net_loop_until(struct net_loop *l, const bool *done, int64_t ms)
{
	struct ev_timer timer = { 0 };
	bool late = false;
	int rc = ev_timer_set(l->loop, &timer, ms > 0 ? ms : 0, set_flag, &late);

	while (rc == VG_OK && !*done && !late && !l->stop)
		rc = evloop_turn(l->loop, -1);
	ev_timer_clear(l->loop, &timer);
	if (rc == VG_OK && !*done)
		rc = l->stop ? VG_ERR_CLOSED : VG_ERR_TIMEOUT;
	return rc;
}

int
net_loop_wait(int fd, unsigned events, int64_t ms, void *arg)
{
	struct net_loop *l = arg;
	bool ready = false;
	struct ev_io *io = ev_io_add(l->loop, fd,
	    (events & NET_READ ? (unsigned)EV_READ : 0u) | (events & NET_WRITE ? (unsigned)EV_WRITE : 0u), set_ready, &ready);
	int rc = io ? net_loop_until(l, &ready, ms) : VG_ERR_CLOSED;

	ev_io_del(&io);
	return rc == VG_OK ? 1 : rc == VG_ERR_TIMEOUT ? 0 : VG_ERR_CLOSED;
}

/*
 * evloop.c - the event loop of every process, over epoll, signalfd and eventfd. Trusts nobody: a descriptor
 * may hang up, be deleted, or be reused by number at any moment. Watches that are deleted while a turn runs
 * stay in memory until its end, so that an event already fetched for them finds a dead watch instead of freed
 * memory.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "evloop.h"

#define BATCH 256
#define SIGNAL_MAX 65
#define TIMER_MAX_MS (INT64_C(1) << 50)

struct ev_io {
	struct evloop *loop;
	int fd;
	unsigned events;
	bool dead;
	ev_io_cb *cb;
	void *arg;
	struct ev_io *next_dead;
};

struct ev_signal_slot {
	ev_cb *cb;
	void *arg;
};

struct evloop {
	int epfd;
	bool stop, in_turn;
	int64_t now;
	struct ev_io *dead;
	struct ev_timer **heap;
	size_t n_heap, cap_heap;
	struct ev_defer *defer_head, **defer_tail;
	int sigfd;
	sigset_t sigmask;
	struct ev_io *sig_io;
	struct ev_signal_slot sig[SIGNAL_MAX];
	int wakefd;
	atomic_bool wake_pending;
	struct ev_io *wake_io;
	ev_cb *wake_cb;
	void *wake_arg;
};

static int64_t
clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

struct evloop *
evloop_new(void)
{
	struct evloop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epfd < 0) {
		free(loop);
		return NULL;
	}
	loop->sigfd = loop->wakefd = -1;
	sigemptyset(&loop->sigmask);
	loop->defer_tail = &loop->defer_head;
	loop->now = clock_ms();
	return loop;
}

static void
bury(struct evloop *loop)
{
	while (loop->dead) {
		struct ev_io *io = loop->dead;
		loop->dead = io->next_dead;
		free(io);
	}
}

void
evloop_free(struct evloop **loopp)
{
	struct evloop *loop = *loopp;

	if (!loop)
		return;
	*loopp = NULL;
	ev_io_del(&loop->sig_io);
	ev_io_del(&loop->wake_io);
	if (loop->sigfd >= 0)
		close(loop->sigfd);
	if (loop->wakefd >= 0)
		close(loop->wakefd);
	for (size_t i = 0; i < loop->n_heap; i++)
		loop->heap[i]->slot = 0;
	for (struct ev_defer *d = loop->defer_head; d; d = d->next)
		d->queued = false;
	bury(loop);
	free(loop->heap);
	close(loop->epfd);
	free(loop);
}

/* ---- descriptors ---- */

/* A watch for nothing still hears of a hang-up, but once only (edge): else it would spin until somebody
 * looks. */
static uint32_t
epoll_bits(unsigned events)
{
	uint32_t bits = 0;

	if (events & EV_READ)
		bits |= EPOLLIN | EPOLLRDHUP;
	if (events & EV_WRITE)
		bits |= EPOLLOUT;
	return bits ? bits : (uint32_t)EPOLLET;
}

static int
control(struct ev_io *io, int op)
{
	struct epoll_event ev = { .events = epoll_bits(io->events), .data = { .ptr = io } };

	return epoll_ctl(io->loop->epfd, op, io->fd, &ev) < 0 ? VG_ERR_SYSTEM : VG_OK;
}

struct ev_io *
ev_io_add(struct evloop *loop, int fd, unsigned events, ev_io_cb *cb, void *arg)
{
	struct ev_io *io = calloc(1, sizeof(*io));

	if (!io)
		return NULL;
	*io = (struct ev_io){ .loop = loop, .fd = fd, .events = events, .cb = cb, .arg = arg };
	if (control(io, EPOLL_CTL_ADD)) {
		free(io);
		return NULL;
	}
	return io;
}

int
ev_io_set(struct ev_io *io, unsigned events)
{
	unsigned old = io->events;
	int rc;

	if (events == old)
		return VG_OK;
	io->events = events;
	rc = control(io, EPOLL_CTL_MOD);
	if (rc)
		io->events = old;
	return rc;
}

void
ev_io_del(struct ev_io **iop)
{
	struct ev_io *io = *iop;

	if (!io)
		return;
	*iop = NULL;
	epoll_ctl(io->loop->epfd, EPOLL_CTL_DEL, io->fd, NULL);
	io->dead = true;
	io->next_dead = io->loop->dead;
	io->loop->dead = io;
	if (!io->loop->in_turn)
		bury(io->loop);
}

/* An error or hang-up is also told as what the watcher waits for: its next read or write will show the cause.
 */
static void
dispatch(struct ev_io *io, uint32_t bits)
{
	unsigned events = 0;

	if (io->dead)
		return;
	if (bits & EPOLLIN)
		events |= EV_READ;
	if (bits & EPOLLOUT)
		events |= EV_WRITE;
	if (bits & (EPOLLHUP | EPOLLERR))
		events |= EV_HUP | (io->events & (EV_READ | EV_WRITE));
	if (bits & EPOLLRDHUP)
		events |= io->events & EV_READ;
	events &= io->events | EV_HUP;
	if (events)
		io->cb(io->fd, events, io->arg);
}

/* ---- timers: a binary heap ordered by due ---- */

static void
heap_put(struct evloop *loop, size_t i, struct ev_timer *t)
{
	loop->heap[i] = t;
	t->slot = i + 1;
}

static void
heap_up(struct evloop *loop, size_t i)
{
	struct ev_timer *t = loop->heap[i];

	while (i > 0 && loop->heap[(i - 1) / 2]->due > t->due) {
		heap_put(loop, i, loop->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_put(loop, i, t);
}

static void
heap_down(struct evloop *loop, size_t i)
{
	struct ev_timer *t = loop->heap[i];

	for (;;) {
		size_t kid = 2 * i + 1;
		if (kid >= loop->n_heap)
			break;
		if (kid + 1 < loop->n_heap && loop->heap[kid + 1]->due < loop->heap[kid]->due)
			kid++;
		if (loop->heap[kid]->due >= t->due)
			break;
		heap_put(loop, i, loop->heap[kid]);
		i = kid;
	}
	heap_put(loop, i, t);
}

static int
heap_grow(struct evloop *loop)
{
	size_t cap = loop->cap_heap ? loop->cap_heap * 2 : 64;
	struct ev_timer **heap;

	if (loop->n_heap < loop->cap_heap)
		return VG_OK;
	heap = realloc(loop->heap, cap * sizeof(struct ev_timer *));
	if (!heap)
		return VG_ERR_MEMORY;
	loop->heap = heap;
	loop->cap_heap = cap;
	return VG_OK;
}

/* Due at least one millisecond ahead, so that a timer which sets itself again cannot keep a turn from ending.
 */
int
ev_timer_set(struct evloop *loop, struct ev_timer *t, int64_t ms, ev_cb *cb, void *arg)
{
	if (ms < 1)
		ms = 1;
	if (ms > TIMER_MAX_MS)
		ms = TIMER_MAX_MS;
	if (!t->slot && heap_grow(loop))
		return VG_ERR_MEMORY;
	t->due = evloop_now(loop) + ms;
	t->cb = cb;
	t->arg = arg;
	if (!t->slot)
		heap_put(loop, loop->n_heap++, t);
	heap_up(loop, t->slot - 1);
	heap_down(loop, t->slot - 1);
	return VG_OK;
}

void
ev_timer_clear(struct evloop *loop, struct ev_timer *t)
{
	size_t i = t->slot;
	struct ev_timer *last;

	if (!i)
		return;
	i--;
	t->slot = 0;
	last = loop->heap[--loop->n_heap];
	if (last == t)
		return;
	heap_put(loop, i, last);
	heap_up(loop, i);
	heap_down(loop, last->slot - 1);
}

static void
run_timers(struct evloop *loop)
{
	while (loop->n_heap > 0 && loop->heap[0]->due <= loop->now) {
		struct ev_timer *t = loop->heap[0];
		ev_timer_clear(loop, t);
		t->cb(t->arg);
	}
}

/* ---- deferred calls ---- */

void
ev_defer(struct evloop *loop, struct ev_defer *d, ev_cb *cb, void *arg)
{
	d->cb = cb;
	d->arg = arg;
	if (d->queued)
		return;
	d->queued = true;
	d->next = NULL;
	*loop->defer_tail = d;
	loop->defer_tail = &d->next;
}

void
ev_defer_cancel(struct evloop *loop, struct ev_defer *d)
{
	struct ev_defer **p = &loop->defer_head;

	if (!d->queued)
		return;
	while (*p && *p != d)
		p = &(*p)->next;
	if (!*p)
		return;
	*p = d->next;
	if (loop->defer_tail == &d->next)
		loop->defer_tail = p;
	d->queued = false;
	d->next = NULL;
}

/* Calls what was queued when it began; what these calls queue is left for the next turn, which then does not
 * wait. */
static void
run_deferred(struct evloop *loop)
{
	struct ev_defer end = { .queued = false };

	if (!loop->defer_head)
		return;
	ev_defer(loop, &end, NULL, NULL);
	while (loop->defer_head != &end) {
		struct ev_defer *d = loop->defer_head;
		ev_defer_cancel(loop, d);
		d->cb(d->arg);
	}
	ev_defer_cancel(loop, &end);
}

/* ---- signals and wake-ups ---- */

static void
on_signalfd(int fd, unsigned events, void *arg)
{
	struct evloop *loop = arg;
	struct signalfd_siginfo info;

	(void)events;
	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		struct ev_signal_slot *slot = info.ssi_signo < SIGNAL_MAX ? &loop->sig[info.ssi_signo] : NULL;
		if (slot && slot->cb)
			slot->cb(slot->arg);
	}
}

int
ev_signal(struct evloop *loop, int signo, ev_cb *cb, void *arg)
{
	sigset_t one;
	int fd;

	if (signo < 1 || signo >= SIGNAL_MAX)
		return VG_ERR_LIMIT;
	sigemptyset(&one);
	sigaddset(&one, signo);
	if (pthread_sigmask(SIG_BLOCK, &one, NULL) != 0)
		return VG_ERR_SYSTEM;
	sigaddset(&loop->sigmask, signo);
	fd = signalfd(loop->sigfd, &loop->sigmask, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return VG_ERR_SYSTEM;
	loop->sigfd = fd;
	loop->sig[signo] = (struct ev_signal_slot){ .cb = cb, .arg = arg };
	if (!loop->sig_io)
		loop->sig_io = ev_io_add(loop, fd, EV_READ, on_signalfd, loop);
	return loop->sig_io ? VG_OK : VG_ERR_SYSTEM;
}

static void
on_wake(int fd, unsigned events, void *arg)
{
	struct evloop *loop = arg;
	uint64_t n;

	(void)events;
	if (read(fd, &n, sizeof(n)) < 0)
		return;
	/* Before the call: work queued from now on writes the eventfd again. */
	atomic_store(&loop->wake_pending, false);
	loop->wake_cb(loop->wake_arg);
}

int
ev_wake_set(struct evloop *loop, ev_cb *cb, void *arg)
{
	loop->wake_cb = cb;
	loop->wake_arg = arg;
	if (loop->wakefd >= 0)
		return VG_OK;
	loop->wakefd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (loop->wakefd < 0)
		return VG_ERR_SYSTEM;
	loop->wake_io = ev_io_add(loop, loop->wakefd, EV_READ, on_wake, loop);
	return loop->wake_io ? VG_OK : VG_ERR_SYSTEM;
}

void
evloop_wake(struct evloop *loop)
{
	uint64_t one = 1;

	if (loop->wakefd < 0 || atomic_exchange(&loop->wake_pending, true))
		return;
	while (write(loop->wakefd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* ---- running ---- */

int64_t
evloop_now(struct evloop *loop)
{
	if (!loop->in_turn)
		loop->now = clock_ms();
	return loop->now;
}

static int
wait_ms(struct evloop *loop, int timeout_ms)
{
	int64_t left;

	if (loop->stop || loop->defer_head)
		return 0;
	if (loop->n_heap == 0)
		return timeout_ms;
	left = loop->heap[0]->due - clock_ms();
	if (left < 0)
		left = 0;
	if (timeout_ms >= 0 && left > timeout_ms)
		return timeout_ms;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

int
evloop_turn(struct evloop *loop, int timeout_ms)
{
	struct epoll_event ev[BATCH];
	int n = epoll_wait(loop->epfd, ev, BATCH, wait_ms(loop, timeout_ms));

	if (n < 0 && errno != EINTR)
		return VG_ERR_SYSTEM;
	loop->now = clock_ms();
	loop->in_turn = true;
	for (int i = 0; i < n; i++)
		dispatch(ev[i].data.ptr, ev[i].events);
	run_timers(loop);
	run_deferred(loop);
	loop->in_turn = false;
	bury(loop);
	return VG_OK;
}

int
evloop_run(struct evloop *loop)
{
	int rc = VG_OK;

	while (!loop->stop && !rc)
		rc = evloop_turn(loop, -1);
	loop->stop = false;
	return rc;
}

void
evloop_stop(struct evloop *loop)
{
	loop->stop = true;
}

/*
 * evloop.h - one loop per process over epoll: descriptors, timers, signals, deferred calls.
 * Single-threaded; only evloop_wake() may be called from another thread.
 * A callback may delete any io or timer, its own included; nothing deleted is called again.
 */
#ifndef VG_EVLOOP_H
#define VG_EVLOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evloop;
struct ev_io;

enum { EV_READ = 1, EV_WRITE = 2, EV_HUP = 4 };

typedef void ev_io_cb(int fd, unsigned events, void *arg);
typedef void ev_cb(void *arg);

/* A timer lives inside the caller's object; zero it before first use. */
struct ev_timer {
	int64_t due;      /* monotonic milliseconds */
	size_t slot;      /* heap place + 1, 0 when idle */
	ev_cb *cb;
	void *arg;
};

/* A call to be made once, at the end of the turn (so that it serves all callbacks of the turn); zero before first use. */
struct ev_defer {
	struct ev_defer *next;
	bool queued;
	ev_cb *cb;
	void *arg;
};

/* New loop, or NULL (errno). Freed with evloop_free, which closes no descriptor of the caller's. */
struct evloop *evloop_new(void);
void evloop_free(struct evloop **loop);
/* Runs until evloop_stop (also one called before), finishing the turn with its deferred calls. Returns VG_OK or VG_ERR_SYSTEM. */
int evloop_run(struct evloop *loop);
/* One turn, waiting at most timeout_ms (-1: until something happens). */
int evloop_turn(struct evloop *loop, int timeout_ms);
void evloop_stop(struct evloop *loop);
/* Monotonic milliseconds, read once per turn. */
int64_t evloop_now(struct evloop *loop);

/* Watches fd (not owned). NULL on failure. events may be 0: then a hang-up alone is told, once. An error or
 * hang-up comes as EV_HUP together with what is watched for, so that reading or writing shows its cause. */
struct ev_io *ev_io_add(struct evloop *loop, int fd, unsigned events, ev_io_cb *cb, void *arg);
int ev_io_set(struct ev_io *io, unsigned events);
/* Stops watching; sets the pointer to NULL. NULL is fine. Call before closing fd. */
void ev_io_del(struct ev_io **io);

/* (Re)starts a timer. VG_ERR_MEMORY when the heap cannot grow. */
int ev_timer_set(struct evloop *loop, struct ev_timer *t, int64_t ms, ev_cb *cb, void *arg);
void ev_timer_clear(struct evloop *loop, struct ev_timer *t);

void ev_defer(struct evloop *loop, struct ev_defer *d, ev_cb *cb, void *arg);
void ev_defer_cancel(struct evloop *loop, struct ev_defer *d);

/* Delivers a signal as a callback (blocks it for the process, signalfd). */
int ev_signal(struct evloop *loop, int signo, ev_cb *cb, void *arg);

/* Registers the one callback that evloop_wake() from any thread triggers in the loop. */
int ev_wake_set(struct evloop *loop, ev_cb *cb, void *arg);
void evloop_wake(struct evloop *loop);

#endif

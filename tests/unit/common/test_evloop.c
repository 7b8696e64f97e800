/* evloop.h: order, deletion while dispatching, timers, signals, wake-ups, many descriptors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "evloop.h"

static struct evloop *loop;

static int
setup(void **state)
{
	(void)state;
	loop = evloop_new();
	return loop ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	evloop_free(&loop);
	return loop ? -1 : 0;
}

/* ---- descriptors ---- */

struct watch {
	struct ev_io *io;
	int fd[2];
	unsigned calls, events;
	struct watch *victim;
};

static void
watch_open(struct watch *w, ev_io_cb *cb, unsigned events)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, w->fd), 0);
	w->io = ev_io_add(loop, w->fd[0], events, cb, w);
	assert_non_null(w->io);
}

static void
watch_close(struct watch *w)
{
	ev_io_del(&w->io);
	close(w->fd[0]);
	if (w->fd[1] >= 0)
		close(w->fd[1]);
}

static void
count(int fd, unsigned events, void *arg)
{
	struct watch *w = arg;

	assert_int_equal(fd, w->fd[0]);
	w->calls++;
	w->events |= events;
}

static void
test_read_write_and_none(void **state)
{
	struct watch w = { .calls = 0 };

	(void)state;
	watch_open(&w, count, EV_READ);
	assert_int_equal(evloop_turn(loop, 0), VG_OK);
	assert_int_equal(w.calls, 0);
	assert_int_equal(write(w.fd[1], "x", 1), 1);
	evloop_turn(loop, 1000);
	evloop_turn(loop, 1000); /* level: told again */
	assert_int_equal(w.calls, 2);
	assert_int_equal(w.events, EV_READ);
	assert_int_equal(ev_io_set(w.io, EV_WRITE), VG_OK);
	w.events = 0;
	evloop_turn(loop, 1000);
	assert_int_equal(w.events, EV_WRITE);
	assert_int_equal(ev_io_set(w.io, 0), VG_OK);
	w.calls = 0;
	evloop_turn(loop, 0);
	assert_int_equal(w.calls, 0);
	watch_close(&w);
}

static void
test_hangup(void **state)
{
	struct watch w = { .calls = 0 }, quiet = { .calls = 0 };

	(void)state;
	watch_open(&w, count, EV_READ);
	watch_open(&quiet, count, 0);
	close(w.fd[1]);
	close(quiet.fd[1]);
	w.fd[1] = quiet.fd[1] = -1;
	for (int i = 0; i < 5; i++)
		evloop_turn(loop, 0);
	assert_int_equal(w.events, EV_READ | EV_HUP);
	assert_int_equal(w.calls, 5);
	assert_int_equal(quiet.events, EV_HUP);
	assert_int_equal(quiet.calls, 1); /* or it would spin */
	watch_close(&w);
	watch_close(&quiet);
}

static void
delete_both(int fd, unsigned events, void *arg)
{
	struct watch *w = arg;

	(void)fd;
	(void)events;
	w->calls++;
	ev_io_del(&w->victim->io);
	ev_io_del(&w->io);
	assert_null(w->io);
	ev_io_del(&w->io);
}

static void
test_delete_while_dispatching(void **state)
{
	struct watch a = { .calls = 0 }, b = { .calls = 0 };

	(void)state;
	watch_open(&a, delete_both, EV_READ);
	watch_open(&b, delete_both, EV_READ);
	a.victim = &b;
	b.victim = &a;
	assert_int_equal(write(a.fd[1], "x", 1), 1);
	assert_int_equal(write(b.fd[1], "x", 1), 1);
	evloop_turn(loop, 1000);
	evloop_turn(loop, 0);
	assert_int_equal(a.calls + b.calls, 1); /* the event of the other was fetched already, and is not told */
	watch_close(&a);
	watch_close(&b);
}

#define MANY 10000

static void
test_many(void **state)
{
	static struct watch w[MANY];
	struct rlimit limit = { MANY + 100, MANY + 100 };
	unsigned told = 0;

	(void)state;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		skip();
	for (int i = 0; i < MANY; i++) {
		w[i].fd[0] = eventfd(1, EFD_NONBLOCK);
		assert_true(w[i].fd[0] >= 0);
		w[i].io = ev_io_add(loop, w[i].fd[0], EV_READ, count, &w[i]);
		assert_non_null(w[i].io);
	}
	for (int i = 0; i < 3 * MANY / 256; i++)
		evloop_turn(loop, 0);
	for (int i = 0; i < MANY; i++) {
		told += w[i].calls > 0;
		w[i].fd[1] = -1;
		watch_close(&w[i]);
	}
	assert_int_equal(told, MANY); /* nobody starves behind the first batch */
}

/* ---- timers ---- */

#define TIMERS 500

static struct timed {
	struct ev_timer t;
	int64_t after;
	unsigned fired;
} timed[TIMERS];
static int64_t last_due;
static unsigned n_fired;

static void
on_timer(void *arg)
{
	struct timed *x = arg;

	assert_true(x->t.due >= last_due);
	assert_true(evloop_now(loop) >= x->t.due);
	assert_int_equal(x->t.slot, 0);
	last_due = x->t.due;
	x->fired++;
	n_fired++;
}

static void
test_timers_fire_in_order(void **state)
{
	unsigned want = 0, seed = 42;

	(void)state;
	memset(timed, 0, sizeof(timed));
	last_due = 0;
	n_fired = 0;
	for (int i = 0; i < TIMERS; i++) {
		seed = seed * 1103515245 + 12345;
		timed[i].after = seed / 65536 % 60;
		assert_int_equal(ev_timer_set(loop, &timed[i].t, timed[i].after, on_timer, &timed[i]), VG_OK);
	}
	for (int i = 0; i < TIMERS; i++) {
		if (i % 3 == 0)
			ev_timer_clear(loop, &timed[i].t);
		else if (i % 3 == 1)
			ev_timer_set(loop, &timed[i].t, 59 - timed[i].after, on_timer, &timed[i]);
		want += i % 3 != 0;
	}
	while (n_fired < want)
		assert_int_equal(evloop_turn(loop, -1), VG_OK);
	for (int i = 0; i < TIMERS; i++)
		assert_int_equal(timed[i].fired, i % 3 != 0);
	ev_timer_clear(loop, &timed[0].t); /* idle: nothing happens */
}

static void
set_again(void *arg)
{
	n_fired++;
	ev_timer_set(loop, arg, 0, set_again, arg);
}

static void
test_timer_that_sets_itself_ends_the_turn(void **state)
{
	struct ev_timer t = { .slot = 0 };

	(void)state;
	n_fired = 0;
	ev_timer_set(loop, &t, -5, set_again, &t);
	while (n_fired < 3)
		evloop_turn(loop, -1);
	assert_int_equal(n_fired, 3);
	ev_timer_set(loop, &t, INT64_MAX, set_again, &t);
	assert_true(t.due > evloop_now(loop));
	ev_timer_clear(loop, &t);
}

/* ---- deferred calls ---- */

static char trace[64];
static struct ev_defer later[3];

static void
note(char c)
{
	size_t n = strlen(trace);

	assert_true(n + 1 < sizeof(trace));
	trace[n] = c;
}

static void
defer_c(void *arg)
{
	(void)arg;
	note('c');
}

static void
defer_a(void *arg)
{
	note('a');
	ev_defer_cancel(loop, &later[1]);
	ev_defer(loop, &later[0], arg ? defer_a : defer_c, NULL);
}

static void
test_deferred(void **state)
{
	(void)state;
	memset(trace, 0, sizeof(trace));
	ev_defer(loop, &later[0], defer_a, &trace);
	ev_defer(loop, &later[1], defer_a, &trace); /* cancelled by the first */
	ev_defer(loop, &later[2], defer_c, NULL);
	ev_defer(loop, &later[2], defer_c, NULL);   /* once */
	assert_string_equal(trace, "");
	evloop_turn(loop, -1);
	assert_string_equal(trace, "ac"); /* what a call defers is left for the next turn, which does not wait */
	evloop_turn(loop, -1);
	assert_string_equal(trace, "aca");
	evloop_turn(loop, -1);
	assert_string_equal(trace, "acac");
	assert_false(later[0].queued || later[1].queued || later[2].queued);
	ev_defer(loop, &later[1], defer_c, NULL);
	ev_defer_cancel(loop, &later[1]);
	ev_defer(loop, &later[2], defer_c, NULL); /* the tail is right after a cancelled last one */
	evloop_turn(loop, -1);
	assert_string_equal(trace, "acacc");
}

/* ---- signals, wake-ups, stop ---- */

static unsigned n_signals;

static void
on_signal(void *arg)
{
	n_signals += *(unsigned *)arg;
}

static void
test_signals(void **state)
{
	unsigned one = 1, hundred = 100;

	(void)state;
	n_signals = 0;
	assert_int_equal(ev_signal(loop, SIGUSR1, on_signal, &one), VG_OK);
	assert_int_equal(ev_signal(loop, SIGUSR2, on_signal, &hundred), VG_OK);
	assert_int_equal(ev_signal(loop, 1000, on_signal, &one), VG_ERR_LIMIT);
	kill(getpid(), SIGUSR2);
	kill(getpid(), SIGUSR1);
	while (n_signals < 101)
		evloop_turn(loop, -1);
	assert_int_equal(n_signals, 101);
}

#define WAKES 20000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned queued, taken;

static void *
waker(void *arg)
{
	(void)arg;
	for (int i = 0; i < WAKES; i++) {
		pthread_mutex_lock(&lock);
		queued++;
		pthread_mutex_unlock(&lock);
		evloop_wake(loop);
	}
	return NULL;
}

static void
on_wake(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	taken += queued;
	queued = 0;
	pthread_mutex_unlock(&lock);
	if (taken == 2 * WAKES)
		evloop_stop(loop);
}

static void
test_wake_loses_nothing(void **state)
{
	pthread_t t[2];

	(void)state;
	evloop_wake(loop); /* before anybody listens: nothing */
	assert_int_equal(ev_wake_set(loop, on_wake, NULL), VG_OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&t[i], NULL, waker, NULL), 0);
	alarm(60); /* a lost wake-up would hang here */
	assert_int_equal(evloop_run(loop), VG_OK);
	alarm(0);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(taken, 2 * WAKES);
}

static void
test_stop_before_run(void **state)
{
	(void)state;
	evloop_stop(loop);
	assert_int_equal(evloop_run(loop), VG_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_read_write_and_none),
		TEST(test_hangup),
		TEST(test_delete_while_dispatching),
		TEST(test_many),
		TEST(test_timers_fire_in_order),
		TEST(test_timer_that_sets_itself_ends_the_turn),
		TEST(test_deferred),
		TEST(test_signals),
		TEST(test_wake_loses_nothing),
		TEST(test_stop_before_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
